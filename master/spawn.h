/*
 * spawn - descriptors, fork, exec.
 */
#ifndef MASTER_SPAWN_H
#define MASTER_SPAWN_H

#include "master/master.h"

/*
 * Start a process of the service: its own process group, no environment but
 * PATH, TZ and CHANCERY_FDS, the descriptors that are its. The result is in
 * m->processes; NULL with err set.
 */
struct process *spawn(struct master *m, struct service *service,
    struct err *err);

#endif
