#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ipc/handover_msg.h"
#include "pop3d/park_state.h"

static void
fill(struct maildrop *drop, uint32_t count)
{
	*drop = (struct maildrop){ 0 };
	for (uint32_t i = 0; i < count; i++) {
		maildrop_add(drop, i * 1000 + 1, i % 5 * UINT32_C(123456789),
		    i % 2);
		drop->item[i].deleted = i % 3 == 0;
		drop->item[i].read = i % 7 == 0;
		drop->item[i].old = i % 11 == 0;
		drop->item[i].wide = i % 2 == 0;
		drop->item[i].measured = i % 4 == 0;
		drop->item[i].refused = i % 8 == 0;
	}
}

static void
comes_back_as_it_was(void **state)
{
	static const uint32_t counts[] = { 0, 1, 2, 500 };

	(void)state;
	for (size_t n = 0; n < NELEMS(counts); n++) {
		struct maildrop one, two = { 0 };
		struct buf out;
		struct err err;

		fill(&one, counts[n]);
		buf_init(&out, 0);
		park_state_pack(&out, &one);
		assert_int_equal(
		    park_state_unpack(&two, counts[n], buf_str(&out), &err), 0);
		assert_int_equal(two.count, one.count);
		for (size_t i = 0; i < one.count; i++) {
			assert_int_equal(two.item[i].uid, one.item[i].uid);
			assert_int_equal(two.item[i].size, one.item[i].size);
			assert_int_equal(two.item[i].deleted,
			    one.item[i].deleted);
			assert_int_equal(two.item[i].seen, one.item[i].seen);
			assert_int_equal(two.item[i].read, one.item[i].read);
			assert_int_equal(two.item[i].old, one.item[i].old);
			assert_int_equal(two.item[i].wide, one.item[i].wide);
			assert_int_equal(two.item[i].measured,
			    one.item[i].measured);
			assert_int_equal(two.item[i].refused,
			    one.item[i].refused);
		}
		buf_clear(&out);
		maildrop_clear(&one);
		maildrop_clear(&two);
	}
}

static void
a_usual_maildrop_of_800_fits(void **state)
{
	struct maildrop drop = { 0 };
	struct buf out;

	(void)state;
	for (uint32_t i = 1; i <= 800; i++)
		maildrop_add(&drop, i, 30000, true);
	buf_init(&out, HANDOVER_PARKED_MAX);
	park_state_pack(&out, &drop);
	assert_false(out.full);
	for (uint32_t i = 801; i <= 1100; i++)
		maildrop_add(&drop, i, 30000, true);
	buf_reset(&out);
	park_state_pack(&out, &drop);
	assert_true(out.full);
	buf_clear(&out);
	maildrop_clear(&drop);
}

static void
bytes_that_do_not_fit_are_refused(void **state)
{
	static const struct {
		const char *in;
		size_t len;
		uint32_t count;
		int ret;
	} cases[] = {
		{ "", 0, 0, 0 },
		{ "\1\40", 2, 1, 0 },
		{ "\1\60\3", 3, 1, 0 },
		{ "\1\60\4", 3, 1, -1 },
		{ "\1\60", 2, 1, -1 },
		{ "\1\10", 2, 2, -1 },
		{ "\1\10", 2, 0, -1 },
		{ "\0\10", 2, 1, -1 },
		{ "\1", 1, 1, -1 },
		{ "\1\200", 2, 1, -1 },
		{ "\377\377\377\377\17\0", 6, 1, 0 },
		{ "\377\377\377\377\17\0\1\0", 8, 2, -1 },
		{ "\1\357\377\377\377\377\3", 7, 1, 0 },
		{ "\1\377\377\377\377\377\4", 7, 1, -1 },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct maildrop drop = { 0 };
		struct err err;

		assert_int_equal(park_state_unpack(&drop, cases[i].count,
				     str_make(cases[i].in, cases[i].len), &err),
		    cases[i].ret);
		maildrop_clear(&drop);
	}
}

static void
a_state_comes_back(void **state)
{
	struct park_state one = { .user = 3,
		.utf8 = true,
		.octets = UINT64_MAX },
			  two;
	struct arena *arena = arena_new(0);
	struct err err;
	struct buf out;

	(void)state;
	buf_init(&out, 0);
	assert_int_equal(park_state_encode(&out, &one, &err), 0);
	assert_int_equal(park_state_decode(&two, buf_str(&out), arena, &err),
	    0);
	assert_int_equal(two.user, 3);
	assert_true(two.utf8);
	assert_int_equal(two.octets, UINT64_MAX);
	for (size_t len = 0; len < out.len; len++)
		assert_int_equal(park_state_decode(&two,
				     str_sub(buf_str(&out), 0, len), arena,
				     &err),
		    -1);
	buf_clear(&out);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back_as_it_was),
		cmocka_unit_test(a_usual_maildrop_of_800_fits),
		cmocka_unit_test(bytes_that_do_not_fit_are_refused),
		cmocka_unit_test(a_state_comes_back),
	};

	return cmocka_run_group_tests_name("pop3d/park_state", tests, NULL,
	    NULL);
}
