/*
 * notify - telling senders: a notification is a message of the queue like
 * any other, with the null sender, routed by rewrite.
 */
#ifndef QMGR_NOTIFY_H
#define QMGR_NOTIFY_H

#include "qmgr/qmgr.h"

/*
 * These recipients failed for good. The notification is written in one batch
 * with their retirement as state, or before it; if it cannot be made now,
 * they are put off, and fail again later. Where NOTIFY (RFC 3461) says so,
 * or the sender is unknown here, there is none to be made, or it is held.
 */
void notify_failed(struct qmgr *q, struct message *message,
    const uint32_t *rcpt, size_t count, enum queue_state state);

/* This one was delivered, and the sender wants to know. */
void notify_sent(struct qmgr *q, struct message *message, uint32_t rcpt);

#endif
