/*
 * retire - the end of recipients, and of messages with their last one.
 */
#ifndef QMGR_RETIRE_H
#define QMGR_RETIRE_H

#include "qmgr/qmgr.h"

/* This recipient needs nothing more; durable with the next batch. */
void retire_rcpt(struct qmgr *q, struct message *message, size_t rcpt,
    enum queue_state state);

/* All that are left, by the operator. */
void retire_all(struct qmgr *q, struct message *message);

/* The pool's changes are durable: messages that ended are gone now. */
void retire_finish(struct qmgr *q, struct pool *pool);

#endif
