/*
 * daemon - the one skeleton of every daemon but master.
 *
 * A daemon's main fills a struct daemon_ops and calls daemon_main(), which
 * reads main.cf and the -o options into *ctx by the table of parameters,
 * takes the descriptors that master hands down, calls open() while still
 * privileged, jails the process, calls start(), serves, calls stop().
 *
 * Event daemons get a libevent base and return to it. Session daemons get a
 * connected descriptor at a time, in straight-line code: a jailed parent
 * forks the processes that serve. With max_use 1 the parent accepts and forks
 * a process a connection; otherwise idle workers accept themselves and serve
 * max_use connections before they are replaced.
 *
 * Command line, as master gives it: -n SERVICE, -J FOLDER (the jail), -u
 * UID:GID, -m MAXPROC, -o name=value. For people and tests: -C FILE names
 * main.cf; -S serves standard input once as an ordinary user, without jail
 * and without master; -T checks the configuration and exits; -L prints the
 * system calls that its jail allows, -P the parameters; -v logs more.
 *
 * Descriptors come by name in the environment:
 * CHANCERY_FDS="log=3 master=4 stats=5 edge:smtpd=6 listen:smtp=7". Each is
 * close-on-exec; those that listen do not block. Names in use:
 *	log, master, stats, main.cf	the skeleton's own
 *	edge:ROLE	a listening UNIX socket; whoever connects there is ROLE
 *	listen:SERVICE	a listening TCP socket (front has them all)
 *
 * The working directory is the instance's DIR until the jail ("etc/x" in
 * open()); from then on, whether the system allowed chroot or not, it is the
 * daemon's own folder, by relative names: its edges stand there
 * (connect_unix("qmgr")), and for qmgr (DIR/spool) and stored
 * (DIR/store/default) their files as well ("ring", "packs"). With -S it is
 * where the caller stood.
 *
 * No directory may be held open across the jail, and no file is opened for
 * writing before it that the daemon's user could not open.
 */
#ifndef SERVICE_DAEMON_H
#define SERVICE_DAEMON_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "conf/conf.h"
#include "service/stats.h"

struct daemon;
struct event_base;

/* What a daemon is. It names one, and is linked with what that one needs. */
struct daemon_kind;
extern const struct daemon_kind daemon_event, daemon_session;

/* What a session serves. The descriptor is the session's to close. */
struct daemon_conn {
	int fd;           /* a connected socket, blocking */
	const char *role; /* who connects: "front", "qmgr", ...; "stdin" */
};

/* Functions return 0, or -1 with err set: then the daemon ends. */
struct daemon_ops {
	const char *name;
	const struct daemon_kind *kind;
	const struct conf_param *params; /* fill *ctx; NULL: none */
	const char *promises;            /* words of base/sandbox.h */
	const struct stats_item *stats;  /* NULL: none */
	int max_use; /* sessions a process serves; 0 is 100 */

	/*
	 * *ctx is filled: what in it is more than a number or word of the
	 * table? Problems by conf_report(). Also at -T and on reload. May be
	 * NULL.
	 */
	void (*check)(struct main_cf *cf, void *ctx, struct problems *problems);
	/* Still privileged, nothing foreign read yet. May be NULL. */
	int (*open)(struct daemon *d, void *ctx, struct err *err);
	/* Jailed. Session daemons: in the parent, once. May be NULL. */
	int (*start)(struct daemon *d, void *ctx, struct err *err);
	/*
	 * Session daemons: in each process after the fork, before its first
	 * session: clients of other daemons are connected here. May be NULL.
	 */
	int (*worker)(struct daemon *d, void *ctx, struct err *err);
	void (*session)(struct daemon *d, void *ctx, struct daemon_conn *conn);
	/*
	 * Session daemons with max_use 1, in the parent, when a client waits:
	 * does what open() opened no longer hold? Then the parent ends and the
	 * client is served by the next one. May be NULL.
	 */
	bool (*is_stale)(void *ctx);
	/*
	 * Event daemons: *ctx has its new parameters by now (old strings stay
	 * valid); daemon_fd(d, "reload:NAME") are the files master handed
	 * along, closed when this returns: main.cf, and to front
	 * tls_cert_file and tls_key_file. May be NULL.
	 */
	int (*reload)(struct daemon *d, void *ctx, struct err *err);
	/*
	 * Before the end, also after a start that failed; not in the processes
	 * of max_use 1, whose end gives all back. May be NULL.
	 */
	void (*stop)(void *ctx);
};

/* The whole life of the process. Returns its exit status. */
int daemon_main(int argc, char **argv, const struct daemon_ops *ops, void *ctx);

/* Borrowed; -1 if master gave none of that name. */
int daemon_fd(const struct daemon *d, const char *name);
/* The i-th descriptor whose name begins with prefix; -1 behind the last. */
int daemon_fd_at(const struct daemon *d, const char *prefix, size_t i,
    const char **name);

/* Event daemons' loop; NULL in a session daemon. */
struct event_base *daemon_base(struct daemon *d);
bool daemon_is_stdin(const struct daemon *d); /* -S */

/* Master asked us to end, or is gone: finish and return when you can. */
bool daemon_is_stopping(const struct daemon *d);
/*
 * Becomes readable when daemon_is_stopping() becomes true, and stays so: to
 * wait for beside a client. Session daemons only; borrowed, never read it.
 */
int daemon_stop_fd(const struct daemon *d);
/* End in order: leaves the event loop, or after this session. */
void daemon_stop(struct daemon *d);

/*
 * Ask master to end a session that keeps old pages of a store: pid connected
 * to us so many milliseconds ago. Master has its own mind about it.
 */
void daemon_end_reader(struct daemon *d, pid_t pid, int64_t connected_ms);

/* By index into ops.stats. Cheap: an atomic add. */
void daemon_count(struct daemon *d, int item, int64_t n);
/* A gauge of a service with one process; it outlives the process else. */
void daemon_gauge(struct daemon *d, int item, int64_t value);
void daemon_observe(struct daemon *d, int item, int64_t microseconds);

#endif
