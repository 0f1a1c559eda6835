#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pop3d/lock.h"

/* In a process of its own, as sessions are. The kind of error there. */
static enum err_kind
try_elsewhere(int fd, uint32_t user)
{
	pid_t pid = fork();
	struct err err;
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(
		    lock_take(fd, user, &err) == 0 ? ERR_NONE : (int)err.kind);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return (enum err_kind)WEXITSTATUS(status);
}

static void
one_process_has_a_maildrop(void **state)
{
	char path[] = "/tmp/chancery-lock-XXXXXX";
	int made = mkstemp(path), fd, other;
	struct err err;

	(void)state;
	fd = lock_open(path, &err);
	other = lock_open(path, &err); /* another service's parent */
	assert_true(made >= 0 && fd >= 0 && other >= 0);
	assert_int_equal(lock_take(fd, 7, &err), 0);
	assert_int_equal(lock_take(fd, UINT32_MAX, &err), 0);
	assert_int_equal(try_elsewhere(fd, 7), ERR_EXISTS);
	assert_int_equal(try_elsewhere(other, 7), ERR_EXISTS);
	assert_int_equal(try_elsewhere(other, UINT32_MAX), ERR_EXISTS);
	/* it went with the process that took it */
	assert_int_equal(try_elsewhere(fd, 8), ERR_NONE);
	assert_int_equal(try_elsewhere(fd, 8), ERR_NONE);
	assert_int_equal(lock_take(fd, 8, &err), 0);
	/* or is given back before */
	lock_give(fd, 8);
	assert_int_equal(try_elsewhere(fd, 8), ERR_NONE);
	assert_int_equal(try_elsewhere(fd, 7), ERR_EXISTS);
	(void)close(fd);
	(void)close(other);
	(void)close(made);
	(void)unlink(path);
}

/* front's, for a session that is parked. */
static void
a_parked_session_keeps_its_maildrop(void **state)
{
	char path[] = "/tmp/chancery-lock-XXXXXX";
	int made = mkstemp(path), fd;
	struct flock front = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = LOCK_PARKED + 7,
		.l_len = 1,
	};
	struct err err;

	(void)state;
	fd = lock_open(path, &err);
	assert_true(made >= 0 && fd >= 0);
	assert_int_equal(fcntl(fd, F_SETLK, &front), 0);
	assert_int_equal(try_elsewhere(fd, 7), ERR_EXISTS);
	assert_int_equal(try_elsewhere(fd, 8), ERR_NONE);
	/* the one that was parked comes back, and is the one */
	assert_int_equal(lock_take_again(fd, 7, 0, &err), 0);
	front.l_type = F_UNLCK;
	assert_int_equal(fcntl(fd, F_SETLK, &front), 0);
	assert_int_equal(try_elsewhere(fd, 7), ERR_EXISTS);
	(void)close(fd);
	(void)close(made);
	(void)unlink(path);
}

static void
a_file_that_cannot_be_made_is_told(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(lock_open("/nonexistent/lock", &err), -1);
	assert_int_equal(err.kind, ERR_NOENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_process_has_a_maildrop),
		cmocka_unit_test(a_parked_session_keeps_its_maildrop),
		cmocka_unit_test(a_file_that_cannot_be_made_is_told),
	};

	return cmocka_run_group_tests_name("pop3d/lock", tests, NULL, NULL);
}
