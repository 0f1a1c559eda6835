/*
 * net/wait: ready, over, or neither.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <unistd.h>

#include "base/time.h"
#include "net/wait.h"

static void
says_what_came_first(void **state)
{
	int64_t long_ago = time_mono() - TIME_SECOND;
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(wait_ready(fd[0], POLLIN, long_ago), 0);
	assert_int_equal(wait_ready(fd[0], POLLIN, time_mono() + 1), 0);
	assert_int_equal(wait_ready(fd[1], POLLOUT, long_ago), 1);
	assert_int_equal(write(fd[1], "x", 1), 1);
	assert_int_equal(wait_ready(fd[0], POLLIN, long_ago), 1);
	assert_int_equal(wait_ready(fd[0], POLLIN, -1), 1);
	(void)close(fd[0]);
	assert_int_equal(wait_ready(fd[1], POLLOUT, -1), 1); /* its end */
	(void)close(fd[1]);
}

static void
never_ends_before_the_deadline(void **state)
{
	int64_t deadline = time_mono() + 2500;
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(wait_ready(fd[0], POLLIN, deadline), 0);
	assert_true(time_mono() >= deadline);
	(void)close(fd[0]);
	(void)close(fd[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_came_first),
		cmocka_unit_test(never_ends_before_the_deadline),
	};

	return cmocka_run_group_tests_name("net/wait", tests, NULL, NULL);
}
