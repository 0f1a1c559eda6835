#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/attr.h"
#include "mime/date.h"

static void
reads_dates_in_all_their_forms(void **state)
{
	static const struct {
		const char *in;
		int64_t seconds;
		int zone;
	} cases[] = {
		{ "Sun, 22 Nov 2026 05:22:35 +0000", 1795324955, 0 },
		{ "Sun, 22 Nov 2026 06:22:35 +0100", 1795324955, 60 },
		{ "22 Nov 2026 00:22:35 -0500", 1795324955, -300 },
		{ " Sun ,\r\n 22 (x (y)) NOV 2026 05 : 22 : 35 GMT (UTC)",
		    1795324955, 0 },
		{ "1 Jan 1970 00:00 +0000", 0, 0 },
		{ "1 Jan 70 00:00:00 UT", 0, 0 },
		{ "1 Jan 99 00:00:00 Z", 915148800, 0 },
		{ "1 Jan 00 00:00:00 Z", 946684800, 0 },
		{ "1 Jan 49 00:00:00 Z", 2493072000, 0 },
		{ "1 Jan 50 00:00:00 Z", -631152000, 0 },
		{ "1 Jan 101 00:00:00 Z", 978307200, 0 },
		{ "Wed, 17 Jul 1996 02:23:25 -0700 (PDT)", 837595405, -420 },
		{ "17 Jul 1996 02:23:25 PDT", 837595405, -420 },
		{ "17 July 1996 02:23:25 pdt", 837595405, -420 },
		{ "1 Jan 1970 00:00:00 A", 0, 0 },
		{ "1 Jan 1970 00:00:00 NOWHERE", 0, 0 },
		{ "1 Jan 1970 00:00:00", 0, 0 },
		{ "1 Jan 1970 00:00:00 +1", 0, 0 },
		{ "1 Jan 1970 00:00:00 +0060", 0, 0 },
		{ "1 Jan 1970 00:00:00 -0000", 0, 0 },
		{ "29 Feb 2000 23:59:59 +0000", 951868799, 0 },
		{ "31 Dec 2016 23:59:60 +0000", 1483228800, 0 },
		{ "1 Jan 0000 00:00:00 +0000", -62167219200, 0 },
		{ "31 Dec 9999 23:59:59 +0000", 253402300799, 0 },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct mime_date date;
		struct err err;

		assert_int_equal(
		    mime_date_parse(str_of(cases[i].in), &date, &err), 0);
		assert_int_equal(date.seconds, cases[i].seconds);
		assert_int_equal(date.zone, cases[i].zone);
	}
}

static void
refuses_what_is_no_date(void **state)
{
	static const char *const cases[] = {
		"",
		"Sun,",
		"yesterday",
		"Nov 22 2026 05:22:35",
		"22 Nov",
		"22 Nov 2026",
		"22 Nov 2026 05",
		"22 Nov 2026 05:",
		"22 Nov 2026 :22",
		"22 Nox 2026 05:22",
		"22 11 2026 05:22",
		"22 Nov 2026 24:00",
		"22 Nov 2026 05:60",
		"22 Nov 2026 05:22:61",
		"22 Nov 2026 05:22:",
		"0 Nov 2026 05:22",
		"31 Nov 2026 05:22",
		"29 Feb 2026 05:22",
		"29 Feb 1900 05:22",
		"222 Nov 2026 05:22",
		"22 Nov 20260 05:22",
		"22 Nov 6 05:22",
		"22 Nov 2026 005:22",
		"99999999999999999999 Nov 2026 05:22",
		"(22 Nov 2026 05:22",
		"-1 Nov 2026 05:22",
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct mime_date date;
		struct err err;

		assert_int_equal(mime_date_parse(str_of(cases[i]), &date, &err),
		    -1);
		assert_int_equal(err.kind, ERR_SYNTAX);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_dates_in_all_their_forms),
		cmocka_unit_test(refuses_what_is_no_date),
	};

	return cmocka_run_group_tests_name("mime/date", tests, NULL, NULL);
}
