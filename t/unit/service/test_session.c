/*
 * service: the parent of a session daemon that cannot make processes.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "net/connect.h"
#include "net/listen.h"
#include "service/impl.h"

/* From here on there is no descriptor for anything. */
static int
use_up(struct daemon *d, void *ctx, struct err *err)
{
	int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct rlimit limit = { (rlim_t)next, (rlim_t)next };

	(void)d;
	(void)ctx;
	(void)close(next);
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return err_sys(err, "setrlimit");
	return 0;
}

static void
session(struct daemon *d, void *ctx, struct daemon_conn *conn)
{
	(void)d;
	(void)ctx;
	(void)close(conn->fd);
}

/* max_use 1: it accepts, else its children would. */
static void
run_daemon(int max_use, int edge, int log, int master)
{
	const struct daemon_ops ops = {
		.name = "test",
		.kind = &daemon_session,
		.max_use = max_use,
		.start = use_up,
		.session = session,
	};
	struct daemon d = { .ops = &ops,
		.max_processes = 10,
		.master_fd = master,
		.stop_pipe = { -1, -1 } };

	log_open_fd(log);
	fds_add(&d, "edge:front", edge);
	_exit(ops.kind->serve(&d));
}

/* It says so, waits, and hears that master is gone. */
static void
waits(int max_use)
{
	enum { LINES_MAX = 10 };
	char path[] = "/tmp/chancery-session-XXXXXX", name[64];
	int edge, client, log[2], master[2], status, lines = 0;
	char line[LOG_LINE_MAX];
	struct err err;
	pid_t pid;

	assert_non_null(mkdtemp(path));
	(void)snprintf(name, sizeof(name), "%s/s", path);
	edge = listen_unix(name, 0600, &err);
	client = connect_unix(name, &err);
	assert_true(edge >= 0 && client >= 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, log), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, master), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)close(log[0]);
		(void)close(master[0]);
		run_daemon(max_use, edge, log[1], master[1]);
	}
	(void)close(log[1]);
	(void)close(master[1]);
	while (recv(log[0], line, sizeof(line), 0) > 0) {
		if (lines++ == 0) /* "up" may be unread: then a reset */
			(void)close(master[0]);
		if (lines > LINES_MAX) {
			(void)kill(pid, SIGKILL);
			break;
		}
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_in_range(lines, 2, LINES_MAX);
	(void)close(log[0]);
	(void)close(edge);
	(void)close(client);
	(void)unlink(name);
	(void)rmdir(path);
}

static void
a_parent_that_cannot_fork_waits(void **state)
{
	(void)state;
	waits(0);
}

static void
a_parent_that_cannot_accept_waits(void **state)
{
	(void)state;
	waits(1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_parent_that_cannot_fork_waits),
		cmocka_unit_test(a_parent_that_cannot_accept_waits),
	};

	log_init("test", LOG_LEVEL_INFO);
	return cmocka_run_group_tests_name("service/session", tests, NULL,
	    NULL);
}
