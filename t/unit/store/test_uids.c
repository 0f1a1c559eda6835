#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/num.h"
#include "store/uids.h"

/* first, last pairs; ends with 0. */
static struct store_uids
set_of(const uint32_t *runs)
{
	struct store_uids set = { 0 };

	for (; *runs != 0; runs += 2)
		store_uids_append(&set, runs[0], runs[1]);
	return set;
}

static void
sequence_numbers_count_members(void **state)
{
	static const uint32_t runs[] = { 2, 4, 7, 7, 10, 12, 0 };
	static const uint32_t uids[] = { 2, 3, 4, 7, 10, 11, 12 };
	struct store_uids set = set_of(runs);
	uint32_t seq = 0;

	(void)state;
	assert_int_equal(store_uids_count(&set), NELEMS(uids));
	for (uint32_t uid = 0; uid < 15; uid++) {
		bool is_in = seq < NELEMS(uids) && uids[seq] == uid;

		assert_int_equal(store_uids_has(&set, uid), is_in);
		assert_int_equal(store_uids_seq(&set, uid),
		    is_in ? seq + 1 : 0);
		if (is_in)
			seq++;
		assert_int_equal(store_uids_at(&set, uid),
		    uid > 0 && uid <= NELEMS(uids) ? uids[uid - 1] : 0);
		assert_int_equal(store_uids_next(&set, uid),
		    uid > 12  ? 0 :
			is_in ? uid :
				uids[seq]);
	}
	assert_int_equal(store_uids_last(&set), 12);
	store_uids_clear(&set);
	assert_int_equal(store_uids_count(&set), 0);
	assert_int_equal(store_uids_at(&set, 1), 0);
	assert_int_equal(store_uids_next(&set, 1), 0);
	assert_int_equal(store_uids_last(&set), 0);
}

static void
neighbours_become_one_run(void **state)
{
	struct store_uids set = { 0 };

	(void)state;
	for (uint32_t uid = 1; uid <= 20000; uid++)
		store_uids_append(&set, uid, uid);
	assert_int_equal(set.len, 1);
	assert_int_equal(store_uids_seq(&set, 20000), 20000);
	store_uids_clear(&set);
}

/* Whatever goes in or out, the rest is as it was, in as few runs as can be. */
static void
changes_leave_the_others(void **state)
{
	enum { MAX = 60 };
	uint64_t seed = 7;

	(void)state;
	for (int round = 0; round < 200; round++) {
		bool in[MAX + 1] = { false };
		struct store_uids set = { 0 };

		for (uint32_t uid = 1; uid <= MAX; uid++) {
			seed = seed * 6364136223846793005ULL + 1;
			in[uid] = seed >> 62 != 0;
			if (in[uid])
				store_uids_append(&set, uid, uid);
		}
		for (int i = 0; i < 40; i++) {
			uint32_t uid, seq = 0;
			size_t runs = 0;

			seed = seed * 6364136223846793005ULL + 1;
			uid = 1 + (uint32_t)(seed >> 33) % MAX;
			if (seed >> 63 != 0) {
				assert_int_equal(store_uids_remove(&set, uid),
				    in[uid]);
				in[uid] = false;
			} else {
				assert_int_equal(store_uids_add(&set, uid),
				    !in[uid]);
				in[uid] = true;
			}
			for (uid = 1; uid <= MAX; uid++) {
				assert_int_equal(store_uids_seq(&set, uid),
				    in[uid] ? ++seq : 0);
				runs += in[uid] && !in[uid - 1];
			}
			assert_int_equal(store_uids_count(&set), seq);
			assert_int_equal(set.len, runs);
		}
		store_uids_clear(&set);
	}
}

static void
the_wire_is_checked(void **state)
{
	static const struct {
		uint32_t n[6];
		size_t len; /* bytes */
		bool good;
	} cases[] = {
		{ { 0 }, 0, true },
		{ { 1, 1 }, 8, true },
		{ { 1, UINT32_MAX }, 8, true },
		{ { 1, 2, 4, 9, 11, 11 }, 24, true },
		{ { 1, 2, 3, 9 }, 16, true },
		{ { 0, 1 }, 8, false },
		{ { 2, 1 }, 8, false },
		{ { 1, 5, 5, 6 }, 16, false },
		{ { 5, 6, 1, 2 }, 16, false },
		{ { 1, UINT32_MAX, 1, 2 }, 16, false },
		{ { 1, 1 }, 7, false },
		{ { 1, 1 }, 4, false },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		unsigned char bytes[24];
		struct store_uids set;
		struct buf out;
		struct err err;

		for (int j = 0; j < 6; j++)
			num_put_u32(bytes + j * 4, cases[i].n[j]);
		assert_int_equal(store_uids_decode(&set,
				     str_make(bytes, cases[i].len), &err),
		    cases[i].good ? 0 : -1);
		if (!cases[i].good) {
			assert_int_equal(err.kind, ERR_SYNTAX);
			assert_int_equal(set.len, 0);
			continue;
		}
		buf_init(&out, 0);
		assert_int_equal(store_uids_encode(&out, &set), 0);
		if (i != 4) /* runs that touch are written as one */
			assert_true(str_eq(buf_str(&out),
			    str_make(bytes, cases[i].len)));
		buf_clear(&out);
		store_uids_clear(&set);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sequence_numbers_count_members),
		cmocka_unit_test(neighbours_become_one_run),
		cmocka_unit_test(changes_leave_the_others),
		cmocka_unit_test(the_wire_is_checked),
	};

	return cmocka_run_group_tests_name("store/uids", tests, NULL, NULL);
}
