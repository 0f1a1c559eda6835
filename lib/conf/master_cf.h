/*
 * master_cf - master.cf: one service a logical line, in Postfix's columns.
 *
 *	# service type private unpriv chroot wakeup maxproc command + args
 *	submission inet  n      -      -      -     100    smtpd
 *	    -o smtpd_tls_security_level=encrypt
 *
 * "-" stands for the default. type is inet (service: a name, a port, or
 * host:port) or unix. private and unpriv are read for Postfix's sake; every
 * daemon is unprivileged and jailed, and a line that wishes otherwise gets a
 * warning. "-o name=value" and "-o { name = value }" override main.cf.
 *
 * Ownership: everything is owned by the struct master_cf.
 */
#ifndef CONF_MASTER_CF_H
#define CONF_MASTER_CF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "conf/problem.h"

enum {
	MASTER_CF_MAX = 1 << 20,
	MASTER_CF_LINE_MAX = 16384,
	MASTER_CF_SERVICES_MAX = 200,
	MASTER_CF_OPTIONS_MAX = 100,
	MASTER_CF_DEFAULT_MAXPROC = 100,
};

enum master_cf_type { MASTER_CF_INET, MASTER_CF_UNIX };

struct master_cf_entry {
	const char *name; /* "smtp", "127.0.0.1:2525", "qmgr" */
	enum master_cf_type type;
	int wakeup;          /* seconds; 0: never */
	bool wakeup_if_used; /* "60?" */
	int maxproc;         /* 0: no limit */
	const char *command;
	const char **options; /* of -o: "name=value" */
	size_t options_len;
	int line;
};

struct arena;

struct master_cf {
	struct arena *arena;
	struct master_cf_entry *list;
	size_t len;
};

/* Read text, which messages call file. Wrong lines are left out. */
void master_cf_parse(struct master_cf *cf, const char *file, struct str text,
    struct problems *problems);
/* The file itself; problems also tells if it cannot be read. */
void master_cf_read(struct master_cf *cf, int dirfd, const char *path,
    struct problems *problems);
void master_cf_clear(struct master_cf *cf);

#endif
