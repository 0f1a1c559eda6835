/*
 * notify - telling senders: a notification is a message of the queue like
 * any other, with the null sender, routed by rewrite. RFC 3461 sections 4.1
 * and 5.2 say who is told what; nobody answers the null sender.
 *
 * A notification of failure or success and what it stands for are one batch,
 * or it comes first, so that a crash tells twice at worst, and never not at
 * all. What delays, and what was expanded, is told once at most.
 */
#ifndef QMGR_NOTIFY_H
#define QMGR_NOTIFY_H

#include "qmgr/bounce.h"
#include "qmgr/qmgr.h"

/*
 * These recipients failed for good: they are retired as state. Where NOTIFY
 * says so nobody is told. What has no sender, or one that is unknown here, is
 * told to the postmaster; what was for the postmaster is held. When no
 * notification can be made now, they are put off, and fail again later.
 */
void notify_failed(struct qmgr *q, struct message *message,
    const uint32_t *rcpt, size_t count, enum queue_state state);

/*
 * These were delivered or relayed, action each, and the sender wants to know:
 * they are retired once that is on its way.
 */
void notify_sent(struct qmgr *q, struct message *message, const uint32_t *rcpt,
    const enum bounce_action *action, size_t count);

/* Aliases of several that success was asked of: once, when it comes in. */
void notify_expanded(struct qmgr *q, struct message *message);

/* Has it waited long enough for a word? */
bool notify_delay_is_due(const struct qmgr *q, const struct message *message);
/* Say so, once, to who wants it. */
void notify_delayed(struct qmgr *q, struct message *message);

#endif
