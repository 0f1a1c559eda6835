/*
 * program - what master knows about each program: who it runs as, where it
 * is jailed, when it is stopped, and who may talk to it.
 *
 * This table and the edges beside it are the whole of the privileges in
 * Chancery; a program that is not in it does not run.
 */
#ifndef MASTER_PROGRAM_H
#define MASTER_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STAGES = 7 }; /* of an orderly stop */

struct program {
	const char *name;
	const char *role;   /* of the system user: "chancery-ROLE" */
	const char *folder; /* its jail, below DIR */
	int stage;          /* the lowest stops first */
	bool is_session;    /* a parent that can be replaced while it serves */
	bool has_listeners; /* gets every TCP socket */
};

const struct program *program_find(const char *name); /* NULL: none */
/* The i-th, NULL behind the last. */
const struct program *program_at(size_t i);

struct edge_rule {
	const char *client; /* a program, or "ctl" */
	const char *server;
};

/* The i-th edge, NULL behind the last. */
const struct edge_rule *edge_rule_at(size_t i);
/* The folder below DIR that a client of this name connects from. */
const char *edge_folder(const char *client);

/*
 * What lies outside: a service that is none of our programs, the daemon that
 * gets connections to it, and the parameter that says where it is.
 */
struct outside_rule {
	const char *client;
	const char *name;
	const char *param;
	uint16_t port;  /* where the parameter names none */
	size_t setting; /* index into settings.outside_* */
};

enum { OUTSIDE_MAX = 2 };

/* The i-th, NULL behind the last. */
const struct outside_rule *outside_rule_at(size_t i);

/* The programs that reach the directory by a socket slapd binds for them. */
const char *const *program_ldap_clients(void); /* NULL at the end */

#endif
