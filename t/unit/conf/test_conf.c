#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "conf/conf.h"

struct inner {
	int timeout;
};

struct sample {
	int number;
	size_t size;
	int time;
	bool flag;
	const char *text;
	int word;
	struct inner inner;
};

static const struct conf_param inner_params[] = {
	CONF(TIME, inner, timeout, "inner_timeout", "5s", 1, 0),
	{ 0 },
};

static const char *const words[] = { "none", "some", "all", NULL };

static const struct conf_param params[] = {
	CONF(INT, sample, number, "number", "7", 1, 10),
	CONF(SIZE, sample, size, "size", "1K", 1, 0),
	CONF(TIME, sample, time, "time", "2m", 1, 0),
	CONF(BOOL, sample, flag, "flag", "yes", 0, 0),
	CONF(STR, sample, text, "text", "$number of it", 0, 20),
	CONF_CHOICE(sample, word, "word", "Some", words),
	CONF_TABLE(sample, inner, inner_params),
	{ 0 },
};

static void
defaults_fill_what_is_not_set(void **state)
{
	struct main_cf *cf = main_cf_new();
	struct problems problems = { 0 };
	struct sample sample = { 0 };

	(void)state;
	main_cf_parse(cf, "main.cf", STR("size = 3\n"), &problems);
	assert_int_equal(conf_fill(cf, params, &sample, &problems), 0);
	assert_int_equal(sample.number, 7);
	assert_int_equal(sample.size, 3);
	assert_int_equal(sample.time, 120);
	assert_true(sample.flag);
	assert_string_equal(sample.text, "7 of it");
	assert_int_equal(sample.word, 1);
	assert_int_equal(sample.inner.timeout, 5);
	main_cf_free(cf);
}

static void
all_errors_at_once_and_nothing_changed(void **state)
{
	struct main_cf *cf = main_cf_new();
	struct problems problems = { 0 };
	struct sample sample = { .number = 3, .text = "before" };

	(void)state;
	main_cf_parse(cf, "main.cf",
	    STR("number = 11\nsize = x\nflag = no\ntext = 123456789012345678901\n"
		"inner_timeout = 0\nword = most\n"),
	    &problems);
	assert_int_equal(conf_fill(cf, params, &sample, &problems), -1);
	assert_int_equal(problems.errors, 5);
	assert_string_equal(problems.list[0].text,
	    "main.cf:1: number = 11: must be at most 10");
	assert_memory_equal(problems.list[1].text, "main.cf:2: size", 15);
	assert_memory_equal(problems.list[2].text, "main.cf:4: text", 15);
	assert_string_equal(problems.list[3].text,
	    "main.cf:6: word = most: one of none, some, all expected");
	assert_memory_equal(problems.list[4].text, "main.cf:5: inner", 16);
	assert_int_equal(sample.number, 3);
	assert_string_equal(sample.text, "before");
	assert_false(sample.flag);
	problems_clear(&problems);
	main_cf_free(cf);
}

static void
count(const struct conf_param *param, void *arg)
{
	int *n = arg;

	assert_non_null(param->name);
	++*n;
}

static void
a_walk_sees_tables_in_tables(void **state)
{
	int n = 0;

	(void)state;
	conf_each(params, count, &n);
	assert_int_equal(n, 7);
	conf_each(NULL, count, &n);
	assert_int_equal(n, 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_fill_what_is_not_set),
		cmocka_unit_test(all_errors_at_once_and_nothing_changed),
		cmocka_unit_test(a_walk_sees_tables_in_tables),
	};

	return cmocka_run_group_tests_name("conf/conf", tests, NULL, NULL);
}
