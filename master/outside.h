/*
 * outside - connections to what is none of our programs: clamd and spamd.
 *
 * A daemon in its jail cannot reach them, so master connects for it: on
 * run/CLIENT/outside the daemon says the name of a service ("clamd\n") and
 * gets "ok\n" with a connected descriptor, or "error TEXT\n". Which daemon may
 * have which service is the second table in master/program.c; where it is, and
 * how many connections it gets at a time, is the operator's to say in main.cf.
 * Over that number clients wait in order. A connection counts until the client
 * closes the one to us, so a client that dies gives its place back.
 *
 * master reads a word and passes descriptors; it never reads or writes a byte
 * of what is said over them. A TCP connection may still be on its way when it
 * is handed over.
 *
 * Bounds: OUTSIDE_CLIENTS_MAX clients; who says nothing is dropped.
 */
#ifndef MASTER_OUTSIDE_H
#define MASTER_OUTSIDE_H

#include "master/master.h"

enum { OUTSIDE_CLIENTS_MAX = 4096 };

/* Add what is wrong with the addresses in m->conf. */
void outside_check(struct master *m, struct problems *problems);

/* Bind the sockets and serve them from m->base. */
int outside_open(struct master *m, struct err *err);
/* Take clients again, should there have been no descriptors for them. */
void outside_tick(struct master *m);
void outside_close(struct master *m);

#endif
