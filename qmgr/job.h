/*
 * job - transactions to be made: a message's recipients sorted by next hop,
 * in the lanes of their destinations.
 */
#ifndef QMGR_JOB_H
#define QMGR_JOB_H

#include "qmgr/dest.h"

/*
 * Make jobs for all recipients of message that are to be delivered. Those
 * whose site rests are left out; when that is all of them, the message is put
 * off until the first of their sites may be tried again.
 */
void job_activate(struct qmgr *q, struct message *message);

/* Take back those that were not started yet. */
void job_cancel(struct message *message);

/* The first job of the destination's next lane in turn, now running. */
struct job *job_take(struct dest *dest);

/* Into its lane, at the end or the front. */
void job_enqueue(struct job *job, bool front);
void job_free(struct job *job);

#endif
