#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/sent.h"

static void
gives_back_what_was_put_in(void **state)
{
	static const int64_t dates[] = { 0, 1, -1, 1700000000, -62135596800,
		((int64_t)1 << 51) - 1, -((int64_t)1 << 51) };
	static const int16_t zones[] = { 0, 1, -1, 60, -720, 840, 2000, -2000 };

	(void)state;
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++)
		for (size_t k = 0; k < sizeof(zones) / sizeof(zones[0]); k++) {
			uint64_t sent =
			    store_sent_make(true, dates[i], zones[k]);

			assert_true(store_sent_has_date(sent));
			assert_true(store_sent_date(sent) == dates[i]);
			assert_int_equal(store_sent_zone(sent), zones[k]);
		}
}

static void
says_what_it_does_not_have(void **state)
{
	(void)state;
	assert_false(store_sent_has_date(STORE_SENT_UNKNOWN));
	assert_int_equal(store_sent_make(false, 7, 7), STORE_SENT_NONE);
	assert_false(store_sent_has_date(STORE_SENT_NONE));
	assert_int_equal(store_sent_make(true, (int64_t)1 << 51, 0),
	    STORE_SENT_UNKNOWN);
	assert_int_equal(store_sent_make(true, -((int64_t)1 << 51) - 1, 0),
	    STORE_SENT_UNKNOWN);
	assert_int_equal(store_sent_make(true, 0, 2001), STORE_SENT_UNKNOWN);
	assert_int_equal(store_sent_make(true, 0, -2001), STORE_SENT_UNKNOWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_back_what_was_put_in),
		cmocka_unit_test(says_what_it_does_not_have),
	};

	return cmocka_run_group_tests_name("store/sent", tests, NULL, NULL);
}
