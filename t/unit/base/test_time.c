#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/time.h"

/* Rounded up, or a wait would end a moment before its time, again and again. */
static void
what_is_left_suits_poll(void **state)
{
	static const struct {
		int64_t us;
		int ms;
	} rows[] = {
		{ -1, 0 },
		{ 0, 0 },
		{ 1, 1 },
		{ 1000, 1 },
		{ 1001, 2 },
		{ (int64_t)INT_MAX * 1000, INT_MAX },
		/* 30 days are more than an int has of ms. */
		{ (int64_t)30 * 86400 * TIME_SECOND, INT_MAX },
	};
	const int64_t now = 5 * (int64_t)TIME_SECOND;

	(void)state;
	time_set_for_test(-1, now);
	for (size_t i = 0; i < NELEMS(rows); i++)
		assert_int_equal(time_left_ms(now + rows[i].us), rows[i].ms);
	assert_int_equal(time_left_ms(INT64_MIN), 0);
	assert_int_equal(time_left_ms(INT64_MAX), INT_MAX);
	time_set_for_test(-1, -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_left_suits_poll),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
