#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "conf/value.h"

static void
sizes_have_units(void **state)
{
	static const struct {
		const char *in;
		size_t out;
	} cases[] = {
		{ "1", 1 },
		{ "10240000", 10240000 },
		{ "2K", 2048 },
		{ "2k", 2048 },
		{ "20M", 20 << 20 },
		{ "1G", 1 << 30 },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct err err;
		size_t out;

		assert_int_equal(
		    value_size(str_of(cases[i].in), 1, 0, &out, &err), 0);
		assert_int_equal(out, cases[i].out);
	}
}

static void
times_are_seconds_unless_they_say(void **state)
{
	static const struct {
		const char *in;
		int out;
	} cases[] = {
		{ "30", 30 },
		{ "30s", 30 },
		{ "5m", 300 },
		{ "1h", 3600 },
		{ "2D", 172800 },
		{ "1w", 604800 },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct err err;
		int out;

		assert_int_equal(
		    value_time(str_of(cases[i].in), 1, 0, &out, &err), 0);
		assert_int_equal(out, cases[i].out);
	}
}

static void
what_is_wrong_is_refused(void **state)
{
	static const struct {
		enum { INT, SIZE, TIME, BOOL } what;
		const char *in;
		enum err_kind kind;
	} cases[] = {
		{ INT, "", ERR_SYNTAX },
		{ INT, "x", ERR_SYNTAX },
		{ INT, "1x", ERR_SYNTAX },
		{ INT, "1 ", ERR_SYNTAX },
		{ INT, "-", ERR_SYNTAX },
		{ INT, "2147483648", ERR_SYNTAX },
		{ INT, "0", ERR_LIMIT },
		{ INT, "-1", ERR_LIMIT },
		{ INT, "101", ERR_LIMIT },
		{ SIZE, "", ERR_SYNTAX },
		{ SIZE, "K", ERR_SYNTAX },
		{ SIZE, "1KB", ERR_SYNTAX },
		{ SIZE, "1T", ERR_SYNTAX },
		{ SIZE, "-1", ERR_SYNTAX },
		{ SIZE, "0", ERR_LIMIT },
		{ SIZE, "101", ERR_LIMIT },
		{ SIZE, "9223372036854775807G", ERR_LIMIT },
		{ SIZE, "99999999999999999999", ERR_SYNTAX },
		{ TIME, "1y", ERR_SYNTAX },
		{ TIME, "1ms", ERR_SYNTAX },
		{ TIME, "2m", ERR_LIMIT },
		{ TIME, "0s", ERR_LIMIT },
		{ BOOL, "", ERR_SYNTAX },
		{ BOOL, "true", ERR_SYNTAX },
		{ BOOL, "yes please", ERR_SYNTAX },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i].in);
		struct err err = { 0 };
		size_t size;
		int number, ret = 0;
		bool flag;

		switch (cases[i].what) {
		case INT:
			ret = value_int(in, 1, 100, &number, &err);
			break;
		case SIZE:
			ret = value_size(in, 1, 100, &size, &err);
			break;
		case TIME:
			ret = value_time(in, 1, 100, &number, &err);
			break;
		case BOOL:
			ret = value_bool(in, &flag, &err);
			break;
		}
		assert_int_equal(ret, -1);
		assert_int_equal(err.kind, cases[i].kind);
	}
}

static void
borders_are_inside(void **state)
{
	struct err err;
	size_t size;
	int n;
	bool flag;

	(void)state;
	assert_int_equal(value_int(STR("1"), 1, 100, &n, &err), 0);
	assert_int_equal(value_int(STR("100"), 1, 100, &n, &err), 0);
	assert_int_equal(value_int(STR("-5"), -5, 100, &n, &err), 0);
	assert_int_equal(n, -5);
	assert_int_equal(value_int(STR("2147483647"), 0, 0, &n, &err), 0);
	assert_int_equal(value_size(STR("8589934591G"), 0, 0, &size, &err), 0);
	assert_int_equal(value_size(STR("8589934592G"), 0, 0, &size, &err), -1);
	assert_int_equal(value_bool(STR("Yes"), &flag, &err), 0);
	assert_true(flag);
	assert_int_equal(value_bool(STR("no"), &flag, &err), 0);
	assert_false(flag);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_have_units),
		cmocka_unit_test(times_are_seconds_unless_they_say),
		cmocka_unit_test(what_is_wrong_is_refused),
		cmocka_unit_test(borders_are_inside),
	};

	return cmocka_run_group_tests_name("conf/value", tests, NULL, NULL);
}
