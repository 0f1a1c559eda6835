#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"

static void
adds_numbers(void **state)
{
	static const uint64_t cases[] = { 0, 1, 9, 10, 11, 99, 100, 101, 909,
		999, 1000, 9999, 10000, 12345678, UINT32_MAX,
		9999999999999999999u, 10000000000000000000u, UINT64_MAX };
	struct buf buf;

	(void)state;
	buf_init(&buf, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char want[32];

		(void)snprintf(want, sizeof(want), "%" PRIu64, cases[i]);
		buf_reset(&buf);
		assert_int_equal(buf_add_num(&buf, cases[i]), 0);
		assert_string_equal(buf_cstr(&buf), want);
	}
	buf_clear(&buf);
}

/* Whatever room there is before it, from none to more than enough. */
static void
formats_into_any_room(void **state)
{
	char want[200];

	(void)state;
	for (size_t before = 0; before < 130; before++) {
		struct buf buf;

		buf_init(&buf, 0);
		for (size_t i = 0; i < before; i++)
			assert_int_equal(buf_addc(&buf, 'x'), 0);
		assert_int_equal(buf_addf(&buf, "%s %d", "some words", 42), 0);
		(void)snprintf(want, sizeof(want), "%.*s", (int)before, buf.p);
		(void)snprintf(want + before, sizeof(want) - before,
		    "some words 42");
		assert_string_equal(buf_cstr(&buf), want);
		assert_int_equal(buf.len, before + 13);
		buf_clear(&buf);
	}
}

static void
keeps_to_its_limit(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, 10);
	assert_int_equal(buf_addz(&buf, "12345678"), 0);
	assert_non_null(buf_reserve(&buf, 2));
	assert_int_equal(buf_addf(&buf, "%s", "90"), 0);
	assert_int_equal(buf_addz(&buf, ""), 0);
	assert_int_equal(buf_addf(&buf, "%c", 'x'), -1);
	assert_true(buf.full);
	assert_int_equal(buf.len, 10);
	buf_truncate(&buf, 5);
	assert_int_equal(buf_addc(&buf, 'x'), -1); /* sticky */
	assert_null(buf_reserve(&buf, 0));
	buf_reset(&buf);
	assert_int_equal(buf_addc(&buf, 'x'), 0);
	assert_int_equal(buf_addf(&buf, "%d", 1234567890), -1);
	assert_string_equal(buf_cstr(&buf), "x");
	buf_clear(&buf);
}

static void
leaves_no_secret_behind(void **state)
{
	struct buf buf;

	(void)state;
	buf_init_secret(&buf, 20);
	assert_int_equal(buf_addz(&buf, "user "), 0);
	assert_int_equal(buf_addf(&buf, "%s", "password of many bytes"), -1);
	for (size_t i = buf.len; i < buf.cap; i++)
		assert_int_equal(buf.p[i], 0);
	buf_clear(&buf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_numbers),
		cmocka_unit_test(formats_into_any_room),
		cmocka_unit_test(keeps_to_its_limit),
		cmocka_unit_test(leaves_no_secret_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
