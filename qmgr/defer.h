/*
 * defer - messages that wait, and the table of their times.
 *
 * The times are kept in LMDB, keyed (next try, queue id), so that a restart
 * does not try everything at once. They are a convenience: the log is the
 * truth, a table that is lost or old only makes messages come early. It is
 * written once a second at most.
 */
#ifndef QMGR_DEFER_H
#define QMGR_DEFER_H

#include "qmgr/qmgr.h"

/* Open the table in folder "schedule"; on trouble go on without. */
void defer_open(struct qmgr *q);
/*
 * After recovery: every live message gets its time from the table, or is due
 * now. Times beyond the longest back-off are drawn in, so that a clock that
 * was set back (or another host's) delays nothing for long.
 */
void defer_load(struct qmgr *q);
void defer_close(struct qmgr *q);

/* Put it off. quick: a short wait at first, for trouble of our own. */
void defer_message(struct qmgr *q, struct message *message, bool quick);
/* It is due at this time (us since 1970). */
void defer_until(struct qmgr *q, struct message *message, int64_t at);
/* It waits no more. */
void defer_forget(struct qmgr *q, struct message *message);

/*
 * Called each second: when the clock was set back, what waits comes as much
 * earlier by the new time, so that it waits no longer than it was to.
 */
void defer_follow_clock(struct qmgr *q);

/* Write to the table what has changed. */
void defer_save(struct qmgr *q);

#endif
