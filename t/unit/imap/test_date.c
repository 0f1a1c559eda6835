#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "imap/date.h"

static void
reads_date_times(void **state)
{
	static const struct {
		const char *in;
		int64_t seconds;
	} cases[] = {
		{ "\"01-Jan-1970 00:00:00 +0000\"", 0 },
		{ "\" 1-jan-1970 00:00:01 +0000\"", 1 },
		{ "\"01-JAN-1970 01:00:00 +0100\"", 0 },
		{ "\"31-Dec-1969 23:30:00 -0030\"", 0 },
		{ "\"17-Jul-1996 02:44:25 -0700\"", 837596665 },
		{ "\"29-Feb-2000 12:00:00 +0000\"", 951825600 },
		{ "\"22-Nov-2026 05:22:35 +0000\"", 1795324955 },
		{ "\"31-Dec-2016 23:59:60 +0000\"", 1483228800 },
		{ "\"01-Jan-0000 00:00:00 +0000\"", -62167219200 },
		{ "\"31-Dec-9999 23:59:59 +0000\"", 253402300799 },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i].in);
		int64_t seconds;
		struct err err;

		assert_int_equal(imap_date_time_parse(&in, &seconds, &err), 0);
		assert_int_equal(seconds, cases[i].seconds);
		assert_int_equal(in.len, 0);
	}
}

static void
refuses_other_date_times(void **state)
{
	static const char *const cases[] = {
		"",
		"17-Jul-1996 02:44:25 -0700",
		"\"1-Jul-1996 02:44:25 -0700\"",
		"\"00-Jul-1996 02:44:25 -0700\"",
		"\"32-Jul-1996 02:44:25 -0700\"",
		"\"31-Jun-1996 02:44:25 -0700\"",
		"\"29-Feb-1900 02:44:25 -0700\"",
		"\"17-Jux-1996 02:44:25 -0700\"",
		"\"17 Jul 1996 02:44:25 -0700\"",
		"\"17-Jul-96 02:44:25 -0700\"",
		"\"17-Jul-1996 24:44:25 -0700\"",
		"\"17-Jul-1996 02:60:25 -0700\"",
		"\"17-Jul-1996 02:44:61 -0700\"",
		"\"17-Jul-1996 02:44:25\"",
		"\"17-Jul-1996 02:44:25 0700\"",
		"\"17-Jul-1996 02:44:25 -0760\"",
		"\"17-Jul-1996 02:44:25 -0700",
		"\"17-Jul-1996 02:44:25 -070",
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i]);
		int64_t seconds;
		struct err err;

		assert_int_equal(imap_date_time_parse(&in, &seconds, &err), -1);
		assert_int_equal(err.kind, ERR_SYNTAX);
	}
}

static void
writes_what_it_reads(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} cases[] = {
		{ 0, "\" 1-Jan-1970 00:00:00 +0000\"" },
		{ -1, "\"31-Dec-1969 23:59:59 +0000\"" },
		{ 951825600, "\"29-Feb-2000 12:00:00 +0000\"" },
		{ 1795324955, "\"22-Nov-2026 05:22:35 +0000\"" },
		{ INT64_MIN, "\" 1-Jan-0000 00:00:00 +0000\"" },
		{ INT64_MAX, "\"31-Dec-9999 23:59:59 +0000\"" },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		char out[IMAP_DATE_TIME_LEN];
		size_t len = imap_date_time_format(out, cases[i].seconds);

		assert_int_equal(len, IMAP_DATE_TIME_LEN);
		assert_true(str_eqz(str_make(out, len), cases[i].text));
	}
	/* Every day of 400 years and some, so that no leap rule is missed. */
	for (int64_t day = -200000; day < 200000; day++) {
		char out[IMAP_DATE_TIME_LEN];
		struct str in = str_make(out, sizeof(out));
		int64_t seconds;
		struct err err;

		(void)imap_date_time_format(out, day * 86400 + 86399);
		assert_int_equal(imap_date_time_parse(&in, &seconds, &err), 0);
		assert_int_equal(seconds, day * 86400 + 86399);
		assert_int_equal(imap_date_day(seconds), day);
	}
}

static void
reads_the_days_of_search(void **state)
{
	static const struct {
		const char *in;
		int ret;
		int32_t day;
		size_t at;
	} cases[] = {
		{ "1-Jan-1970", 0, 0, 10 },
		{ "01-Jan-1970 X", 0, 0, 11 },
		{ "\"2-Jan-1970\")", 0, 1, 12 },
		{ "1-Feb-1994", 0, 8797, 10 },
		{ "31-Dec-1969", 0, -1, 11 },
		{ "", -1, 0, 0 },
		{ "x", -1, 0, 0 },
		{ "0-Jan-1970", -1, 0, 10 },
		{ "99-Jan-1970", -1, 0, 1 },
		{ "1 Jan-1970", -1, 0, 1 },
		{ "1-Jan-197", -1, 0, 6 },
		{ "\"1-Jan-1970", -1, 0, 11 },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i].in);
		int32_t day = 0;
		struct err err;

		assert_int_equal(imap_date_parse(&in, &day, &err),
		    cases[i].ret);
		assert_int_equal(day, cases[i].day);
		assert_ptr_equal(in.p, cases[i].in + cases[i].at);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_date_times),
		cmocka_unit_test(refuses_other_date_times),
		cmocka_unit_test(writes_what_it_reads),
		cmocka_unit_test(reads_the_days_of_search),
	};

	return cmocka_run_group_tests_name("imap/date", tests, NULL, NULL);
}
