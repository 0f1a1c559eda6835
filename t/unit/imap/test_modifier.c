#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "imap/modifier.h"

enum { ARENA = 1 << 20 };

static void
put_select(struct buf *out, const struct modifier_select *select)
{
	const struct modifier_qresync *known = &select->resync;

	if (select->condstore)
		(void)buf_addz(out, "condstore ");
	if (!select->qresync)
		return;
	(void)buf_addf(out, "qresync %u %llu", known->uidvalidity,
	    (unsigned long long)known->modseq);
	if (known->has_uids) {
		(void)buf_addc(out, ' ');
		(void)seqset_put(out, &known->uids);
	}
	if (known->match_seq.len > 0) {
		(void)buf_addc(out, ' ');
		(void)seqset_put(out, &known->match_seq);
		(void)buf_addc(out, '=');
		(void)seqset_put(out, &known->match_uid);
	}
}

static void
takes_parameters_of_select(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" },
		{ " (CONDSTORE)", "condstore " },
		{ " (condstore qresync (1 2))", "condstore qresync 1 2" },
		{ " (QRESYNC (67890007 20050715194045000 41,43:211))",
		    "qresync 67890007 20050715194045000 41,43:211" },
		{ " (QRESYNC (7 0 1:9 (1,3:4 2,8:9)))",
		    "qresync 7 0 1:9 1,3:4=2,8:9" },
		{ " (QRESYNC (7 9 (1,3 2,8)))", "qresync 7 9 1,3=2,8" },
		{ " (QRESYNC (4294967295 9223372036854775807))",
		    "qresync 4294967295 9223372036854775807" },
	};
	struct arena *arena = arena_new(ARENA);

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i].in);
		struct modifier_select select;
		struct buf out;
		struct err err;

		buf_init(&out, 1000);
		assert_int_equal(
		    modifier_parse_select(arena, &in, &select, &err), 0);
		put_select(&out, &select);
		assert_string_equal(buf_cstr(&out), cases[i].out);
		assert_int_equal(in.len, 0);
		buf_clear(&out);
	}
	arena_free(arena);
}

static void
refuses_other_parameters_of_select(void **state)
{
	static const struct {
		const char *in;
		size_t at;
	} cases[] = {
		{ " ()", 2 },
		{ " (CONDSTORE", 11 },
		{ " (CONDSTORED)", 2 },
		{ " (CONDSTORE CONDSTORE)", 12 },
		{ " (QRESYNC)", 9 },
		{ " (QRESYNC (0 1))", 11 },
		{ " (QRESYNC (1))", 12 },
		{ " (QRESYNC (1 x))", 13 },
		{ " (QRESYNC (1 9223372036854775808))", 13 },
		{ " (QRESYNC (1 1 1:*))", 17 },
		{ " (QRESYNC (1 1 (1 2,3)))", 21 },
		{ " (QRESYNC (1 1 (1,3 2)))", 21 },
		{ " (QRESYNC (1 1 (* 2)))", 16 },
		{ " (QRESYNC (1 1 (1 2) 5))", 20 },
	};
	struct arena *arena = arena_new(ARENA);

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i].in);
		struct modifier_select select;
		struct err err;

		assert_int_equal(
		    modifier_parse_select(arena, &in, &select, &err), -1);
		assert_int_equal(err.kind, ERR_SYNTAX);
		assert_int_equal(in.p - cases[i].in, cases[i].at);
	}
	arena_free(arena);
}

static void
takes_modifiers_of_fetch(void **state)
{
	static const struct {
		const char *in;
		int ret;
		bool changed, vanished;
		uint64_t since;
	} cases[] = {
		{ "", 0, false, false, 0 },
		{ " (CHANGEDSINCE 12345)", 0, true, false, 12345 },
		{ " (changedsince 0 vanished)", 0, true, true, 0 },
		{ " (VANISHED CHANGEDSINCE 7)", 0, true, true, 7 },
		{ " (VANISHED)", -1, false, true, 0 },
		{ " (CHANGEDSINCE)", -1, true, false, 0 },
		{ " (CHANGEDSINCE 1 CHANGEDSINCE 2)", -1, true, false, 1 },
		{ " (CHANGEDSINCE 1", -1, true, false, 1 },
		{ " (UNCHANGEDSINCE 1)", -1, false, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i].in);
		struct modifier_fetch fetch;
		struct err err;

		assert_int_equal(modifier_parse_fetch(&in, &fetch, &err),
		    cases[i].ret);
		assert_int_equal(fetch.changed, cases[i].changed);
		assert_int_equal(fetch.vanished, cases[i].vanished);
		assert_int_equal(fetch.since, cases[i].since);
	}
}

static void
takes_the_modifier_of_store(void **state)
{
	static const struct {
		const char *in;
		int ret;
		bool conditional;
		uint64_t since;
	} cases[] = {
		{ " FLAGS", 0, false, UINT64_MAX },
		{ " (UNCHANGEDSINCE 0) FLAGS", 0, true, 0 },
		{ " (unchangedsince 320162338)", 0, true, 320162338 },
		{ " (UNCHANGEDSINCE)", -1, true, UINT64_MAX },
		{ " (UNCHANGEDSINCE -1)", -1, true, UINT64_MAX },
		{ " (CHANGEDSINCE 1)", -1, true, UINT64_MAX },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i].in);
		struct modifier_store store;
		struct err err;

		assert_int_equal(modifier_parse_store(&in, &store, &err),
		    cases[i].ret);
		assert_int_equal(store.conditional, cases[i].conditional);
		assert_int_equal(store.since, cases[i].since);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_parameters_of_select),
		cmocka_unit_test(refuses_other_parameters_of_select),
		cmocka_unit_test(takes_modifiers_of_fetch),
		cmocka_unit_test(takes_the_modifier_of_store),
	};

	return cmocka_run_group_tests_name("imap/modifier", tests, NULL, NULL);
}
