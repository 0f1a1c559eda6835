/*
 * reload - new configuration without an interruption: session daemons are
 * replaced while the old ones finish, the others take it in place.
 */
#ifndef MASTER_RELOAD_H
#define MASTER_RELOAD_H

#include "conf/problem.h"
#include "master/master.h"

/*
 * Read the configuration again. -1, with everything as it was, if it has
 * errors. Warnings name what takes a restart.
 */
int reload(struct master *m, struct problems *problems);

/* Only say what reload() would: for "chancery check". */
int reload_compare(struct master *m, struct problems *problems);
void reload_forget(struct master *m); /* at the end */

/* Stop one service's process and start it anew. */
void reload_restart(struct master *m, struct service *service);

#endif
