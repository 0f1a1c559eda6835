/*
 * batch - messages on their way to disk, many under one sync.
 *
 * Whoever adds a message is called back exactly once, from the loop, when the
 * batch it was in is on disk or has failed. What became ready in one turn of
 * the loop is one batch; it carries the retirements of the ring along.
 */
#ifndef QMGR_BATCH_H
#define QMGR_BATCH_H

#include "qmgr/qmgr.h"

/* message is in the queue now, or (NULL) err says why not. */
typedef void batch_fn(void *ctx, struct message *message,
    const struct err *err);

struct waiting;

void batch_init(struct qmgr *q);
void batch_clear(struct qmgr *q);

/*
 * Take over message and the bytes of its record (prefix and body included).
 * keep: when the disk refuses, try again with the next batch instead of
 * calling back (for messages that nobody else would send again). The result
 * names it for batch_cancel, until the callback.
 */
struct waiting *batch_add(struct qmgr *q, struct message *message,
    struct buf *bytes, bool keep, batch_fn *done, void *ctx);
/* Nobody waits for it any more: it is dropped, without a callback. */
void batch_cancel(struct qmgr *q, struct waiting *waiting);

/* There are changes to write: with the next batch, at the latest soon. */
void batch_want(struct qmgr *q);

/*
 * Write what waits, now. 0 when all of it, changes of both pools included, is
 * on disk.
 */
int batch_flush(struct qmgr *q, struct err *err);

#endif
