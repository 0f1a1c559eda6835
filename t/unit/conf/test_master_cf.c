#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "conf/master_cf.h"

static void
the_eight_columns_are_read(void **state)
{
	struct master_cf cf = { 0 };
	struct problems problems = { 0 };

	(void)state;
	master_cf_parse(&cf, "master.cf",
	    STR("# comment\n"
		"smtp inet n - y - - smtpd\n"
		"submission inet n - - - 50 smtpd\n"
		"  -o a=b -oc=d\n"
		"\t-o { e = f g }\n"
		"qmgr unix - - - 300? 1 qmgr\n"
		"127.0.0.1:2525 inet - y - 60 0 smtpd\n"),
	    &problems);
	assert_int_equal(problems.errors, 0);
	assert_int_equal(problems.warnings, 0);
	assert_int_equal(cf.len, 4);
	assert_string_equal(cf.list[0].name, "smtp");
	assert_int_equal(cf.list[0].type, MASTER_CF_INET);
	assert_int_equal(cf.list[0].maxproc, MASTER_CF_DEFAULT_MAXPROC);
	assert_int_equal(cf.list[0].line, 2);
	assert_int_equal(cf.list[0].options_len, 0);
	assert_int_equal(cf.list[1].maxproc, 50);
	assert_int_equal(cf.list[1].options_len, 3);
	assert_string_equal(cf.list[1].options[0], "a=b");
	assert_string_equal(cf.list[1].options[1], "c=d");
	assert_string_equal(cf.list[1].options[2], "e = f g");
	assert_int_equal(cf.list[2].type, MASTER_CF_UNIX);
	assert_int_equal(cf.list[2].wakeup, 300);
	assert_true(cf.list[2].wakeup_if_used);
	assert_string_equal(cf.list[2].command, "qmgr");
	assert_int_equal(cf.list[3].maxproc, 0);
	assert_int_equal(cf.list[3].wakeup, 60);
	master_cf_clear(&cf);
}

static void
wrong_lines_are_told_and_left_out(void **state)
{
	static const char *const wrong[] = {
		"smtp", "smtp inet n - y - 10", "smtp tcp n - y - 10 smtpd",
		"smtp inet x - y - 10 smtpd", "smtp inet n x y - 10 smtpd",
		"smtp inet n - yes - 10 smtpd", "smtp inet n - y 1h 10 smtpd",
		"smtp inet n - y 9?? 10 smtpd", "smtp inet n - y - -1 smtpd",
		"smtp inet n - y - many smtpd", "smtp inet n - y - 10 /bin/sh",
		"smtp inet n - y - 10 ../smtpd",
		"smtp inet n - y - 10 smtpd -x",
		"smtp inet n - y - 10 smtpd -o",
		"smtp inet n - y - 10 smtpd -o a",
		"smtp inet n - y - 10 smtpd -o =a",
		"ok inet n - - - - smtpd", /* stands there already */
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(wrong); i++) {
		struct problems problems = { 0 };
		struct master_cf cf = { 0 };

		master_cf_parse(&cf, "master.cf",
		    STR("ok inet n - - - - smtpd\n"), &problems);
		assert_int_equal(problems.errors, 0);
		master_cf_parse(&cf, "master.cf", str_of(wrong[i]), &problems);
		assert_int_equal(problems.errors, 1);
		assert_memory_equal(problems.list[0].text, "master.cf:1: ", 13);
		assert_int_equal(cf.len, 1);
		problems_clear(&problems);
		master_cf_clear(&cf);
	}
}

static void
wishes_for_less_safety_get_a_warning(void **state)
{
	struct problems problems = { 0 };
	struct master_cf cf = { 0 };

	(void)state;
	master_cf_parse(&cf, "master.cf", STR("a unix n n n - - echod\n"),
	    &problems);
	assert_int_equal(problems.errors, 0);
	assert_int_equal(problems.warnings, 2);
	assert_int_equal(cf.len, 1);
	problems_clear(&problems);
	master_cf_clear(&cf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_eight_columns_are_read),
		cmocka_unit_test(wrong_lines_are_told_and_left_out),
		cmocka_unit_test(wishes_for_less_safety_get_a_warning),
	};

	return cmocka_run_group_tests_name("conf/master_cf", tests, NULL, NULL);
}
