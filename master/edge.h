/*
 * edge - the folders of the daemons and the sockets in them.
 */
#ifndef MASTER_EDGE_H
#define MASTER_EDGE_H

#include "master/master.h"

/* Make the folders that are missing, and give all to their users. */
int edge_make_folders(const struct master *m, struct err *err);

/*
 * Bind a socket for each client of the service, in each client's folder:
 * run/CLIENT/NAME. Names are bound by way of the open folder, so that DIR
 * may be any number of bytes long.
 */
int edge_bind(const struct master *m, struct service *service, struct err *err);
void edge_close(struct service *service);

/* run/CLIENT/outside: see master/outside.h. */
int edge_bind_outside(const char *client, struct err *err);

/* A connection to the service as "ctl"; -1 with err set. */
int edge_connect_ctl(const struct service *service, struct err *err);

/* run/control, for the operator's command. */
int edge_bind_control(const struct master *m, struct err *err);

#endif
