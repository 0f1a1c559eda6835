/*
 * master - starts everything else and keeps it running: shared structs.
 *
 * One struct master, on main's stack. It owns the services (the lines of
 * master.cf, and the directory server), which own their sockets; and the
 * processes, each a daemon we exec'd, with our end of its link.
 *
 * master is root. It parses its configuration and what the operator's
 * command says, nothing else: a daemon's words are compared with a few known
 * ones and otherwise shown, escaped.
 */
#ifndef MASTER_MASTER_H
#define MASTER_MASTER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/list.h"
#include "conf/main_cf.h"
#include "conf/master_cf.h"
#include "master/program.h"
#include "service/stats.h"

struct event;
struct event_base;

enum { EDGES_MAX = 12, LISTENERS_MAX = 48 };

/* A listening UNIX socket of a service; role is who connects there. */
struct edge {
	const char *role;
	int fd;
};

/* A listening TCP socket, whatever service it is of: they all go to front. */
struct listener {
	const char *service;
	int fd;
};

struct process {
	struct list link; /* master.processes */
	struct service *service;
	pid_t pid; /* also its process group */
	int fd;    /* our end of the link; -1: none */
	struct event *event;
	bool is_up;
	bool is_gone;    /* reaped; its group may live on, serving clients */
	int64_t began;   /* time_mono() */
	int64_t kill_at; /* time_mono() when patience ends; 0: never */
};

struct service {
	struct list link; /* master.services, in the order of master.cf */
	struct master *master;
	const char *socket; /* the line's name, and its sockets' */
	/* The same, unless an earlier line has it: then "smtp/unix". */
	char *name;
	const struct program *program;
	const struct master_cf_entry *entry; /* NULL: the directory server */
	struct process *process;             /* the current one, or NULL */
	struct edge edges[EDGES_MAX];
	size_t edges_len;
	int stats_fd;
	struct stats_page *stats;
	struct event *timer; /* to start it again, or to wake it */
	int failures;        /* short lives in a row */
	int64_t since;       /* time_real() of the last start */
	uint64_t starts;
	bool is_pending; /* somebody waits until it is up, or has reloaded */
};

struct settings {
	const char *system_users;
	const char *operator_group;
	const char *inet_interfaces;
	const char *ldap_uri;
	const char *directory_command;
	const char *tls_cert_file, *tls_key_file;
	int port_base;
	int stop_timeout, start_timeout;
	int throttle_time;
	const char *outside_socket[OUTSIDE_MAX]; /* "": there is none */
	int outside_limit[OUTSIDE_MAX];          /* connections at a time */
};

struct old_config {
	struct main_cf *cf;
	struct master_cf services_cf;
};

struct master {
	const char *dir;    /* DIR, absolute, and our working directory */
	char libexec[4096]; /* where our programs are */
	bool is_root, is_verbose;
	bool may_probe; /* -j: for the jail test */
	uid_t owner;    /* of DIR */

	struct settings conf;
	struct main_cf *cf;
	struct master_cf services_cf;
	int main_cf_fd;         /* what was checked, for the daemons to read */
	struct old_config *old; /* of reloads: strings still in use */
	size_t old_len;

	struct list services, processes;
	struct listener listeners[LISTENERS_MAX];
	size_t listeners_len;
	int log_in, log_out; /* the pair of log sockets: daemons', logd's */

	struct event_base *base;
	struct event *signals[4], *tick, *control;
	int control_fd, lock_fd;
	struct outside *outside; /* who waits for what lies outside */
	struct list clients;     /* of the control socket */
	int ready_fd;            /* to whoever started us; -1: told already */
	bool is_started;         /* told, or nobody to tell */
	int64_t began;           /* time_real() */
	int stage;               /* of stopping; -1: not stopping */
	int64_t deadline;        /* of the stage, or of starting; time_mono() */
	int exit_status;
};

#endif
