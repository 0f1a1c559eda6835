/*
 * process - our children: what they say (believed as gossip), how they end.
 */
#ifndef MASTER_PROCESS_H
#define MASTER_PROCESS_H

#include "master/master.h"

/* Listen to its link. */
void process_watch(struct master *m, struct process *process);
/* A word, with descriptors that stay ours. A deaf child hears nothing. */
void process_send(struct process *process, const char *text);
void process_send_fds(struct process *process, const char *text, const int *fds,
    int count);

/* Reap who ended, on SIGCHLD. */
void process_reap(struct master *m);
/* Forget those whose group is empty as well. */
void process_prune(struct master *m);

/* Is any process of it, or of its group, still there? */
bool process_is_alive(const struct process *process);

#endif
