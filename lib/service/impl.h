/*
 * impl - what the files of the skeleton share; nobody else includes it.
 */
#ifndef SERVICE_IMPL_H
#define SERVICE_IMPL_H

#include <signal.h>
#include <sys/types.h>

#include "base/list.h"
#include "service/daemon.h"

enum { DAEMON_FDS_MAX = 64, DAEMON_OPTIONS_MAX = 128 };

struct named_fd {
	char *name;
	int fd;
};

enum daemon_mode {
	MODE_SERVE,
	MODE_STDIN,  /* -S */
	MODE_CHECK,  /* -T */
	MODE_PARAMS, /* -P */
	MODE_CALLS,  /* -L */
};

struct daemon {
	const struct daemon_ops *ops;
	void *ctx;
	char ident[64];
	enum daemon_mode mode;

	/* the command line */
	const char *folder; /* NULL: no jail */
	const char *main_cf_path;
	const char *overrides[DAEMON_OPTIONS_MAX];
	size_t overrides_len;
	uid_t uid;
	gid_t gid;
	int max_processes;
	bool may_probe; /* -j: the jail test's */

	struct named_fd fds[DAEMON_FDS_MAX];
	size_t fds_len;
	int master_fd; /* -1: none */

	struct main_cf *cf;
	struct main_cf **old; /* their strings may still be in use */
	size_t old_len;

	struct stats_page *stats;
	struct event_base *base;
	bool stopping;
	int stop_pipe[2]; /* session daemons: readable when stopping */
};

/* options.c: the command line. Exits on what nobody can mean. */
void options_parse(struct daemon *d, int argc, char **argv);

/* fds.c: descriptors by name. */
void fds_take(struct daemon *d); /* from the environment */
void fds_add(struct daemon *d, const char *name, int fd);
void fds_close(struct daemon *d, const char *prefix);

/* config.c: main.cf and -o into *ctx. */
int config_load(struct daemon *d, struct err *err);
/* Again, from fd; *ctx is as it was if that fails. */
int config_reload(struct daemon *d, int fd, struct err *err);
int config_check(struct daemon *d); /* prints; the exit status */
void config_print(const struct daemon *d);
void config_free(struct daemon *d);

/*
 * The two ways to serve, daemon_event (event.c) and daemon_session
 * (session.c): daemon.c knows them by this alone, so that a process of a
 * session, of which there is one a client, has no event library mapped.
 */
struct daemon_kind {
	const char *promise; /* its own, beside those of the daemon */
	/* Still privileged. May be NULL, as close may. */
	int (*open)(struct daemon *d, struct err *err);
	int (*serve)(struct daemon *d);       /* the exit status */
	int (*serve_stdin)(struct daemon *d); /* -S; NULL: it cannot */
	void (*wake)(struct daemon *d);       /* d->stopping is set */
	void (*close)(struct daemon *d);
};

/* link.c: the words to and from master. */
enum { LINK_TEXT_MAX = 256 };
void link_send(struct daemon *d, const char *fmt, ...) PRINTFLIKE(2, 3);
/*
 * Handle what master said. false: master is gone. Sets stopping on "stop",
 * *drain on "drain" (drain NULL: an event daemon, for which it is a stop).
 */
bool link_receive(struct daemon *d, bool *drain);

/* worker.c: in the child of a session daemon; never returns. */
struct worker_duty {
	int status_fd; /* to the parent: "b" busy, "i" idle; its end is EOF */
	int conn_fd;   /* >= 0: serve this one and end */
	const char *role;
};
void worker_run(struct daemon *d, const struct worker_duty *duty) NORETURN;
/* The flag and the pipe of SIGTERM, in this process. */
int worker_watch_term(struct daemon *d, struct err *err);

/* probe.c: what a jailed process must not be able to do, for the jail test. */
const char *probe(const char *what);

#endif
