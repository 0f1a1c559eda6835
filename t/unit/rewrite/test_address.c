#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "rewrite/address.h"

static void
divides_into_parts(void **state)
{
	static const struct {
		const char *text, *local, *detail, *domain, *full;
	} cases[] = {
		{ "ada@example.org", "ada", "", "example.org",
		    "ada@example.org" },
		{ "Ada@Example.ORG", "ada", "", "example.org",
		    "ada@example.org" },
		{ "ada+Lists@example.org", "ada", "Lists", "example.org",
		    "ada+Lists@example.org" },
		{ "ada+@example.org", "ada", "", "example.org",
		    "ada+@example.org" },
		{ "a+b+c@d", "a", "b+c", "d", "a+b+c@d" },
		{ "+x@d", "+x", "", "d", "+x@d" },
		{ "@example.org", "", "", "example.org", "@example.org" },
		{ "\"a@b\"@d", "\"a@b\"", "", "d", "\"a@b\"@d" },
		{ "Postmaster", "postmaster", "", "", "postmaster@" },
		{ "caf\xc3\xa9@d", "caf\xc3\xa9", "", "d", "caf\xc3\xa9@d" },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct arena *arena = arena_new(0);
		struct address a;
		struct err err;

		assert_int_equal(
		    address_parse(&a, str_of(cases[i].text), '+', arena, &err),
		    0);
		assert_true(str_eqz(a.local, cases[i].local));
		assert_true(str_eqz(a.detail, cases[i].detail));
		assert_true(str_eqz(a.domain, cases[i].domain));
		assert_true(
		    str_eqz(address_full(&a, '+', arena), cases[i].full));
		arena_free(arena);
	}
}

static void
refuses_what_cannot_be_looked_up(void **state)
{
	static const struct str cases[] = {
		STR(""),
		STR("ada"),
		STR("ada@"),
		STR("a\nb@d"),
		STR("a\0b@d"),
		STR("a\x7f@d"),
		STR("\xff@d"),
	};
	char longest[400];
	struct arena *arena = arena_new(0);
	struct address a;
	struct err err;

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		assert_int_equal(address_parse(&a, cases[i], '+', arena, &err),
		    -1);
		assert_int_equal(err.kind, ERR_SYNTAX);
	}
	memset(longest, 'a', sizeof(longest));
	longest[64] = '@';
	assert_int_equal(
	    address_parse(&a, str_make(longest, 320), 0, arena, &err), 0);
	assert_int_equal(
	    address_parse(&a, str_make(longest, 321), 0, arena, &err), -1);
	arena_free(arena);
}

static void
knows_no_detail_without_a_delimiter(void **state)
{
	struct arena *arena = arena_new(0);
	struct address a;
	struct err err;

	(void)state;
	assert_int_equal(address_parse(&a, STR("a+b@d"), 0, arena, &err), 0);
	assert_true(str_eqz(a.local, "a+b"));
	assert_false(a.has_detail);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(divides_into_parts),
		cmocka_unit_test(refuses_what_cannot_be_looked_up),
		cmocka_unit_test(knows_no_detail_without_a_delimiter),
	};

	return cmocka_run_group_tests_name("rewrite/address", tests, NULL,
	    NULL);
}
