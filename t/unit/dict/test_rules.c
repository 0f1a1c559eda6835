/* Tables that are lists of patterns: regexp, pcre, cidr. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"
#include "dict/dict.h"

/* Both kinds of patterns are asked where type is "both". */
static const char *const both[] = { "regexp", "pcre" };

static void
expect(const char *type, const char *text, const char *key, const char *value)
{
	struct err err = { 0 };
	struct dict *dict = dict_parse(type, str_of(text), &err);
	struct buf out;

	buf_init(&out, 1000);
	if (dict == NULL)
		print_error("%s: %s: %s\n", type, text, err.text);
	assert_non_null(dict);
	if (value == NULL) {
		assert_int_equal(dict_lookup(dict, str_of(key), &out, &err),
		    -1);
		assert_int_equal(err.kind, ERR_NOENT);
	} else {
		assert_int_equal(dict_lookup(dict, str_of(key), &out, &err), 0);
		assert_string_equal(buf_cstr(&out), value);
	}
	dict_close(dict);
	buf_clear(&out);
}

static void
patterns(void **state)
{
	static const struct {
		const char *text, *key, *value; /* NULL: no match */
	} cases[] = {
		{ "/a/ yes", "xAx", "yes" },
		{ "/a/ yes", "b", NULL },
		{ "/a/i yes", "A", NULL },
		{ "/a/i yes", "a", "yes" },
		{ "/^$/ empty", "", "empty" },
		{ "|a|  x  y ", "a", "x  y" },
		{ "!/a/ no a", "b", "no a" },
		{ "!/a/ no a", "a", NULL },
		{ "! /a/ no a", "b", "no a" },
		{ "!!/a/ a", "a", "a" },
		{ "#a#x", "a", NULL }, /* a comment */
		{ "|a| x", "a", "x" },
		{ "/a\\/b/ x", "a/b", "x" },
		{ "/a/ one\n/b/ two\n/./ rest", "b", "two" },
		{ "/a/ one\n/b/ two\n/./ rest", "c", "rest" },
		{ "/^(.*)@(.*)$/ $2 $1", "ada@example.net", "example.net ada" },
		{ "/^(.*)@/ ${1}-$(1)$$0", "ada@x", "ada-ada$0" },
		{ "/b+/ <$0>", "abbc", "<bb>" },
		{ "/^(a)|(b)$/ [$1][$2]", "b", "[][b]" },
		{ "/a/ first\n  and more", "a", "first and more" },
		{ "if /a/\n/b/ both\nendif\n/b/ b", "ab", "both" },
		{ "if /a/\n/b/ both\nendif\n/b/ b", "b", "b" },
		{ "if !/a/\n/b/ alone\nendif\n/b/ both", "b", "alone" },
		{ "if !/a/\n/b/ alone\nendif\n/b/ both", "ab", "both" },
		{ "if /a/\nif /b/\n/c/ abc\nendif\n/./ a\nendif", "abc",
		    "abc" },
		{ "if /a/\nif /b/\n/c/ abc\nendif\n/./ a\nendif", "a", "a" },
		{ "IF /a/\n/b/ x\nENDIF", "b", NULL },
		{ "", "a", NULL },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		for (size_t n = 0; n < NELEMS(both); n++)
			expect(both[n], cases[i].text, cases[i].key,
			    cases[i].value);
	}
	/* Where they differ. */
	expect("regexp", "/^a|ab$/ <$0>", "ab", "<ab>"); /* the longest */
	expect("pcre", "/^a|ab$/ <$0>", "ab", "<a>");    /* the first */
	expect("regexp", "/a+/x yes", "a+", "yes");
	expect("pcre", "/a +/x yes", "aa", "yes");
	expect("pcre", "/^a$/m yes", "x\na\n", "yes");
	expect("pcre", "/a.b/ yes", "a\nb", "yes");
	expect("pcre", "/a.b/s yes", "a\nb", NULL);
	expect("pcre", "/b/A yes", "ab", NULL);
	expect("pcre", "/(?<=x)y/ yes", "xy", "yes");
}

static void
networks(void **state)
{
	static const char table[] = "192.0.2.1 host\n!192.0.2.0/24 elsewhere\n"
				    "192.0.2.128/25 upper $1\n";
	static const char blocks[] = "if 192.0.2.0/24\n192.0.2.1 one\nendif\n"
				     "if !192.0.2.0/24\n0.0.0.0/0 v4\nendif\n"
				     "[2001:db8::]/32 doc\n::/0 v6";

	(void)state;
	expect("cidr", table, "192.0.2.1", "host");
	expect("cidr", table, "192.0.3.1", "elsewhere");
	expect("cidr", table, "192.0.2.200", "upper $1");
	expect("cidr", table, "192.0.2.2", NULL);
	expect("cidr", table, "2001:db8::1", "elsewhere");
	expect("cidr", table, "unknown", NULL); /* no address at all */
	expect("cidr", blocks, "192.0.2.1", "one");
	expect("cidr", blocks, "192.0.2.2", NULL);
	expect("cidr", blocks, "198.51.100.1", "v4");
	expect("cidr", blocks, "2001:db8::1", "doc");
	expect("cidr", blocks, "2001:db9::1", "v6");
}

static void
mistakes_are_told_with_their_line(void **state)
{
	static const struct {
		const char *type, *text, *says;
	} cases[] = {
		{ "pcre", "/a/ x\n\n/b x", "line 3: " },
		{ "pcre", "a x", "line 1: " },
		{ "pcre", "/a/", "line 1: no result" },
		{ "pcre", "/a/x", "line 1: no result" },
		{ "pcre", "/a/q x", "unknown flag q" },
		{ "pcre", "/a/1 x", "white space expected" },
		{ "pcre", "/a(/ x", "bad pattern at byte" },
		{ "pcre", "/a/ $1", "no such group" },
		{ "pcre", "/(a)/ $2", "no such group" },
		{ "pcre", "/(a)/ ${1", "$number" },
		{ "pcre", "/(a)/ $x", "$number" },
		{ "pcre", "/(a)/ cheap $", "$number" },
		{ "pcre", "/(a)/ $1000", "$number" },
		{ "pcre", "!/(a)/ $1", "must not match" },
		{ "pcre", "/a/ x\nif /b/\n/c/ x", "line 2: if without endif" },
		{ "pcre", "if /b/ x\nendif", "nothing may follow" },
		{ "pcre", "endif", "endif without if" },
		{ "pcre", "if /b/\nendif x", "nothing may follow endif" },
		{ "pcre", "/\\C/ x", "bad pattern" },
		{ "regexp", "/a(/ x", "bad pattern" },
		{ "regexp", "/a/s x", "unknown flag s" },
		{ "regexp", "/a/ $1", "no such group" },
		{ "cidr", "192.0.2.1/24 x", "line 1: " },
		{ "cidr", "192.0.2.0/33 x", "line 1: " },
		{ "cidr", "example.net x", "line 1: " },
		{ "cidr", "192.0.2.0/24", "no result" },
		{ "texthash", "a b\na", "line 2: " },
		{ "static", "x", "text files" },
		{ "nosuch", "x", "unknown type" },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct err err = { 0 };

		assert_null(
		    dict_parse(cases[i].type, str_of(cases[i].text), &err));
		if (strstr(err.text, cases[i].says) == NULL)
			print_error("%s: %s\n", cases[i].text, err.text);
		assert_non_null(strstr(err.text, cases[i].says));
		assert_int_equal(err.kind, ERR_SYNTAX);
	}
}

static void
ifs_are_bounded(void **state)
{
	struct err err = { 0 };
	struct buf text;

	(void)state;
	buf_init(&text, 0);
	for (int i = 0; i < 101; i++)
		(void)buf_addz(&text, "if /a/\n");
	assert_null(dict_parse("pcre", buf_str(&text), &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	buf_clear(&text);
}

/* A pattern that tries every way to divide the key is stopped. */
static void
a_pattern_that_would_take_for_ever(void **state)
{
	struct err err = { 0 };
	struct dict *dict = dict_parse("pcre", STR("/a/ x\n/^(a+)+$/ y"), &err);
	struct buf key, out;

	(void)state;
	assert_non_null(dict);
	buf_init(&key, 0);
	buf_init(&out, 100);
	for (int i = 0; i < 60; i++)
		(void)buf_addz(&key, "b");
	assert_int_equal(dict_lookup(dict, buf_str(&key), &out, &err), -1);
	assert_int_equal(err.kind, ERR_NOENT);
	dict_close(dict);
	dict = dict_parse("pcre", STR("/^(b+)+$/ y"), &err);
	(void)buf_addz(&key, "!");
	assert_int_equal(dict_lookup(dict, buf_str(&key), &out, &err), -1);
	assert_int_equal(err.kind, ERR_TEMP);
	assert_non_null(strstr(err.text, "line 1: "));
	dict_close(dict);
	buf_clear(&key);
	buf_clear(&out);
}

static void
a_result_too_long(void **state)
{
	struct err err = { 0 };
	struct dict *dict = dict_parse("pcre", STR("/(.*)/ $1$1$1"), &err);
	struct buf out;

	(void)state;
	buf_init(&out, 8);
	assert_int_equal(dict_lookup(dict, STR("abc"), &out, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	dict_close(dict);
	buf_clear(&out);
}

static void
rules_in_the_name(void **state)
{
	static const struct {
		const char *name, *key, *value;
	} cases[] = {
		{ "cidr:{{192.0.2.0/24 OK}, {0.0.0.0/0 REJECT go away}}",
		    "192.0.2.1", "OK" },
		{ "cidr:{{192.0.2.0/24 OK}, {0.0.0.0/0 REJECT go away}}",
		    "192.0.3.1", "REJECT go away" },
		{ "pcre:{ {/^a{2}$/ x} }", "aa", "x" },
		{ "regexp:{{/a, b/ x}}", "a, b", "x" },
		{ "pcre:{}", "a", NULL },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct err err = { 0 };
		struct dict *dict = dict_open(cases[i].name, &err);
		struct buf out;
		int ret;

		buf_init(&out, 100);
		assert_non_null(dict);
		ret = dict_lookup(dict, str_of(cases[i].key), &out, &err);
		assert_int_equal(ret, cases[i].value == NULL ? -1 : 0);
		if (ret == 0)
			assert_string_equal(buf_cstr(&out), cases[i].value);
		dict_close(dict);
		buf_clear(&out);
	}
	{
		struct err err = { 0 };

		assert_null(dict_open("pcre:{/a/ x", &err));
		assert_null(dict_open("pcre:", &err));
		assert_null(dict_open("pcre:/nonexistent/file", &err));
		assert_int_equal(err.kind, ERR_NOENT);
	}
}

static void
a_file_names_itself_and_the_line(void **state)
{
	char path[] = "/tmp/test-rules-XXXXXX", name[64];
	int fd = mkstemp(path);
	struct err err = { 0 };

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "/a/ x\n/b/\n", 10), 10);
	(void)close(fd);
	(void)snprintf(name, sizeof(name), "pcre:%s", path);
	assert_null(dict_open(name, &err));
	assert_non_null(strstr(err.text, path));
	assert_non_null(strstr(err.text, "line 2: no result"));
	(void)unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns),
		cmocka_unit_test(networks),
		cmocka_unit_test(mistakes_are_told_with_their_line),
		cmocka_unit_test(ifs_are_bounded),
		cmocka_unit_test(a_pattern_that_would_take_for_ever),
		cmocka_unit_test(a_result_too_long),
		cmocka_unit_test(rules_in_the_name),
		cmocka_unit_test(a_file_names_itself_and_the_line),
	};

	return cmocka_run_group_tests_name("dict/rules", tests, NULL, NULL);
}
