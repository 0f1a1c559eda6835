#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/attr.h"
#include "imap/seqset.h"

enum { ARENA = 1 << 20 };

static void
parses_what_the_grammar_allows(void **state)
{
	static const struct {
		const char *in;
		uint32_t max;
		const char *out, *rest;
	} cases[] = {
		{ "1", 9, "1", "" },
		{ "*", 9, "9", "" },
		{ "*:*", 9, "9", "" },
		{ "2,4:7,9,12:*", 15, "2,4:7,9,12:15", "" },
		{ "12:*", 9, "9", "" },
		{ "*:12,4", 9, "4,9", "" },
		{ "*:3", 9, "3:9", "" },
		{ "7:4", 9, "4:7", "" },
		{ "1,2,3", 9, "1:3", "" },
		{ "3,2,1", 9, "1:3", "" },
		{ "9,1:3,2:5,4", 9, "1:5,9", "" },
		{ "5,1:9", 9, "1:9", "" },
		{ "4294967295,4294967294", 9, "4294967294:4294967295", "" },
		{ "1:4294967295,7", 9, "1:4294967295", "" },
		{ "7,1:4294967295,9", 9, "1:4294967295", "" },
		{ "1:* (FLAGS)", 3, "1:3", " (FLAGS)" },
		{ "*", 0, "0", "" },
		{ "1:*", 0, "0", "" },
	};
	struct arena *arena = arena_new(ARENA);

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i].in);
		struct seqset set;
		struct buf out;
		struct err err;

		buf_init(&out, 100);
		assert_int_equal(
		    seqset_parse(&set, arena, &in, cases[i].max, &err), 0);
		assert_int_equal(seqset_put(&out, &set), 0);
		assert_string_equal(buf_cstr(&out), cases[i].out);
		assert_true(str_eqz(in, cases[i].rest));
		buf_clear(&out);
	}
	arena_free(arena);
}

static void
stops_at_the_byte_it_cannot_accept(void **state)
{
	static const struct {
		const char *in;
		size_t at;
	} cases[] = {
		{ "", 0 },
		{ "0", 0 },
		{ "x", 0 },
		{ "1,", 2 },
		{ "1:", 2 },
		{ "1,x", 2 },
		{ "1,0", 2 },
		{ "1:*,", 4 },
		{ "4294967296", 0 },
	};
	struct arena *arena = arena_new(ARENA);

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i].in);
		struct seqset set;
		struct err err;

		assert_int_equal(seqset_parse(&set, arena, &in, 9, &err), -1);
		assert_int_equal(err.kind, ERR_SYNTAX);
		assert_ptr_equal(in.p, cases[i].in + cases[i].at);
		assert_int_equal(set.len, 0);
	}
	arena_free(arena);
}

/* count ranges that do not touch: 1,3,5,... */
static int
parse_many(struct arena *arena, int count, struct err *err)
{
	struct seqset set;
	struct buf text;
	struct str in;
	int ret;

	buf_init(&text, 0);
	for (int i = 0; i < count; i++)
		(void)buf_addf(&text, "%s%d", i == 0 ? "" : ",", 2 * i + 1);
	in = buf_str(&text);
	ret = seqset_parse(&set, arena, &in, 9, err);
	if (ret == 0)
		assert_int_equal(set.len, count);
	buf_clear(&text);
	return ret;
}

static void
bounds_the_number_of_ranges(void **state)
{
	struct arena *arena = arena_new(ARENA), *small = arena_new(64);
	struct err err;

	(void)state;
	assert_int_equal(parse_many(arena, SEQSET_MAX, &err), 0);
	arena_reset(arena);
	assert_int_equal(parse_many(arena, SEQSET_MAX + 1, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(parse_many(small, 9, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	arena_free(arena);
	arena_free(small);
}

static void
knows_what_is_inside(void **state)
{
	struct arena *arena = arena_new(ARENA);
	struct str in = STR("9,2:4,4294967295");
	struct seqset set, empty = { 0 };
	struct err err;

	(void)state;
	assert_int_equal(seqset_parse(&set, arena, &in, 9, &err), 0);
	assert_false(seqset_has(&set, 0));
	assert_false(seqset_has(&set, 1));
	assert_true(seqset_has(&set, 2));
	assert_true(seqset_has(&set, 4));
	assert_false(seqset_has(&set, 5));
	assert_true(seqset_has(&set, 9));
	assert_false(seqset_has(&set, 10));
	assert_true(seqset_has(&set, UINT32_MAX));
	assert_int_equal(seqset_count(&set), 5);
	assert_int_equal(seqset_highest(&set), UINT32_MAX);
	assert_false(seqset_has(&empty, 1));
	assert_int_equal(seqset_highest(&empty), 0);
	assert_true(seqset_is_next(STR("*")));
	assert_true(seqset_is_next(STR("1:2")));
	assert_false(seqset_is_next(STR("ALL")));
	assert_false(seqset_is_next(STR("")));
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_what_the_grammar_allows),
		cmocka_unit_test(stops_at_the_byte_it_cannot_accept),
		cmocka_unit_test(bounds_the_number_of_ranges),
		cmocka_unit_test(knows_what_is_inside),
	};

	return cmocka_run_group_tests_name("imap/seqset", tests, NULL, NULL);
}
