/*
 * status - the STATUS response (RFC 3501 section 7.2.4), for STATUS and for
 * whoever else answers with it.
 */
#ifndef IMAPD_STATUS_H
#define IMAPD_STATUS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct session;

/* Append "* STATUS name (...)" CRLF; items are those of imap/statusatt.h. */
int status_put(struct session *session, struct buf *out, struct str name,
    uint32_t mailbox, unsigned items, struct err *err);

#endif
