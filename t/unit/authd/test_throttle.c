#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "authd/throttle.h"
#include "base/time.h"

static const struct str USER = { "ada@example.org", 15 };
static const struct str GUESSER = { "192.0.2.1", 9 };
static const struct str OTHER = { "192.0.2.2", 9 };

static void
miss(struct throttle *t, struct str addr, struct str user, int times)
{
	for (int i = 0; i < times; i++)
		throttle_failed(t, addr, user, 0);
}

static void
pauses_grow_for_the_pair(void **state)
{
	struct throttle *t = throttle_new(100);
	int64_t last;

	(void)state;
	assert_int_equal(throttle_wait(t, GUESSER, USER, 0), 0);
	miss(t, GUESSER, USER, THROTTLE_FREE_PAIR - 1);
	assert_int_equal(throttle_wait(t, GUESSER, USER, 0), 0);
	miss(t, GUESSER, USER, 1);
	last = throttle_wait(t, GUESSER, USER, 0);
	assert_int_equal(last, TIME_SECOND / 2);
	miss(t, GUESSER, USER, 3);
	assert_true(throttle_wait(t, GUESSER, USER, 0) > 2 * last);
	throttle_free(t);
}

static void
attempts_queue_up_and_too_many_are_refused(void **state)
{
	struct throttle *t = throttle_new(100);
	int64_t before = -1, wait;
	int taken = 0;

	(void)state;
	miss(t, GUESSER, USER, THROTTLE_FREE_PAIR + 2);
	while ((wait = throttle_wait(t, GUESSER, USER, 0)) >= 0) {
		assert_true(wait > before);
		before = wait;
		assert_true(taken++ < 100);
	}
	assert_true(taken > 1);
	assert_true(before <= (int64_t)THROTTLE_WAIT_MAX * TIME_SECOND);
	/* The row has moved on later. */
	assert_true(
	    throttle_wait(t, GUESSER, USER, before + 60 * TIME_SECOND) >= 0);
	throttle_free(t);
}

static void
others_notice_nothing(void **state)
{
	struct throttle *t = throttle_new(100);

	(void)state;
	miss(t, GUESSER, USER, THROTTLE_FREE_ADDR - 1);
	assert_true(throttle_wait(t, GUESSER, USER, 0) != 0);
	/* the user from elsewhere; another user from there */
	assert_int_equal(throttle_wait(t, OTHER, USER, 0), 0);
	assert_int_equal(throttle_wait(t, GUESSER, STR("bob"), 0), 0);
	/* beyond that the address itself is slow */
	miss(t, GUESSER, STR("carol"), 2);
	assert_true(throttle_wait(t, GUESSER, STR("bob"), 0) > 0);
	assert_int_equal(throttle_wait(t, OTHER, USER, 0), 0);
	throttle_free(t);
}

static void
case_of_the_name_and_half_of_ipv6_do_not_count(void **state)
{
	struct throttle *t = throttle_new(100);

	(void)state;
	miss(t, STR("2001:db8::1"), STR("Ada"), 5);
	assert_true(throttle_wait(t, STR("2001:db8::2"), STR("ada"), 0) != 0);
	assert_int_equal(
	    throttle_wait(t, STR("2001:db8:0:1::1"), STR("ada"), 0), 0);
	throttle_free(t);
}

static void
time_and_success_forgive(void **state)
{
	struct throttle *t = throttle_new(100);
	int64_t later = (int64_t)THROTTLE_HALF_LIFE * 5 * TIME_SECOND;

	(void)state;
	miss(t, GUESSER, USER, 8);
	assert_int_equal(throttle_wait(t, GUESSER, USER, later), 0);
	miss(t, GUESSER, USER, 8);
	throttle_passed(t, GUESSER, USER);
	assert_int_equal(throttle_wait(t, GUESSER, USER, later), 0);
	throttle_free(t);
}

/* A long rest is no store of guesses that nobody counts. */
static void
rest_saves_nothing_up(void **state)
{
	int64_t later = (int64_t)THROTTLE_HALF_LIFE * 1000 * TIME_SECOND;
	struct throttle *t = throttle_new(100);

	(void)state;
	miss(t, GUESSER, USER, 1);
	for (int i = 0; i < THROTTLE_FREE_PAIR; i++) {
		assert_int_equal(throttle_wait(t, GUESSER, USER, later), 0);
		throttle_failed(t, GUESSER, USER, later);
	}
	assert_true(throttle_wait(t, GUESSER, USER, later) > 0);
	throttle_free(t);
}

static void
stays_within_its_bound(void **state)
{
	struct throttle *t = throttle_new(10);
	char user[20];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(user, sizeof(user), "user%d", i);
		throttle_failed(t, OTHER, str_of(user), 0);
	}
	miss(t, GUESSER, USER, 4);
	assert_true(throttle_wait(t, GUESSER, USER, 0) != 0);
	throttle_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pauses_grow_for_the_pair),
		cmocka_unit_test(attempts_queue_up_and_too_many_are_refused),
		cmocka_unit_test(others_notice_nothing),
		cmocka_unit_test(
		    case_of_the_name_and_half_of_ipv6_do_not_count),
		cmocka_unit_test(time_and_success_forgive),
		cmocka_unit_test(rest_saves_nothing_up),
		cmocka_unit_test(stays_within_its_bound),
	};

	return cmocka_run_group_tests_name("authd/throttle", tests, NULL, NULL);
}
