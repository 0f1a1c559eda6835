/*
 * spool - what stays in the queue leaves the ring.
 *
 * A record that is still alive after queue_spool_after seconds, or when the
 * ring is larger than queue_ring_size, is copied to the other pool, so that a
 * slow destination never keeps the ring's segments from being used again.
 * Order makes it safe: the copy is durable first, then "moved" in the ring;
 * from the copy on, changes go to the spool. Within the spool, segments that
 * are mostly dead are emptied the same way, oldest first.
 */
#ifndef QMGR_SPOOL_H
#define QMGR_SPOOL_H

#include "qmgr/qmgr.h"

/* Move what is old enough. Called every second or so. */
void spool_step(struct qmgr *q);

/*
 * Under pressure: the ring is larger than it should be, so empty its oldest
 * segments now. Intake waits for this: senders are slowed to what the disk
 * takes twice.
 */
void spool_relieve(struct qmgr *q);

#endif
