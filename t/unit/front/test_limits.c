#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/time.h"
#include "front/limits.h"

static struct addr
address(const char *text)
{
	struct addr addr;
	struct err err;

	assert_int_equal(addr_parse_ip(&addr, str_of(text), &err), 0);
	return addr;
}

static void
connections_of_an_address_are_counted(void **state)
{
	struct limits_conf conf = { .count = { 2, 1, 0 }, .rate_unit = 60 };
	struct limits *limits = limits_new(&conf);
	struct addr one = address("192.0.2.1"), two = address("192.0.2.2");
	struct limits_entry *a, *b, *c;

	(void)state;
	assert_int_equal(limits_enter(limits, LIMITS_SMTP, &one, &a),
	    LIMITS_OK);
	assert_int_equal(limits_enter(limits, LIMITS_SMTP, &one, &b),
	    LIMITS_OK);
	assert_int_equal(limits_enter(limits, LIMITS_SMTP, &one, &c),
	    LIMITS_COUNT);
	assert_null(c);
	assert_int_equal(limits_enter(limits, LIMITS_SMTP, &two, &c),
	    LIMITS_OK);
	limits_leave(c);
	/* another class is counted for itself, 0 is no limit */
	assert_int_equal(limits_enter(limits, LIMITS_IMAP, &one, &c),
	    LIMITS_OK);
	limits_leave(c);
	for (int i = 0; i < 100; i++)
		assert_int_equal(limits_enter(limits, LIMITS_POP3, &one, &c),
		    LIMITS_OK);
	limits_leave(b);
	assert_int_equal(limits_enter(limits, LIMITS_SMTP, &one, &b),
	    LIMITS_OK);
	limits_leave(NULL);
	limits_free(limits);
}

static void
a_network_of_64_bits_is_one_client(void **state)
{
	struct limits_conf conf = { .count = { 1, 1, 1 }, .rate_unit = 60 };
	struct limits *limits = limits_new(&conf);
	struct addr one = address("2001:db8:1:2::1");
	struct addr same = address("2001:db8:1:2:ffff::9");
	struct addr other = address("2001:db8:1:3::1");
	struct limits_entry *entry;

	(void)state;
	assert_int_equal(limits_enter(limits, LIMITS_SMTP, &one, &entry),
	    LIMITS_OK);
	assert_int_equal(limits_enter(limits, LIMITS_SMTP, &same, &entry),
	    LIMITS_COUNT);
	assert_int_equal(limits_enter(limits, LIMITS_SMTP, &other, &entry),
	    LIMITS_OK);
	limits_free(limits);
}

static void
rates_are_per_unit_of_time(void **state)
{
	struct limits_conf conf = { .rate = { 2, 0, 0 }, .rate_unit = 60 };
	struct addr one = address("192.0.2.1");
	struct limits_entry *entry;
	struct limits *limits;

	(void)state;
	time_set_for_test(-1, 1);
	limits = limits_new(&conf);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    limits_enter(limits, LIMITS_SMTP, &one, &entry), LIMITS_OK);
		limits_leave(entry);
	}
	assert_int_equal(limits_enter(limits, LIMITS_SMTP, &one, &entry),
	    LIMITS_RATE);
	time_set_for_test(-1, 60LL * TIME_SECOND);
	assert_int_equal(limits_enter(limits, LIMITS_SMTP, &one, &entry),
	    LIMITS_RATE);
	time_set_for_test(-1, 60LL * TIME_SECOND + 1);
	assert_int_equal(limits_enter(limits, LIMITS_SMTP, &one, &entry),
	    LIMITS_OK);
	limits_free(limits);
	time_set_for_test(-1, -1);
}

static void
a_sweep_forgets_only_who_is_gone(void **state)
{
	struct limits_conf conf = { .rate = { 2, 0, 0 }, .rate_unit = 60 };
	struct addr one = address("192.0.2.1"), two = address("192.0.2.2");
	struct limits_entry *a, *b;
	struct limits *limits;

	(void)state;
	time_set_for_test(-1, 1);
	limits = limits_new(&conf);
	(void)limits_enter(limits, LIMITS_SMTP, &one, &a);
	(void)limits_enter(limits, LIMITS_SMTP, &two, &b);
	limits_leave(b);
	limits_sweep(limits);
	assert_int_equal(limits_len(limits), 2);
	time_set_for_test(-1, 60LL * TIME_SECOND + 1);
	limits_sweep(limits);
	assert_int_equal(limits_len(limits), 1);
	limits_leave(a);
	limits_sweep(limits);
	assert_int_equal(limits_len(limits), 0);
	limits_free(limits);
	time_set_for_test(-1, -1);
}

static void
events_are_counted_over_all_connections(void **state)
{
	struct limits_conf conf = { .event = { [LIMITS_MESSAGE] = 2 },
		.rate_unit = 60 };
	struct limits *limits = limits_new(&conf);
	struct addr one = address("192.0.2.1"), two = address("192.0.2.2");

	(void)state;
	time_set_for_test(-1, 1000 * (int64_t)TIME_SECOND);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(
		    limits_count(limits, LIMITS_SMTP, &one, LIMITS_MESSAGE),
		    i < 2);
		/* what has no limit is not even remembered */
		assert_true(
		    limits_count(limits, LIMITS_SMTP, &two, LIMITS_AUTH));
	}
	assert_int_equal(limits_len(limits), 1);
	assert_true(limits_count(limits, LIMITS_SMTP, &two, LIMITS_MESSAGE));
	time_set_for_test(-1, 1060 * (int64_t)TIME_SECOND);
	assert_true(limits_count(limits, LIMITS_SMTP, &one, LIMITS_MESSAGE));
	time_set_for_test(-1, -1);
	limits_free(limits);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connections_of_an_address_are_counted),
		cmocka_unit_test(a_network_of_64_bits_is_one_client),
		cmocka_unit_test(rates_are_per_unit_of_time),
		cmocka_unit_test(a_sweep_forgets_only_who_is_gone),
		cmocka_unit_test(events_are_counted_over_all_connections),
	};

	return cmocka_run_group_tests_name("front/limits", tests, NULL, NULL);
}
