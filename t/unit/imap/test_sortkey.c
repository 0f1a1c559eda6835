#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "imap/sortkey.h"

static void
takes_criteria(void **state)
{
	static const struct {
		const char *in;
		size_t len;
		struct sortkey last;
	} cases[] = {
		{ "(DATE)", 1, { SORTKEY_DATE, false } },
		{ "(arrival reverse size)", 2, { SORTKEY_SIZE, true } },
		{ "(SUBJECT REVERSE DISPLAYFROM)", 2,
		    { SORTKEY_DISPLAYFROM, true } },
		{ "(CC DISPLAYTO FROM TO)", 4, { SORTKEY_TO, false } },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i].in);
		struct sortkey_list list;
		struct err err;

		assert_int_equal(sortkey_parse(&in, &list, &err), 0);
		assert_int_equal(in.len, 0);
		assert_int_equal(list.len, cases[i].len);
		assert_int_equal(list.key[list.len - 1].kind,
		    cases[i].last.kind);
		assert_int_equal(list.key[list.len - 1].reverse,
		    cases[i].last.reverse);
	}
}

static void
stops_at_what_it_cannot_accept(void **state)
{
	static const struct {
		const char *in;
		size_t at;
		enum err_kind kind;
	} cases[] = {
		{ "", 0, ERR_SYNTAX },
		{ "DATE", 0, ERR_SYNTAX },
		{ "()", 1, ERR_SYNTAX },
		{ "(DATES)", 1, ERR_SYNTAX },
		{ "(REVERSE)", 1, ERR_SYNTAX },
		{ "(REVERSE REVERSE DATE)", 9, ERR_SYNTAX },
		{ "(DATE", 5, ERR_SYNTAX },
		{ "(CC CC CC CC CC CC CC CC CC CC CC CC CC CC CC CC CC CC CC)",
		    55, ERR_LIMIT },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i].in);
		struct sortkey_list list;
		struct err err;

		assert_int_equal(sortkey_parse(&in, &list, &err), -1);
		assert_int_equal(err.kind, cases[i].kind);
		assert_int_equal(in.p - cases[i].in, cases[i].at);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_criteria),
		cmocka_unit_test(stops_at_what_it_cannot_accept),
	};

	return cmocka_run_group_tests_name("imap/sortkey", tests, NULL, NULL);
}
