/*
 * service - the list of services, each kept running.
 */
#ifndef MASTER_SERVICE_H
#define MASTER_SERVICE_H

#include "master/master.h"

/* Make the list from master.cf, with sockets bound and pages made. */
int service_make_all(struct master *m, struct err *err);
/* Close sockets, forget all; processes must be gone. */
void service_clear_all(struct master *m);

struct service *service_find(struct master *m, struct str name);

/* Start it now; where that fails, later. */
void service_start(struct master *m, struct service *service);
void service_start_all(struct master *m);
/*
 * Its process ended. wait: the status of wait(2). A process that ended well
 * or lived for long is replaced at once; others after a pause that doubles.
 */
void service_ended(struct master *m, struct service *service,
    const struct process *process, int status);

/* The pause before start number failures + 1, in milliseconds. */
int service_pause(int failures, int max_seconds);

/* "up", "starting", "down", "throttled". */
const char *service_state(const struct service *service);

/* Let the current process go on with its clients and start a new one. */
void service_replace(struct master *m, struct service *service);

/*
 * Is nobody waited for? A parent that was replaced is, until it has ended: it
 * might take one more client, who would meet the old settings.
 */
bool service_all_settled(const struct master *m);

#endif
