#include "master/start.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/log.h"
#include "base/time.h"
#include "master/control.h"
#include "master/directory.h"
#include "master/edge.h"
#include "master/listen.h"
#include "master/outside.h"
#include "master/service.h"
#include "master/stop.h"

enum {
	AFTER_CRASH_TRIES = 300,
	AFTER_CRASH_PAUSE = 50, /* ms */
	LOG_PATIENCE = 200,     /* ms a line may wait for logd */
	LOG_ROOM = 1 << 20,     /* bytes */
};

/*
 * One master a DIR. *crashed: the one before us left its number behind, so
 * that its children may still be about to end.
 */
static int
lock(struct master *m, bool *crashed, struct err *err)
{
	char text[32];
	ssize_t len;

	m->lock_fd = open("run/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (m->lock_fd < 0)
		return err_sys(err, "open run/lock");
	len = pread(m->lock_fd, text, sizeof(text) - 1, 0);
	text[len < 0 ? 0 : len] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (flock(m->lock_fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			err_set(err, ERR_EXISTS,
			    "already running, as process %s", text);
		else
			err_sys(err, "lock run/lock");
		(void)close(m->lock_fd); /* not ours to empty at the end */
		m->lock_fd = -1;
		return -1;
	}
	*crashed = len > 0;
	(void)snprintf(text, sizeof(text), "%d\n", (int)getpid());
	if (ftruncate(m->lock_fd, 0) < 0 ||
	    pwrite(m->lock_fd, text, strlen(text), 0) < 0)
		return err_sys(err, "write run/lock");
	return 0;
}

bool
start_is_running(void)
{
	int fd = open("run/lock", O_RDONLY | O_CLOEXEC);
	bool locked;

	if (fd < 0)
		return false;
	/* Shared, and for a moment: two who ask do not meet. */
	locked = flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	(void)close(fd);
	return locked;
}

/* After a crash old daemons end within moments, and their ports with them. */
static void
bind_all(struct master *m, bool crashed, struct problems *problems)
{
	struct timespec pause = { 0, AFTER_CRASH_PAUSE * 1000000L };
	int tries = crashed ? AFTER_CRASH_TRIES : 0;
	struct problems found = { 0 };

	for (;;) {
		listen_all(m, &found);
		if (found.errors == 0 || tries-- == 0)
			break;
		problems_clear(&found);
		(void)nanosleep(&pause, NULL);
	}
	for (size_t i = 0; i < found.len; i++)
		problem_error(problems, NULL, 0, "%s", found.list[i].text);
	problems_clear(&found);
}

static int
open_logs(struct master *m, struct err *err)
{
	struct timeval patience = { 0, LOG_PATIENCE * 1000 };
	int pair[2], room = LOG_ROOM;

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, "socketpair");
	/* A logd that hangs must not hold up the mail for long. */
	(void)setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &patience,
	    sizeof(patience));
	(void)setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	m->log_in = pair[0];
	m->log_out = pair[1];
	return 0;
}

int
start_bind(struct master *m, struct problems *problems)
{
	struct err err = { 0 };
	bool crashed = false;

	if (edge_make_folders(m, &err) < 0 || lock(m, &crashed, &err) < 0)
		goto fail;
	bind_all(m, crashed, problems);
	if (problems->errors > 0)
		return -1;
	if (open_logs(m, &err) < 0 || service_make_all(m, &err) < 0 ||
	    control_open(m, &err) < 0 || outside_open(m, &err) < 0)
		goto fail;
	return 0;
fail:
	problem_error(problems, NULL, 0, "%s", err.text);
	return -1;
}

void
start_services(struct master *m)
{
	/* From here on to logd; it is started with the others. */
	log_open_fd(m->log_in);
	m->began = time_real();
	m->deadline =
	    time_mono() + (int64_t)m->conf.start_timeout * TIME_SECOND;
	service_start_all(m);
}

void
start_undo(struct master *m)
{
	service_clear_all(m);
	listen_close(m);
	if (m->lock_fd >= 0) {
		(void)!ftruncate(m->lock_fd, 0); /* no crash */
		(void)close(m->lock_fd);
	}
	/* Who asked for the end hears of it when all is free again. */
	control_stopped(m);
	control_close(m);
	outside_close(m);
}

static void
tell(struct master *m, const char *text)
{
	if (m->ready_fd >= 0)
		(void)!write(m->ready_fd, text, strlen(text));
	m->is_started = true;
}

/* Whoever started us is let go. */
static void
let_go(struct master *m)
{
	if (m->ready_fd >= 0)
		(void)close(m->ready_fd);
	m->ready_fd = -1;
}

void
start_failed(struct master *m, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	if (m->is_started || m->stage >= 0)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_error("%s", text);
	/* And let go by our end: all is in the log then, and DIR is free. */
	tell(m, text);
	m->exit_status = 1;
	stop_begin(m);
}

/* The directory says nothing itself; it is up once it can be connected to. */
static void
check_directory(struct master *m)
{
	struct service *service = service_find(m, STR("directory"));

	if (service == NULL || service->process == NULL ||
	    service->process->is_up || !directory_is_up(service->process->pid))
		return;
	service->process->is_up = true;
	service->is_pending = false;
	control_settled(m);
}

/*
 * Recovery of a large queue or store takes its time: whoever started us is
 * told to stop waiting, and nothing is stopped.
 */
static void
tell_late(struct master *m)
{
	char text[300] = "";

	LIST_FOREACH(at, &m->services)
	{
		struct service *service = LIST_ITEM(at, struct service, link);

		if (!service->is_pending)
			continue;
		(void)snprintf(text, sizeof(text),
		    "ok service %s is still starting, after %d s",
		    service->name, m->conf.start_timeout);
		break;
	}
	log_warn("%s", text + strlen("ok "));
	tell(m, text);
	let_go(m);
}

void
start_check(struct master *m)
{
	check_directory(m);
	if (m->began == 0 || m->is_started || m->stage >= 0)
		return;
	if (service_all_settled(m)) {
		log_info("started");
		tell(m, "ok");
		let_go(m);
		return;
	}
	if (time_mono() >= m->deadline)
		tell_late(m);
}
