/*
 * The parent of a session daemon: warm, jailed, and never reads a byte a
 * client wrote. It forks those who do, within the process limit; ends to be
 * started anew after FORKS_MAX children, and at once when a child dies by a
 * signal: whoever crashes one must not be able to try again at the same
 * addresses. Children that are serving when it ends finish their sessions.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "service/impl.h"

enum {
	FORKS_MAX = 5000,
	EDGES_MAX = 16,
	SPARE = 1, /* idle workers kept ready */
};

struct child {
	struct list link;
	pid_t pid;
	int fd; /* its status; -1: one connection only */
	bool busy;
};

struct parent {
	struct daemon *d;
	struct list children;
	int count, idle, forks;
	bool draining; /* no new clients; end, whoever still serves */
	int status;    /* of our exit */
	bool one_each; /* max_use 1: accept here, fork a child a client */
	bool starved;  /* no process or descriptor was to be had: wait */
};

static volatile sig_atomic_t got_child;

static void
on_child(int number)
{
	(void)number;
	got_child = 1;
}

static void
forget(struct parent *parent, struct child *child)
{
	parent->count--;
	if (!child->busy)
		parent->idle--;
	if (child->fd >= 0)
		(void)close(child->fd);
	list_remove(&child->link);
	free(child);
}

/* In the child: nothing of the parent's but the edges. */
static void
close_siblings(struct parent *parent)
{
	LIST_FOREACH(at, &parent->children)
	{
		struct child *child = LIST_ITEM(at, struct child, link);

		if (child->fd >= 0)
			(void)close(child->fd);
	}
}

/* conn_fd -1: a worker that accepts. */
static void
start_child(struct parent *parent, int conn_fd, const char *role)
{
	struct worker_duty duty = { -1, conn_fd, role };
	struct child *child;
	int pair[2] = { -1, -1 };
	pid_t pid;

	if (conn_fd < 0 &&
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		log_error("socketpair: %s", strerror(errno));
		parent->starved = true;
		return;
	}
	pid = fork();
	if (pid == 0) {
		close_siblings(parent);
		if (pair[0] >= 0)
			(void)close(pair[0]);
		duty.status_fd = pair[1];
		worker_run(parent->d, &duty);
	}
	if (pair[1] >= 0)
		(void)close(pair[1]);
	if (pid < 0) {
		log_error("fork: %s", strerror(errno));
		if (pair[0] >= 0)
			(void)close(pair[0]);
		parent->starved = true;
		return;
	}
	parent->forks++;
	child = xcalloc(1, sizeof(*child));
	child->pid = pid;
	child->fd = pair[0];
	child->busy = conn_fd >= 0;
	parent->count++;
	parent->idle += !child->busy;
	list_push(&parent->children, &child->link);
}

static struct child *
find_child(struct parent *parent, pid_t pid)
{
	LIST_FOREACH(at, &parent->children)
	{
		struct child *child = LIST_ITEM(at, struct child, link);

		if (child->pid == pid)
			return child;
	}
	return NULL;
}

static void
reap(struct parent *parent)
{
	struct child *child;
	int status;
	pid_t pid;

	got_child = 0;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if ((child = find_child(parent, pid)) != NULL)
			forget(parent, child);
		if (!WIFSIGNALED(status) || WTERMSIG(status) == SIGTERM)
			continue;
		log_error("process %d died by signal %d (%s)", (int)pid,
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
		parent->draining = true;
		parent->status = 2;
	}
}

/* "b" and "i" from a worker, in order. */
static void
hear(struct parent *parent, struct child *child)
{
	char words[64];
	ssize_t len = recv(child->fd, words, sizeof(words), MSG_DONTWAIT);
	bool busy;

	if (len == 0) { /* it ends; SIGCHLD says the rest */
		(void)close(child->fd);
		child->fd = -1;
	}
	if (len <= 0)
		return;
	busy = words[len - 1] == 'b';
	if (busy != child->busy)
		parent->idle += busy ? -1 : 1;
	child->busy = busy;
}

static bool
may_fork(const struct parent *parent)
{
	int max = parent->d->max_processes;

	return !parent->draining && !parent->d->stopping &&
	    (max == 0 || parent->count < max);
}

static void
accept_one(struct parent *parent, int listener, const char *name)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0) {
		if (errno == EAGAIN || errno == ECONNABORTED)
			return;
		log_warn("accept: %s", strerror(errno));
		parent->starved = true;
		return;
	}
	start_child(parent, fd, name + strlen("edge:"));
	(void)close(fd);
}

static bool
is_stale(const struct parent *parent)
{
	const struct daemon_ops *ops = parent->d->ops;

	if (ops->is_stale == NULL || !ops->is_stale(parent->d->ctx))
		return false;
	log_info("what was opened at start is out of date, so we end");
	return true;
}

/* What there is to wait for: master, then edges, then workers. */
static size_t
list_polls(struct parent *parent, struct pollfd *polls, size_t *edges)
{
	size_t len = 0;
	int fd;

	polls[len++] = (struct pollfd){ parent->d->master_fd, POLLIN, 0 };
	for (*edges = 0; parent->one_each && may_fork(parent) &&
	     !parent->starved && *edges < EDGES_MAX &&
	     (fd = daemon_fd_at(parent->d, "edge:", *edges, NULL)) >= 0;
	     ++*edges)
		polls[len++] = (struct pollfd){ fd, POLLIN, 0 };
	LIST_FOREACH(at, &parent->children)
	{
		struct child *child = LIST_ITEM(at, struct child, link);

		polls[len++] = (struct pollfd){ child->fd, POLLIN, 0 };
	}
	return len;
}

static void
handle(struct parent *parent, const struct pollfd *polls, size_t edges)
{
	size_t i = 1 + edges;
	const char *name;

	/* First of all: who was told to drain takes no client any more. */
	if (polls[0].revents != 0 &&
	    !link_receive(parent->d, &parent->draining)) {
		log_info("master is gone, so we end");
		parent->draining = true;
	}
	/* Children before edges: accepting adds to their list. */
	LIST_FOREACH(at, &parent->children)
	{
		struct child *child = LIST_ITEM(at, struct child, link);

		if (polls[i++].revents != 0)
			hear(parent, child);
	}
	for (i = 0; i < edges; i++) {
		if (polls[1 + i].revents == 0 || !may_fork(parent))
			continue;
		if (is_stale(parent)) {
			parent->draining = true; /* master starts us anew */
			break;
		}
		(void)daemon_fd_at(parent->d, "edge:", i, &name);
		accept_one(parent, polls[1 + i].fd, name);
	}
}

static void
tell_children(struct parent *parent)
{
	LIST_FOREACH(at, &parent->children)
	{
		struct child *child = LIST_ITEM(at, struct child, link);

		(void)kill(child->pid, SIGTERM);
	}
}

/*
 * What start left free lies in holes all over the heap, and each page of it
 * that a child writes to is a copy. So give the free pages back, fill the
 * holes for good (they are small), and keep room at the end, where what a
 * session allocates then lies together.
 */
#ifdef CHANCERY_SANITIZE
static void
settle_heap(void)
{
	/* Theirs has no holes, and what fills them for good is a leak. */
}
#else
static void
settle_heap(void)
{
	enum { LARGEST = 65536, LEAST = 32, FILL_MAX = 512 << 10 };
	size_t left = FILL_MAX; /* whatever malloc it is: this ends */
	void *end;

	(void)malloc_trim(2 * LARGEST);
	end = malloc(LARGEST);
	for (size_t size = LARGEST / 2; size >= LEAST; size /= 2) {
		void *hole = malloc(size);

		while (hole != NULL && hole < end && left >= size) {
			left -= size;
			hole = malloc(size);
		}
		free(hole);
	}
	free(end);
}
#endif

/* Until master wants us gone, and on a stop until the children are. */
static void
loop(struct parent *parent, const sigset_t *unblocked)
{
	static const struct timespec second = { 1, 0 };
	const struct timespec *limit;
	struct pollfd *polls = NULL;
	bool told = false;
	size_t edges, len;

	while (
	    !parent->draining && (!parent->d->stopping || parent->count > 0)) {
		while (!parent->one_each && parent->idle < SPARE &&
		    may_fork(parent) && parent->forks <= FORKS_MAX &&
		    !parent->starved)
			start_child(parent, -1, NULL);
		if (parent->forks > FORKS_MAX) {
			parent->draining = true; /* master starts us anew */
			break;
		}
		polls = xreallocarray(polls,
		    (size_t)parent->count + EDGES_MAX + 1, sizeof(*polls));
		len = list_polls(parent, polls, &edges);
		limit = parent->starved ? &second : NULL;
		parent->starved = false;
		if (ppoll(polls, len, limit, unblocked) > 0)
			handle(parent, polls, edges);
		if (got_child)
			reap(parent);
		if (parent->d->stopping && !told) {
			tell_children(parent);
			told = true;
		}
	}
	free(polls);
}

static int
serve(struct daemon *d)
{
	struct parent parent = { .d = d, .one_each = d->ops->max_use == 1 };
	struct sigaction action = { .sa_handler = on_child };
	sigset_t blocked, unblocked;
	struct err err = { 0 };

	list_init(&parent.children);
	if (worker_watch_term(d, &err) < 0 ||
	    (d->ops->start != NULL && d->ops->start(d, d->ctx, &err) < 0)) {
		log_error("start: %s", err.text);
		parent.status = 1;
	} else {
		/* Signals come only while ppoll waits. */
		(void)sigaction(SIGCHLD, &action, NULL);
		(void)sigemptyset(&blocked);
		(void)sigaddset(&blocked, SIGCHLD);
		(void)sigaddset(&blocked, SIGTERM);
		(void)sigaddset(&blocked, SIGINT);
		(void)sigprocmask(SIG_BLOCK, &blocked, &unblocked);
		settle_heap();
		link_send(d, "up");
		loop(&parent, &unblocked);
	}
	while (!list_is_empty(&parent.children))
		forget(&parent,
		    LIST_ITEM(parent.children.next, struct child, link));
	if (d->ops->stop != NULL)
		d->ops->stop(d->ctx);
	return parent.status;
}

/* Copy from one descriptor to the other until it ends. */
static void
copy(int from, int to)
{
	char chunk[16384];
	ssize_t len;

	while ((len = read(from, chunk, sizeof(chunk))) > 0) {
		for (ssize_t at = 0, n; at < len; at += n) {
			n = write(to, chunk + at, (size_t)(len - at));
			if (n < 0)
				return;
		}
	}
}

/*
 * Standard input and output as one socket: two processes carry the bytes,
 * unless they are the two sides of one already. *out is the one to wait for.
 */
static int
join_stdio(pid_t *in, pid_t *out, struct err *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, "socketpair");
	*out = fork();
	if (*out == 0) {
		(void)close(pair[0]);
		copy(pair[1], STDOUT_FILENO);
		_exit(0);
	}
	*in = fork();
	if (*in == 0) {
		(void)close(pair[0]);
		copy(STDIN_FILENO, pair[1]);
		(void)shutdown(pair[1], SHUT_WR);
		_exit(0);
	}
	(void)close(pair[1]);
	if (*in < 0 || *out < 0)
		return err_sys(err, "fork");
	return pair[0];
}

static int
serve_stdin(struct daemon *d)
{
	struct daemon_conn conn = { .role = "stdin" };
	pid_t in = -1, out = -1;
	struct err err = { 0 };
	int ret = 0;

	conn.fd = join_stdio(&in, &out, &err);
	if (conn.fd < 0 || worker_watch_term(d, &err) < 0 ||
	    (d->ops->start != NULL && d->ops->start(d, d->ctx, &err) < 0) ||
	    (d->ops->worker != NULL && d->ops->worker(d, d->ctx, &err) < 0)) {
		log_error("start: %s", err.text);
		ret = 1;
	} else {
		d->ops->session(d, d->ctx, &conn);
	}
	if (d->ops->stop != NULL)
		d->ops->stop(d->ctx);
	if (in > 0)
		(void)kill(in, SIGTERM);
	if (ret == 0)
		(void)waitpid(out, NULL, 0);
	return ret;
}

static void
wake(struct daemon *d)
{
	if (d->stop_pipe[1] >= 0)
		(void)!write(d->stop_pipe[1], "", 1);
}

const struct daemon_kind daemon_session = {
	.promise = "fork",
	.serve = serve,
	.serve_stdin = serve_stdin,
	.wake = wake,
};
