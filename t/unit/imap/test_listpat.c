#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "imap/listpat.h"

static void
matches_names(void **state)
{
	static const struct {
		const char *pattern, *name;
		size_t caseless;
		bool match;
	} cases[] = {
		{ "", "", 0, true },
		{ "", "a", 0, false },
		{ "a", "", 0, false },
		{ "a", "a", 0, true },
		{ "a", "A", 0, false },
		{ "inbox", "INBOX", 5, true },
		{ "InBox/a", "INBOX/a", 5, true },
		{ "InBox/A", "INBOX/a", 5, false },
		{ "in%", "INBOX", 5, true },
		{ "*ox", "INBOX", 5, true },
		{ "*", "", 0, true },
		{ "*", "a/b/c", 0, true },
		{ "%", "", 0, true },
		{ "%", "a", 0, true },
		{ "%", "a/b", 0, false },
		{ "%/%", "a/b", 0, true },
		{ "%/%", "a", 0, false },
		{ "%/%", "a/b/c", 0, false },
		{ "a/%", "a/", 0, true },
		{ "a/%", "a", 0, false },
		{ "a*", "a/b", 0, true },
		{ "a%", "a/b", 0, false },
		{ "a%b", "axxb", 0, true },
		{ "a%b", "ax/b", 0, false },
		{ "a*b", "ax/b", 0, true },
		{ "a*b", "ax/bc", 0, false },
		{ "%b%", "abab", 0, true },
		{ "*/b/%", "a/x/b/c", 0, true },
		{ "*/b/%", "a/x/b/c/d", 0, false },
		{ "%*", "a/b", 0, true },
		{ "*%", "a/b", 0, true },
		{ "%%", "a/b", 0, false },
		{ "gr\303\274%", "gr\303\274n", 0, true },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct listpat pat;
		struct err err;

		assert_int_equal(
		    listpat_init(&pat, str_of(cases[i].pattern), '/', &err), 0);
		if (listpat_match(&pat, str_of(cases[i].name),
			cases[i].caseless) != cases[i].match)
			fail_msg("\"%s\" on \"%s\"", cases[i].pattern,
			    cases[i].name);
	}
}

static void
bounds_the_pattern(void **state)
{
	char text[LISTPAT_MAX + 1];
	struct listpat pat;
	struct err err;

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_int_equal(
	    listpat_init(&pat, str_make(text, LISTPAT_MAX), '/', &err), 0);
	assert_true(listpat_match(&pat, str_make(text, LISTPAT_MAX), 0));
	assert_int_equal(
	    listpat_init(&pat, str_make(text, LISTPAT_MAX + 1), '/', &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
}

/* A matcher that backtracks would need more years than there are. */
static void
needs_no_backtracking(void **state)
{
	char text[LISTPAT_MAX], name[480];
	struct listpat pat;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 2 == 0 ? '*' : 'a';
	text[sizeof(text) - 1] = 'b';
	memset(name, 'a', sizeof(name));
	assert_int_equal(
	    listpat_init(&pat, str_make(text, sizeof(text)), '/', &err), 0);
	assert_false(listpat_match(&pat, str_make(name, sizeof(name)), 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_names),
		cmocka_unit_test(bounds_the_pattern),
		cmocka_unit_test(needs_no_backtracking),
	};

	return cmocka_run_group_tests_name("imap/listpat", tests, NULL, NULL);
}
