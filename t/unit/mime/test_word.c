#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/attr.h"
#include "mime/word.h"

static void
assert_text(struct str in, const char *want)
{
	struct buf out;

	buf_init(&out, 0);
	assert_int_equal(mime_word_decode(&out, in), 0);
	assert_string_equal(buf_cstr(&out), want);
	buf_clear(&out);
}

static void
decodes_as_rfc_2047_shows(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "=?ISO-8859-1?Q?a?=", "a" },
		{ "=?ISO-8859-1?Q?a?= b", "a b" },
		{ "=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab" },
		{ "=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=", "ab" },
		{ "=?ISO-8859-1?Q?a?=\r\n =?ISO-8859-1?Q?b?=", "ab" },
		{ "=?ISO-8859-1?Q?a_b?=", "a b" },
		{ "=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b" },
		{ "=?utf-8?b?w6k=?=", "\xc3\xa9" },
		{ "=?utf-8*fr?b?w6k=?=", "\xc3\xa9" },
		{ "=?iso-8859-1?q?=E9=e9?=", "\xc3\xa9\xc3\xa9" },
		{ "=?x-unknown?q?=E9?=", "\xc3\xa9" },
		{ "(=?utf-8?q?a?=)", "(a)" },
		{ "\"=?utf-8?q?a?=\" b", "\"a\" b" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++)
		assert_text(str_of(cases[i].in), cases[i].want);
}

static void
joins_characters_split_between_words(void **state)
{
	(void)state;
	assert_text(STR("=?utf-8?b?ww==?= =?UTF-8?b?qQ==?="), "\xc3\xa9");
	assert_text(STR("=?utf-8?q?=C3?= =?utf-8?b?qQ==?="), "\xc3\xa9");
	assert_text(STR("=?utf-8?q?=C3?= x =?utf-8?q?=A9?="),
	    "\xc3\x83 x \xc2\xa9");
}

static void
leaves_what_is_no_encoded_word(void **state)
{
	static const char *const cases[] = {
		"=?",
		"=?=?=?",
		"=?utf-8",
		"=?utf-8?",
		"=?utf-8?q",
		"=?utf-8?q?",
		"=?utf-8?q?a",
		"=?utf-8?q?a?",
		"=?utf-8?q?a?x",
		"=?utf-8?x?a?=",
		"=?utf-8?qq?a?=",
		"=??q?a?=",
		"=?u tf?q?a?=",
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++)
		assert_text(str_of(cases[i]), cases[i]);
}

static void
gives_one_clean_line(void **state)
{
	(void)state;
	assert_text(STR("a\r\n b\0c"), "a bc");
	assert_text(STR("=?utf-8?q?a=0D=0Ab=00c?="), "a bc");
	assert_text(STR("a \r\n\t b"), "a b");
	assert_text(STR("\xe9 \xc3\xa9"), "\xc3\xa9 \xc3\xa9");
	assert_text(STR("=?utf-8?q?a b=?="), "a b=");
	assert_text(STR("=?utf-8?q?a=4?="), "a=4");
	assert_text(STR("=?=?utf-8?q?a?="), "=?a");
}

static void
says_when_out_is_full(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 3);
	assert_int_equal(mime_word_decode(&out, STR("=?utf-8?q?abcd?=")), -1);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_as_rfc_2047_shows),
		cmocka_unit_test(joins_characters_split_between_words),
		cmocka_unit_test(leaves_what_is_no_encoded_word),
		cmocka_unit_test(gives_one_clean_line),
		cmocka_unit_test(says_when_out_is_full),
	};

	return cmocka_run_group_tests_name("mime/word", tests, NULL, NULL);
}
