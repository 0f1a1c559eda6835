#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/syscalls.h"
#include "service/impl.h"

enum {
	IDLE_MAX_MS = 100 * 1000, /* as Postfix's max_idle */
	EDGES_MAX = 16,
	MAX_USE = 100, /* as Postfix's max_use */
};

/* Signal handlers reach nothing else: one of the three allowed globals. */
static volatile sig_atomic_t term_pipe = -1;
static bool *term_flag;

static void
on_term(int number)
{
	int error = errno;

	(void)number;
	*term_flag = true;
	(void)!write(term_pipe, "", 1);
	errno = error;
}

/* The pipe, and no signal held back any more. */
static int
hear_term(struct daemon *d, struct err *err)
{
	sigset_t none;

	if (pipe2(d->stop_pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_sys(err, "pipe");
	term_pipe = d->stop_pipe[1];
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	return 0;
}

int
worker_watch_term(struct daemon *d, struct err *err)
{
	struct sigaction action = { .sa_handler = on_term };

	term_flag = &d->stopping;
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGINT, &action, NULL);
	return hear_term(d, err);
}

/* The handlers are the parent's already; its pipe is not ours to share. */
static int
watch_term_again(struct daemon *d, struct err *err)
{
	(void)close(d->stop_pipe[0]);
	(void)close(d->stop_pipe[1]);
	return hear_term(d, err);
}

/* The listening descriptors, then the parent's and the signal's. */
static int
wait_for_client(struct daemon *d, int parent, struct pollfd *polls)
{
	const char *name;
	int count = 0, fd;

	while (count < EDGES_MAX &&
	    (fd = daemon_fd_at(d, "edge:", (size_t)count, &name)) >= 0)
		polls[count++] = (struct pollfd){ .fd = fd, .events = POLLIN };
	polls[count] = (struct pollfd){ .fd = parent, .events = POLLIN };
	polls[count + 1] =
	    (struct pollfd){ .fd = d->stop_pipe[0], .events = POLLIN };
	if (poll(polls, (nfds_t)count + 2, IDLE_MAX_MS) <= 0 && errno != EINTR)
		return -1;
	return count;
}

/* A connection and whose edge it came in on; -1: time to end. */
static int
take_client(struct daemon *d, int parent, const char **role)
{
	struct pollfd polls[EDGES_MAX + 2];
	const char *name;
	int count, fd;

	for (;;) {
		errno = 0;
		count = wait_for_client(d, parent, polls);
		if (count < 0 || d->stopping || polls[count].revents != 0)
			return -1;
		for (int i = 0; i < count; i++) {
			if (polls[i].revents == 0)
				continue;
			/* Another worker may have been faster. */
			fd = accept4(polls[i].fd, NULL, NULL, SOCK_CLOEXEC);
			if (fd < 0)
				continue;
			(void)daemon_fd_at(d, "edge:", (size_t)i, &name);
			*role = name + strlen("edge:");
			return fd;
		}
	}
}

static void
serve_one(struct daemon *d, int fd, const char *role)
{
	struct daemon_conn conn = { .fd = fd, .role = role };

	d->ops->session(d, d->ctx, &conn);
}

static void
serve_many(struct daemon *d, const struct worker_duty *duty)
{
	int left = d->ops->max_use > 0 ? d->ops->max_use : MAX_USE;

	while (left-- > 0 && !d->stopping) {
		const char *role;
		int fd = take_client(d, duty->status_fd, &role);

		if (fd < 0)
			return;
		/* A parent that is gone hears nothing; the client matters. */
		(void)send(duty->status_fd, "b", 1, MSG_NOSIGNAL);
		serve_one(d, fd, role);
		(void)send(duty->status_fd, "i", 1, MSG_NOSIGNAL);
	}
}

/*
 * What the parent needs and a session must not have: forking, and, where the
 * parent accepts, the sockets on which others' connections come in.
 */
static int
give_up(struct daemon *d, const struct worker_duty *duty, struct err *err)
{
	if (duty->conn_fd >= 0) {
		fds_close(d, "edge:");
		fds_close(d, "master");
	}
	return d->folder == NULL ? 0 : syscalls_forbid_fork(err);
}

void
worker_run(struct daemon *d, const struct worker_duty *duty)
{
	struct err err = { 0 };
	int status = 0;

	if (watch_term_again(d, &err) < 0 || give_up(d, duty, &err) < 0 ||
	    (d->ops->worker != NULL && d->ops->worker(d, d->ctx, &err) < 0)) {
		log_error("%s", err.text);
		status = 1;
	} else if (duty->conn_fd >= 0) {
		serve_one(d, duty->conn_fd, duty->role);
		_exit(0); /* stop() would undo what ends with us anyway */
	} else {
		serve_many(d, duty);
	}
	if (d->ops->stop != NULL)
		d->ops->stop(d->ctx);
	/* exit() would run the parent's atexit functions once more. */
	_exit(status);
}
