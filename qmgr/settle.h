/*
 * settle - telling stored what it need not remember.
 *
 * stored remembers which recipient of which queue id it has delivered, so
 * that a repeat delivers nothing twice; it forgets only what we say is
 * durably retired. At each start it is told everything that is alive, and
 * then forgets the rest of this queue. Lost words only make it remember too
 * much, until the next start.
 */
#ifndef QMGR_SETTLE_H
#define QMGR_SETTLE_H

#include "qmgr/qmgr.h"

void settle_start(struct qmgr *q);
void settle_stop(struct qmgr *q);

/* This message is durably gone. */
void settle_forget(struct qmgr *q, const struct queue_id *id);

#endif
