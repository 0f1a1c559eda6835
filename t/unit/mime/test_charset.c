#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/attr.h"
#include "mime/charset.h"

/* By pieces of every size; all must give the same. */
static void
assert_utf8(const char *name, struct str in, const char *want)
{
	for (size_t step = 1; step <= in.len + 1; step++) {
		struct mime_charset *cs = mime_charset_open(str_of(name));
		struct buf out;

		buf_init(&out, 0);
		for (size_t at = 0; at < in.len; at += step)
			assert_int_equal(mime_charset_convert(cs, &out,
					     str_sub(in, at, at + step), false),
			    0);
		assert_int_equal(mime_charset_convert(cs, &out, STR(""), true),
		    0);
		assert_string_equal(buf_cstr(&out), want);
		buf_clear(&out);
		mime_charset_close(cs);
	}
}

static void
converts_charsets_of_many_kinds(void **state)
{
	(void)state;
	assert_utf8("utf-8", STR("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
	    "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
	assert_utf8("ISO-8859-15", STR("\xa4"), "\xe2\x82\xac");
	assert_utf8("koi8-r", STR("\xc1\xc2"), "\xd0\xb0\xd0\xb1");
	assert_utf8("Shift_JIS", STR("\x82\xa0"), "\xe3\x81\x82");
	assert_utf8("iso-2022-jp", STR("\x1b$B$\"\x1b(Ba"),
	    "\xe3\x81\x82"
	    "a");
	assert_utf8("utf-16be", STR("\xd8\x3d\xde\x00"), "\xf0\x9f\x98\x80");
	assert_utf8("utf-7", STR("+AOk-"), "\xc3\xa9");
	assert_utf8("gb18030", STR("\xc4\xe3"), "\xe4\xbd\xa0");
}

static void
guesses_where_the_name_says_nothing(void **state)
{
	static const char *const names[] = { "", "x-unknown", "us-ascii",
		"iso-8859-1", "utf-8", "../../etc/passwd", "a,b=1" };

	(void)state;
	for (size_t i = 0; i < NELEMS(names); i++) {
		assert_utf8(names[i], STR("\xc3\xa9"), "\xc3\xa9");
		assert_utf8(names[i], STR("\xe9"), "\xc3\xa9");
		assert_utf8(names[i], STR("\xe9t\xe9"), "\xc3\xa9t\xc3\xa9");
		assert_utf8(names[i], STR("\x93\x81\xff"),
		    "\xe2\x80\x9c\xef\xbf\xbd\xc3\xbf");
		assert_utf8(names[i], STR("\xe2\x82"), "\xc3\xa2\xe2\x80\x9a");
		assert_utf8(names[i], STR("\xf0\x9f\x98x"),
		    "\xc3\xb0\xc5\xb8\xcb\x9cx");
	}
}

static void
marks_what_has_no_meaning(void **state)
{
	(void)state;
	assert_utf8("utf-16be", STR("\xd8\x3d"), "\xef\xbf\xbd");
	assert_utf8("shift_jis", STR("\x82"), "\xef\xbf\xbd");
}

static void
knows_which_names_it_knows(void **state)
{
	(void)state;
	assert_true(mime_charset_is_known(STR("UTF-8")));
	assert_true(mime_charset_is_known(STR("latin1")));
	assert_true(mime_charset_is_known(STR(" big5 ")));
	assert_false(mime_charset_is_known(STR("")));
	assert_false(mime_charset_is_known(STR("x-unknown")));
	assert_false(mime_charset_is_known(STR("utf\0-8")));
}

static void
folds_case_and_form(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "", "" }, { "aZ9", "AZ9" },
		{ "\xc3\xa9", "E\xcc\x81" },                /* e acute */
		{ "\xc3\x89", "E\xcc\x81" },                /* E acute */
		{ "E\xcc\x81", "E\xcc\x81" },               /* decomposed */
		{ "\xef\xac\x81", "fi" },                   /* ligature */
		{ "\xef\xbd\x81", "A" },                    /* full width a */
		{ "\xc7\x86", "Dz\xcc\x8c" },               /* dz caron */
		{ "\xcf\x82", "\xce\xa3" },                 /* final sigma */
		{ "\xc3", "\xc3" },                         /* not UTF-8 */
		{ "\xf0\x90\x90\xa8", "\xf0\x90\x90\x80" }, /* Deseret */
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct buf out;

		buf_init(&out, 0);
		assert_int_equal(mime_casefold(&out, str_of(cases[i].in)), 0);
		assert_string_equal(buf_cstr(&out), cases[i].want);
		buf_clear(&out);
	}
}

static void
says_when_out_is_full(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 2);
	assert_int_equal(mime_casefold(&out, STR("abc")), -1);
	buf_reset(&out);
	assert_int_equal(mime_charset_to_utf8(&out, STR("utf-8"), STR("abc")),
	    -1);
	buf_reset(&out);
	assert_int_equal(
	    mime_charset_to_utf8(&out, STR("koi8-r"), STR("\xc1\xc1")), -1);
	buf_clear(&out);
}

static void
warms_up(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(mime_charset_warm(&err), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(warms_up),
		cmocka_unit_test(converts_charsets_of_many_kinds),
		cmocka_unit_test(guesses_where_the_name_says_nothing),
		cmocka_unit_test(marks_what_has_no_meaning),
		cmocka_unit_test(knows_which_names_it_knows),
		cmocka_unit_test(folds_case_and_form),
		cmocka_unit_test(says_when_out_is_full),
	};

	return cmocka_run_group_tests_name("mime/charset", tests, NULL, NULL);
}
