#include "master/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/fsutil.h"
#include "base/log.h"
#include "base/time.h"
#include "master/config.h"
#include "master/directory.h"

enum { ARGS_MAX = 2 * MASTER_CF_OPTIONS_MAX + 16 };

/* Let fd live through exec and name it. */
static void
hand_down(struct buf *names, const char *prefix, const char *name, int fd)
{
	struct err err;

	if (fd < 0 || fs_set_cloexec(fd, false, &err) < 0)
		return;
	(void)buf_addf(names, "%s%s%s=%d", names->len > 0 ? " " : "", prefix,
	    name, fd);
}

/* "log=3 master=4 edge:smtpd=5 ..." of what is this service's. */
static void
name_fds(struct master *m, const struct service *service, int link_fd,
    struct buf *names)
{
	bool is_logd = strcmp(service->program->name, "logd") == 0;

	hand_down(names, "", is_logd ? "logs" : "log",
	    is_logd ? m->log_out : m->log_in);
	hand_down(names, "", "master", link_fd);
	hand_down(names, "", "stats", service->stats_fd);
	hand_down(names, "", "main.cf", m->main_cf_fd);
	for (size_t i = 0; i < service->edges_len; i++)
		hand_down(names, "edge:", service->edges[i].role,
		    service->edges[i].fd);
	for (size_t i = 0;
	     service->program->has_listeners && i < m->listeners_len; i++)
		hand_down(names, "listen:", m->listeners[i].service,
		    m->listeners[i].fd);
}

/* A clean environment; the sanitizers' words only where they are built in. */
static void
set_environment(const char *fds)
{
	static const char *const kept[] = {
#ifdef CHANCERY_SANITIZE
		"ASAN_OPTIONS",
		"UBSAN_OPTIONS",
#endif
		"TZ",
	};
	const char *value[NELEMS(kept)];

	for (size_t i = 0; i < NELEMS(kept); i++)
		value[i] = getenv(kept[i]);
	(void)clearenv();
	/* With TZ set the C library looks at the file once, not each time. */
	(void)setenv("TZ", ":/etc/localtime", 1);
	for (size_t i = 0; i < NELEMS(kept); i++) {
		if (value[i] != NULL)
			(void)setenv(kept[i], value[i], 1);
	}
	(void)setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	(void)setenv("CHANCERY_FDS", fds, 1);
}

static void
exec_daemon(struct master *m, struct service *service, int link_fd)
{
	char path[sizeof(m->libexec) + 64], user[64], maxproc[16];
	const char *argv[ARGS_MAX];
	uid_t uid = 0;
	gid_t gid = 0;
	struct buf names;
	size_t argc = 0;

	(void)snprintf(path, sizeof(path), "%s/%s", m->libexec,
	    service->program->name);
	(void)config_user(m, service->program->role, &uid, &gid);
	(void)snprintf(user, sizeof(user), "%u:%u", uid, gid);
	(void)snprintf(maxproc, sizeof(maxproc), "%d", service->entry->maxproc);
	argv[argc++] = path;
	argv[argc++] = "-n";
	argv[argc++] = service->name;
	argv[argc++] = "-J";
	argv[argc++] = service->program->folder;
	argv[argc++] = "-u";
	argv[argc++] = user;
	argv[argc++] = "-m";
	argv[argc++] = maxproc;
	if (m->is_verbose)
		argv[argc++] = "-v";
	if (m->may_probe)
		argv[argc++] = "-j";
	for (size_t i = 0; i < service->entry->options_len; i++) {
		argv[argc++] = "-o";
		argv[argc++] = service->entry->options[i];
	}
	argv[argc] = NULL;
	buf_init(&names, 0);
	name_fds(m, service, link_fd, &names);
	set_environment(buf_cstr(&names));
	(void)execv(path, (char **)(uintptr_t)argv);
	log_error("exec %s: %s", path, strerror(errno));
}

/* In the child: as if nobody had touched the signals. */
static void
reset_signals(void)
{
	static const int touched[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD,
		SIGPIPE };
	sigset_t none;

	for (size_t i = 0; i < NELEMS(touched); i++)
		(void)signal(touched[i], SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
become(struct master *m, struct service *service, int link_fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)setpgid(0, 0);
	reset_signals();
	(void)dup2(null, STDIN_FILENO);
	(void)dup2(null, STDOUT_FILENO);
	if (service->entry == NULL)
		directory_exec(m);
	else
		exec_daemon(m, service, link_fd);
	_exit(1);
}

struct process *
spawn(struct master *m, struct service *service, struct err *err)
{
	struct process *process;
	sigset_t all, before;
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		err_sys(err, "socketpair");
		return NULL;
	}
	/*
	 * A signal for a child that has not run yet waits for reset_signals():
	 * our handlers would tell us of it, by the pipe of libevent's that the
	 * child has too, and the child would live on.
	 */
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, &before);
	pid = fork();
	if (pid == 0)
		become(m, service, pair[1]);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	(void)close(pair[1]);
	if (pid < 0) {
		err_sys(err, "fork");
		(void)close(pair[0]);
		return NULL;
	}
	(void)setpgid(pid, pid); /* here too: we may signal it before it ran */
	process = xcalloc(1, sizeof(*process));
	process->service = service;
	process->pid = pid;
	process->fd = pair[0];
	process->began = time_mono();
	list_push(&m->processes, &process->link);
	return process;
}
