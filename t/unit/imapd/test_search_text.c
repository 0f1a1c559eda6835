#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "imapd/search_text.h"

struct fixture {
	struct arena *arena;
	struct search_room room;
};

static int
setup(void **state)
{
	static struct fixture f;

	f.arena = arena_new(1 << 20);
	search_room_init(&f.room);
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	search_room_clear(&f->room);
	arena_free(f->arena);
	return 0;
}

static void
finds_text_without_case(void **state)
{
	static const struct {
		const char *needle, *text;
		bool found;
	} cases[] = {
		{ "", "", true },
		{ "", "\303\274", true },
		{ "a", "", false },
		{ "abc", "xxABCxx", true },
		{ "ABC", "ab", false },
		{ "ABC", "ababc", true },
		{ "abcabd", "abcabcabd", true },
		{ "aab", "aaaaaab", true },
		{ "aab", "aaaaaa", false },
		{ "[x]", "a[X]", true },
		{ "@", "`", false },
		{ "gr\303\274n", "GR\303\234N", true },
		{ "gr\303\274n", "grun", false },
		{ "abc", "\303\274abc", true },
		/* Kelvin sign, long s: they fold to ASCII */
		{ "k", "\342\204\252", true },
		{ "\303\274", "u\314\210", true },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct search_needle *needle =
		    search_needle_new(f->arena, str_of(cases[i].needle));

		assert_non_null(needle);
		if (search_utf8(&f->room, needle, str_of(cases[i].text)) !=
		    cases[i].found)
			fail_msg("%s in %s", cases[i].needle, cases[i].text);
	}
}

static void
finds_long_needles(void **state)
{
	struct fixture *f = *state;
	struct search_needle *needle;
	char text[2000];

	memset(text, 'a', sizeof(text));
	text[999] = 'b';
	needle = search_needle_new(f->arena, str_make(text, 1000));
	assert_true(search_utf8(&f->room, needle, str_make(text, 2000)));
	assert_false(search_utf8(&f->room, needle, str_make(text, 999)));
	text[999] = 'c';
	assert_false(search_utf8(&f->room, needle, str_make(text, 2000)));
}

#define HEADER                                                                 \
	"From: =?utf-8?q?J=C3=BCrgen?= <j@x>\r\n"                              \
	"Subject: a long\r\n subject\r\n"                                      \
	"X-Spam: yes\r\n\r\n"

/* Needle and text that repeat themselves are found by another way. */
static void
finds_in_what_repeats_itself(void **state)
{
	struct fixture *f = *state;
	static const struct {
		char first, last; /* of the needle; between them "a" */
		bool found;
	} cases[] = {
		{ 'a', 'a', true }, { 'b', 'a', false }, { 'a', 'b', false },
		{ 'Z', 'a', true }, /* behind it stands "zaaa" */
	};
	enum { TEXT = 20000, NEEDLE = 5000 };
	char text[TEXT + NEEDLE], sought[NEEDLE];

	memset(text, 'A', sizeof(text));
	text[TEXT] = 'z';
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct search_needle *needle;

		memset(sought, 'a', sizeof(sought));
		sought[0] = cases[i].first;
		sought[NEEDLE - 1] = cases[i].last;
		needle = search_needle_new(f->arena,
		    str_make(sought, sizeof(sought)));
		assert_int_equal(
		    search_utf8(&f->room, needle, str_make(text, sizeof(text))),
		    cases[i].found);
		assert_int_equal(search_header(&f->room, needle,
				     str_make(text, sizeof(text))),
		    cases[i].found);
	}
}

static void
finds_header_text_decoded(void **state)
{
	static const struct {
		const char *needle;
		bool in_header, in_from, in_subject;
	} cases[] = {
		{ "j\303\274rgen", true, true, false },
		{ "long subject", true, false, true },
		{ "<j@x>", true, true, false },
		{ "x-spam", true, false, false },
		{ "=?utf", false, false, false },
		{ "yesfrom", false, false, false },
		{ "", true, true, true },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct search_needle *needle =
		    search_needle_new(f->arena, str_of(cases[i].needle));
		struct str header = STR(HEADER);

		assert_int_equal(search_header(&f->room, needle, header),
		    cases[i].in_header);
		assert_int_equal(
		    search_field(&f->room, needle, header, STR("from")),
		    cases[i].in_from);
		assert_int_equal(
		    search_field(&f->room, needle, header, STR("SUBJECT")),
		    cases[i].in_subject);
		assert_false(search_field(&f->room, needle, header, STR("Cc")));
	}
}

static bool
search_message(struct fixture *f, const char *text, const char *message)
{
	struct search_needle *needle =
	    search_needle_new(f->arena, str_of(text));
	struct mime_part *root;
	struct err err;

	assert_int_equal(mime_part_parse(&root, NULL, f->arena, str_of(message),
			     &mime_default_limits, &err),
	    0);
	return search_parts(&f->room, needle, root);
}

static void
finds_body_text_decoded(void **state)
{
	static const struct {
		const char *needle, *message;
		bool found;
	} cases[] = {
		{ "hello", "Subject: x\r\n\r\nHello\r\n", true },
		{ "subject", "Subject: x\r\n\r\nHello\r\n", false },
		{ "gr\303\274n",
		    "Content-Type: text/plain; charset=iso-8859-1\r\n"
		    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		    "GR=DCN\r\n",
		    true },
		{ "gr\303\274n",
		    "Content-Type: text/plain; charset=iso-8859-1\r\n\r\n"
		    "gr\374n\r\n",
		    true },
		{ "hello",
		    "Content-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n",
		    true },
		{ "aGVsbG8",
		    "Content-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n",
		    false },
		/* ISO-2022-JP is all ASCII to look at. */
		{ "\346\227\245",
		    "Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n"
		    "\033$BF|\033(B\r\n",
		    true },
		{ "F|",
		    "Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n"
		    "\033$BF|\033(B\r\n",
		    false },
		/* Not in what is no text */
		{ "hello", "Content-Type: image/png\r\n\r\nhello\r\n", false },
		/* In parts, and in headers of messages inside */
		{ "inner",
		    "Content-Type: message/rfc822\r\n\r\n"
		    "Subject: inner\r\n\r\nx\r\n",
		    true },
		{ "two",
		    "Content-Type: multipart/mixed; boundary=a\r\n\r\n"
		    "--a\r\n\r\none\r\n--a\r\n\r\ntwo\r\n--a--\r\n",
		    true },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < NELEMS(cases); i++)
		if (search_message(f, cases[i].needle, cases[i].message) !=
		    cases[i].found)
			fail_msg("case %zu: %s", i, cases[i].needle);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_text_without_case),
		cmocka_unit_test(finds_long_needles),
		cmocka_unit_test(finds_in_what_repeats_itself),
		cmocka_unit_test(finds_header_text_decoded),
		cmocka_unit_test(finds_body_text_decoded),
	};

	return cmocka_run_group_tests_name("imapd/search_text", tests, setup,
	    teardown);
}
