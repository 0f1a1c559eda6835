/*
 * received - the header fields put on top of a message: Received (RFC 5321
 * section 4.4) and, for a submission (RFC 6409 section 8), Message-ID and
 * Date where there are none.
 */
#ifndef SMTPD_RECEIVED_H
#define SMTPD_RECEIVED_H

#include "smtpd/session.h"

void received_write(struct buf *out, const struct session *s,
    const struct body *body);

#endif
