/*
 * service: the parent of a session daemon that cannot make processes.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
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

static void
run_daemon(int log, int master)
{
	static const struct daemon_ops ops = {
		.name = "test",
		.kind = &daemon_session,
		.start = use_up,
		.session = session,
	};
	struct daemon d = { .ops = &ops,
		.max_processes = 10,
		.master_fd = master,
		.stop_pipe = { -1, -1 } };

	log_open_fd(log);
	_exit(ops.kind->serve(&d));
}

/* It says so, waits, and hears that master is gone. */
static void
a_parent_that_cannot_fork_waits(void **state)
{
	enum { LINES_MAX = 10 };
	int log[2], master[2], status, lines = 0;
	char line[LOG_LINE_MAX];
	pid_t pid;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, log), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, master), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)close(log[0]);
		(void)close(master[0]);
		run_daemon(log[1], master[1]);
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
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_parent_that_cannot_fork_waits),
	};

	log_init("test", LOG_LEVEL_INFO);
	return cmocka_run_group_tests_name("service/session", tests, NULL,
	    NULL);
}
