#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"

static void
compares_bytes_and_letters(void **state)
{
	static const struct {
		const char *a, *b;
		bool eq, ieq;
	} cases[] = {
		{ "", "", true, true }, { "a", "", false, false },
		{ "abc", "abc", true, true }, { "aBc", "AbC", false, true },
		{ "a\xc3\x84", "a\xc3\xa4", false, false }, /* ASCII only */
		{ "[", "{", false, false }, /* 0x20 apart, no letters */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str a = str_of(cases[i].a), b = str_of(cases[i].b);

		assert_int_equal(str_eq(a, b), cases[i].eq);
		assert_int_equal(str_ieq(a, b), cases[i].ieq);
		assert_int_equal(str_eq_secret(a, b), cases[i].eq);
	}
	assert_true(str_cmp(STR("a"), STR("ab")) < 0);
	assert_true(str_cmp(STR("b"), STR("ab")) > 0);
	assert_true(str_cmp(STR("\x7f"), STR("\x80")) < 0);
	assert_true(str_icmp(STR("B"), STR("a")) > 0);
}

static void
takes_the_words_of_a_list(void **state)
{
	static const struct {
		const char *list, *words; /* each with a "|" behind */
	} cases[] = {
		{ "", "" },
		{ " ,\t", "" },
		{ "a", "a|" },
		{ "a b,c, d\te\nf,,g ", "a|b|c|d|e|f|g|" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str rest = str_of(cases[i].list), word;
		struct str want = str_of(cases[i].words);

		while (str_take_word(&rest, &word)) {
			assert_true(str_take_str(&want, word));
			assert_true(str_take(&want, '|'));
			assert_true(str_list_has(str_of(cases[i].list), word));
		}
		assert_int_equal(want.len, 0);
		assert_false(str_list_has(str_of(cases[i].list), STR("")));
	}
	assert_true(str_list_has(STR("one, Two"), STR("tWO")));
	assert_false(str_list_has(STR("one, two"), STR("tw")));
}

static void
finds_the_first_and_the_last(void **state)
{
	struct str s = STR("a.b.c");

	(void)state;
	assert_int_equal(str_chr(s, '.'), 1);
	assert_int_equal(str_rchr(s, '.'), 3);
	assert_int_equal(str_chr(s, 'x'), -1);
	assert_int_equal(str_chr(STR(""), 'x'), -1);
	assert_int_equal(str_find(s, STR("b.")), 2);
	assert_int_equal(str_find(s, STR("")), 0);
	assert_int_equal(str_find(s, STR("a.b.c.d")), -1);
}

static void
clips_what_lies_outside(void **state)
{
	(void)state;
	assert_true(str_eqz(str_sub(STR("abc"), 1, 2), "b"));
	assert_true(str_eqz(str_sub(STR("abc"), 1, 99), "bc"));
	assert_int_equal(str_sub(STR("abc"), 9, 99).len, 0);
	assert_int_equal(str_sub(STR("abc"), 2, 1).len, 0);
	assert_true(str_eqz(str_trim(STR(" \t a b\r\n")), "a b"));
	assert_int_equal(str_trim(STR("   ")).len, 0);
	assert_true(str_iends(STR("x@EXAMPLE.org"), STR("example.ORG")));
	assert_false(str_ends(STR("b"), STR("ab")));
}

static void
splits_into_every_part_empty_ones_too(void **state)
{
	static const char *const parts[] = { "", "a", "", "b", "" };
	struct str rest = STR(",a,,b,"), part;
	size_t n = 0;

	(void)state;
	while (str_split(&rest, ',', &part)) {
		assert_true(n < 5);
		assert_true(str_eqz(part, parts[n]));
		n++;
	}
	assert_int_equal(n, 5);
}

static void
takes_only_what_is_there(void **state)
{
	struct str in = STR("FeTch 1");

	(void)state;
	assert_false(str_take(&in, 'x'));
	assert_false(str_take_str(&in, STR("FETCH")));
	assert_true(str_itake_str(&in, STR("FETCH")));
	assert_true(str_take(&in, ' '));
	assert_true(str_eqz(in, "1"));
	assert_false(str_take_str(&in, STR("12")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compares_bytes_and_letters),
		cmocka_unit_test(takes_the_words_of_a_list),
		cmocka_unit_test(finds_the_first_and_the_last),
		cmocka_unit_test(clips_what_lies_outside),
		cmocka_unit_test(splits_into_every_part_empty_ones_too),
		cmocka_unit_test(takes_only_what_is_there),
	};

	return cmocka_run_group_tests_name("base/str", tests, NULL, NULL);
}
