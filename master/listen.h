/*
 * listen - the TCP sockets of all inet services: all are bound or none is.
 */
#ifndef MASTER_LISTEN_H
#define MASTER_LISTEN_H

#include "conf/problem.h"
#include "master/master.h"

/*
 * Bind every inet line of master.cf at every address of inet_interfaces.
 * Each one that fails is a problem of its own, which names address, port and
 * cause; then none stays bound.
 */
void listen_all(struct master *m, struct problems *problems);
void listen_close(struct master *m);

/* The port of a service of master.cf, port_base added; 0: no such name. */
unsigned listen_port(const struct master *m, struct str name);

#endif
