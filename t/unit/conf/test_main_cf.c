#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/buf.h"
#include "conf/common.h"
#include "conf/main_cf.h"

static struct main_cf *
parse(const char *text, struct problems *problems)
{
	struct main_cf *cf = main_cf_new();

	*problems = (struct problems){ 0 };
	main_cf_parse(cf, "main.cf", str_of(text), problems);
	return cf;
}

static void
lines_are_joined_and_comments_left_out(void **state)
{
	static const struct {
		const char *text, *value;
		int line;
	} cases[] = {
		{ "a = b", "b", 1 },
		{ "a=b\n", "b", 1 },
		{ "  # c\n\na = b \t\n", "b", 3 },
		{ "a =\n", "", 1 },
		{ "a = b\n c\n\td\n", "b c d", 1 },
		{ "a = b\n# c\n c\n", "b c", 1 },
		{ "a = b\n\n c\n", "b c", 1 },
		{ "a =\n b\n", "b", 1 },
		{ "a = b = c # d\r\n", "b = c # d", 1 },
		{ "x = y\na = b", "b", 2 },
		/* white space at the very start continues nothing */
		{ " a = b\n", "b", 1 },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct problems problems;
		struct main_cf *cf = parse(cases[i].text, &problems);
		const struct main_cf_entry *entry = main_cf_find(cf, "a");

		assert_int_equal(problems.errors, 0);
		assert_non_null(entry);
		assert_string_equal(entry->value, cases[i].value);
		assert_int_equal(entry->line, cases[i].line);
		main_cf_free(cf);
	}
}

static void
every_error_is_told_with_its_line(void **state)
{
	struct problems problems;
	struct main_cf *cf = parse("a = 1\n"
				   "no equals sign\n"
				   " continued\n"
				   "= nothing before\n"
				   "b = 2\n"
				   "bad name = 3\n"
				   "a = 4\n",
	    &problems);

	(void)state;
	assert_int_equal(problems.errors, 3);
	assert_int_equal(problems.warnings, 1);
	assert_string_equal(problems.list[0].text,
	    "main.cf:2: \"name = value\" is expected");
	assert_memory_equal(problems.list[1].text, "main.cf:4: ", 11);
	assert_memory_equal(problems.list[2].text, "main.cf:6: ", 11);
	assert_true(problems.list[3].is_warning);
	assert_string_equal(problems.list[3].text,
	    "main.cf:7: a was set in line 1 already");
	assert_string_equal(main_cf_find(cf, "a")->value, "4");
	assert_int_equal(main_cf_len(cf), 2);
	problems_clear(&problems);
	main_cf_free(cf);
}

static void
names_in_values_are_expanded(void **state)
{
	static const struct {
		const char *text, *value;
	} cases[] = {
		{ "v = $h", "host" },
		{ "v = ${h}.$(d)", "host.example.com" },
		{ "v = <$h>", "<host>" },
		{ "v = $h_x", "" },
		{ "v = $$h", "$h" },
		{ "v = $both", "host at example.com" },
		{ "v = ${h?yes}", "yes" },
		{ "v = ${h:no}", "" },
		{ "v = ${none?yes}", "" },
		{ "v = ${none:no}", "no" },
		{ "v = ${h?{$d}:{none}}", "example.com" },
		{ "v = ${none ? {$d} : {is $h}}", "is host" },
		{ "v = $empty.", "." },
		{ "v = $default", "of host" },
		{ "v = ${a-b}", "dash" },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		char text[500];
		struct problems problems;
		struct main_cf *cf;
		struct err err;
		const char *value;

		(void)snprintf(text, sizeof(text),
		    "h = host\nd = example.com\nboth = $h at $d\nempty =\n"
		    "a-b = dash\n%s\n",
		    cases[i].text);
		cf = parse(text, &problems);
		main_cf_default(cf, "default", "of $h");
		value = main_cf_get(cf, "v", &err);
		assert_non_null(value);
		assert_string_equal(value, cases[i].value);
		main_cf_free(cf);
	}
}

static void
expansion_ends(void **state)
{
	static const struct {
		const char *text;
		enum err_kind kind;
	} cases[] = {
		{ "v = $v", ERR_LIMIT },
		{ "v = $w\nw = ${v}", ERR_LIMIT },
		{ "v = ${v?x}", ERR_LIMIT },
		{ "v = ${w", ERR_SYNTAX },
		{ "v = $(w}", ERR_SYNTAX },
		{ "v = $", ERR_SYNTAX },
		{ "v = $ x", ERR_SYNTAX },
		{ "v = ${}", ERR_SYNTAX },
		{ "v = ${v?{a}", ERR_SYNTAX },
		{ "v = ${w?{a}b}", ERR_SYNTAX },
		/* a million empty expansions, had nobody counted */
		{ "v = $a$a$a$a$a$a$a$a$a$a\na = $b$b$b$b$b$b$b$b$b$b\n"
		  "b = $c$c$c$c$c$c$c$c$c$c\nc = $d$d$d$d$d$d$d$d$d$d\n"
		  "d = $e$e$e$e$e$e$e$e$e$e\ne = $f$f$f$f$f$f$f$f$f$f\nf =",
		    ERR_LIMIT },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct problems problems;
		struct main_cf *cf = parse(cases[i].text, &problems);
		struct err err = { 0 };

		assert_int_equal(problems.errors, 0);
		assert_null(main_cf_get(cf, "v", &err));
		assert_int_equal(err.kind, cases[i].kind);
		main_cf_free(cf);
	}
}

static void
overrides_beat_the_file(void **state)
{
	struct problems problems;
	struct main_cf *cf = parse("a = file\nb = $a", &problems);
	struct err err;

	(void)state;
	assert_int_equal(main_cf_override(cf, "-o", STR("a=-o"), &err), 0);
	assert_string_equal(main_cf_get(cf, "b", &err), "-o");
	assert_int_equal(main_cf_override(cf, "-o", STR("a = x y "), &err), 0);
	assert_string_equal(main_cf_get(cf, "b", &err), "x y");
	assert_int_equal(main_cf_override(cf, "-o", STR("a"), &err), -1);
	assert_int_equal(main_cf_override(cf, "-o", STR("=a"), &err), -1);
	assert_int_equal(main_cf_override(cf, "-o", STR("a=b\nc"), &err), -1);
	assert_true(main_cf_is_used(cf, "a"));
	assert_false(main_cf_is_used(cf, "b"));
	main_cf_free(cf);
}

static void
common_defaults_follow_the_hostname(void **state)
{
	struct problems problems;
	struct main_cf *cf = parse("myhostname = mail.example.com", &problems);
	struct err err;

	(void)state;
	conf_common_defaults(cf);
	assert_string_equal(main_cf_get(cf, "mydomain", &err), "example.com");
	assert_string_equal(main_cf_get(cf, "myorigin", &err),
	    "mail.example.com");
	main_cf_free(cf);
}

static void
a_line_too_long_is_an_error(void **state)
{
	struct buf text;
	struct problems problems;
	struct main_cf *cf;

	(void)state;
	buf_init(&text, 0);
	(void)buf_addz(&text, "a = ");
	while (text.len < MAIN_CF_VALUE_MAX + 10)
		(void)buf_addc(&text, 'x');
	(void)buf_addz(&text, "\nb = 1\n");
	cf = parse(buf_cstr(&text), &problems);
	assert_int_equal(problems.errors, 1);
	assert_null(main_cf_find(cf, "a"));
	assert_non_null(main_cf_find(cf, "b"));
	problems_clear(&problems);
	main_cf_free(cf);
	buf_clear(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_joined_and_comments_left_out),
		cmocka_unit_test(every_error_is_told_with_its_line),
		cmocka_unit_test(names_in_values_are_expanded),
		cmocka_unit_test(expansion_ends),
		cmocka_unit_test(overrides_beat_the_file),
		cmocka_unit_test(common_defaults_follow_the_hostname),
		cmocka_unit_test(a_line_too_long_is_an_error),
	};

	return cmocka_run_group_tests_name("conf/main_cf", tests, NULL, NULL);
}
