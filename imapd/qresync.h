/*
 * qresync - what a client is told that comes back to a mailbox it knows (RFC
 * 7162 sections 3.2.5 and 3.2.6).
 */
#ifndef IMAPD_QRESYNC_H
#define IMAPD_QRESYNC_H

#include <stdint.h>

#include "base/err.h"
#include "imap/modifier.h"

struct session;
struct store_uids;

/*
 * "* VANISHED (EARLIER) ..." for the UIDs of set above above that are gone:
 * those in expunged; where that is NULL, all that are not in the view. What
 * the client still has as messages is left out: their time comes. set NULL:
 * all UIDs.
 */
void qresync_tell_vanished(struct session *session, const struct seqset *set,
    uint32_t above, const struct store_uids *expunged);

/* The answer to SELECT (QRESYNC (...)), behind what SELECT answers. */
int qresync_select(struct session *session,
    const struct modifier_qresync *known, struct err *err);

#endif
