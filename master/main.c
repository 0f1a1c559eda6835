/*
 * master - starts the daemons of one instance and keeps them running.
 *
 * The only program that is root. It reads main.cf and master.cf, binds every
 * socket, starts the others with the descriptors that are theirs, starts
 * again who dies, and does what the operator's command asks on run/control.
 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/time.h"
#include "master/config.h"
#include "master/control.h"
#include "master/listen.h"
#include "master/outside.h"
#include "master/process.h"
#include "master/reload.h"
#include "master/start.h"
#include "master/stop.h"

enum { TICK_FAST = 20, TICK_SLOW = 1000 /* milliseconds */ };

enum mode {
	MODE_RUN,
	MODE_BACKGROUND, /* -d */
	MODE_CHECK,      /* -T */
	MODE_PARAMS,     /* -P */
};

static void
usage(void)
{
	(void)fprintf(stderr, "usage: master [-d | -T | -P] [-jv] -C DIR\n");
	exit(2);
}

/* Our programs are beside us. */
static void
find_libexec(struct master *m)
{
	ssize_t len =
	    readlink("/proc/self/exe", m->libexec, sizeof(m->libexec) - 1);
	char *slash;

	if (len <= 0)
		fatal("/proc/self/exe: %s", strerror(errno));
	m->libexec[len] = '\0';
	slash = strrchr(m->libexec, '/');
	if (slash != NULL)
		*slash = '\0';
}

static enum mode
parse_options(struct master *m, int argc, char **argv)
{
	enum mode mode = MODE_RUN;
	int letter;

	while ((letter = getopt(argc, argv, "C:PTdjv")) != -1) {
		switch (letter) {
		case 'C':
			m->dir = optarg;
			break;
		case 'P':
			mode = MODE_PARAMS;
			break;
		case 'T':
			mode = MODE_CHECK;
			break;
		case 'd':
			mode = MODE_BACKGROUND;
			break;
		case 'j':
			m->may_probe = true;
			break;
		case 'v':
			m->is_verbose = true;
			break;
		default:
			usage();
		}
	}
	if (optind != argc || m->dir == NULL)
		usage();
	return mode;
}

static void
enter_dir(struct master *m)
{
	struct stat st;

	if (chdir(m->dir) < 0 || stat(".", &st) < 0)
		fatal("%s: %s", m->dir, strerror(errno));
	m->owner = st.st_uid;
	m->is_root = geteuid() == 0;
	(void)umask(022);
}

/* Are the ports free? Only who may start the server can tell. */
static void
try_ports(struct master *m, struct problems *problems)
{
	if (geteuid() != m->owner || start_is_running())
		return;
	listen_all(m, problems);
	listen_close(m);
}

static int
check(struct master *m)
{
	struct problems problems = { 0 };
	int status;

	config_read(m, &problems);
	if (problems.errors == 0)
		try_ports(m, &problems);
	for (size_t i = 0; i < problems.len; i++)
		(void)printf("%s\t%s\n",
		    problems.list[i].is_warning ? "warning" : "error",
		    problems.list[i].text);
	status = problems.errors > 0;
	problems_clear(&problems);
	config_clear(m);
	return status;
}

/*
 * Leave the terminal. The parent waits for "ok", perhaps with a warning
 * behind it, or for what went wrong, which it says at once; then for us to
 * close the pipe, by our end when we failed. It is the exit status of
 * "chancery start".
 */
static void
go_to_background(struct master *m)
{
	char text[500]; /* came by one write: at most PIPE_BUF */
	const char *said;
	int pipes[2];
	ssize_t n;
	bool ok;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		fatal("pipe: %s", strerror(errno));
	switch (fork()) {
	case -1:
		fatal("fork: %s", strerror(errno));
	case 0:
		(void)close(pipes[0]);
		(void)setsid();
		m->ready_fd = pipes[1];
		return;
	default:
		break;
	}
	(void)close(pipes[1]);
	n = read(pipes[0], text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = '\0';
	ok = strncmp(text, "ok", 2) == 0;
	said = ok ? text + 2 : text;
	if (*said != '\0')
		(void)fprintf(stderr, "chancery: %s\n", said + (*said == ' '));
	while (read(pipes[0], text, sizeof(text)) > 0)
		continue;
	_exit(!ok);
}

/*
 * The folder is logd's: the name must not lead anywhere else, whatever logd
 * has become.
 */
static int
open_stderr_log(void)
{
	int fd = open("log/stderr.log",
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
	    0640);
	struct stat st;

	if (fd >= 0 &&
	    (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
		st.st_uid != geteuid() || st.st_nlink != 1)) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/*
 * Once everything is bound, and before there are children to inherit it: a
 * closed terminal must not hurt.
 */
static void
leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int out = open_stderr_log();

	(void)dup2(null, STDIN_FILENO);
	(void)dup2(out >= 0 ? out : null, STDOUT_FILENO);
	(void)dup2(out >= 0 ? out : null, STDERR_FILENO);
	(void)close(null);
	if (out >= 0)
		(void)close(out);
}

static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	struct problems problems = { 0 };
	struct master *m = arg;

	(void)what;
	switch (number) {
	case SIGCHLD:
		process_reap(m);
		stop_check(m);
		break;
	case SIGHUP:
		if (m->stage < 0 && reload(m, &problems) < 0)
			problems_log(&problems);
		problems_clear(&problems);
		break;
	default:
		stop_begin(m);
		break;
	}
}

/* Fast while somebody waits for something that comes without an event. */
static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct master *m = arg;
	struct timeval next = { 0, TICK_FAST * 1000 };

	(void)fd;
	(void)what;
	process_prune(m);
	start_check(m);
	stop_check(m);
	control_tick(m);
	outside_tick(m);
	if (m->is_started && m->stage < 0 && list_is_empty(&m->clients))
		next = (struct timeval){ TICK_SLOW / 1000, 0 };
	(void)evtimer_add(m->tick, &next);
}

static void
make_loop(struct master *m)
{
	static const int signals[] = { SIGCHLD, SIGHUP, SIGTERM, SIGINT };

	m->base = event_base_new();
	if (m->base == NULL)
		fatal("event loop: no memory");
	for (size_t i = 0; i < NELEMS(signals); i++) {
		m->signals[i] = evsignal_new(m->base, signals[i], on_signal, m);
		(void)event_add(m->signals[i], NULL);
	}
	m->tick = evtimer_new(m->base, on_tick, m);
	on_tick(-1, 0, m);
	(void)signal(SIGPIPE, SIG_IGN);
	/* Workers whose parent was replaced become our children. */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1L);
}

static void
free_all(struct master *m)
{
	for (size_t i = 0; m->base != NULL && i < NELEMS(m->signals); i++)
		event_free(m->signals[i]);
	if (m->base != NULL) {
		event_free(m->tick);
		event_base_free(m->base);
	}
	config_clear(m);
	reload_forget(m);
}

/* As many connections as the system lets us have: front inherits it. */
static void
raise_limits(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
}

static int
run(struct master *m)
{
	struct problems problems = { 0 };
	bool background = m->ready_fd >= 0, failed;

	config_read(m, &problems);
	if (problems.errors == 0) {
		make_loop(m);
		raise_limits();
		(void)start_bind(m, &problems);
	}
	problems_log(&problems);
	failed = problems.errors > 0;
	problems_clear(&problems);
	if (failed) {
		start_undo(m);
		free_all(m);
		return 1;
	}
	if (background)
		leave_terminal();
	start_services(m);
	(void)event_base_dispatch(m->base);
	start_undo(m);
	free_all(m);
	return m->exit_status;
}

int
main(int argc, char **argv)
{
	struct master m = {
		.main_cf_fd = -1,
		.log_in = -1,
		.log_out = -1,
		.control_fd = -1,
		.lock_fd = -1,
		.ready_fd = -1,
		.stage = -1,
	};
	enum mode mode = parse_options(&m, argc, argv);

	log_init("chancery/master",
	    m.is_verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
	list_init(&m.services);
	list_init(&m.processes);
	list_init(&m.clients);
	find_libexec(&m);
	enter_dir(&m);
	if (mode == MODE_CHECK)
		return check(&m);
	if (mode == MODE_PARAMS)
		return config_print(&m);
	if (mode == MODE_BACKGROUND)
		go_to_background(&m);
	return run(&m);
}
