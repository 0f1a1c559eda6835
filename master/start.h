/*
 * start - from a checked configuration to a running server, or to nothing:
 * everything is bound before the first process is started.
 */
#ifndef MASTER_START_H
#define MASTER_START_H

#include "base/attr.h"
#include "conf/problem.h"
#include "master/master.h"

/* Has another master locked DIR? Without taking the lock. */
bool start_is_running(void);

/* Lock DIR, make folders, bind. -1: problems says why. */
int start_bind(struct master *m, struct problems *problems);
void start_services(struct master *m);
/* Close what start_bind opened; processes must be gone. */
void start_undo(struct master *m);

/*
 * Is everything up, or did it take too long to wait for? Then tell whoever
 * started us. Called at each tick. start_failed: a process ended before it
 * was up, so that everything ends.
 */
void start_check(struct master *m);
void start_failed(struct master *m, const char *fmt, ...) PRINTFLIKE(2, 3);

#endif
