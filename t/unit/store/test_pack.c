#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "store/journal.h"
#include "store/pack.h"
#include "store/wire.h"

static const char body[] = "Subject: x\r\n\r\nbody\r\n";

static void
a_record_is_known_by_all_of_it(void **state)
{
	struct store_record want = { STORE_RECORD_MESSAGE, sizeof(body), 77,
		{ 0 } };
	char bytes[STORE_RECORD_HEAD + sizeof(body) + 1];
	struct str whole = { bytes, sizeof(bytes) - 1 }, found;
	struct err err;

	(void)state;
	store_guid_make(want.guid, str_make(body, sizeof(body)));
	store_record_encode((unsigned char *)bytes, &want);
	memcpy(bytes + STORE_RECORD_HEAD, body, sizeof(body));
	assert_int_equal(store_record_check(&want, whole, &found, &err), 0);
	assert_true(str_eq(found, str_make(body, sizeof(body))));
	/* A bit wrong anywhere, a byte less or more. */
	for (size_t i = 0; i < whole.len; i++) {
		bytes[i] ^= 0x20;
		assert_int_equal(store_record_check(&want, whole, &found, &err),
		    -1);
		assert_int_equal(err.kind, ERR_CORRUPT);
		bytes[i] ^= 0x20;
		assert_int_equal(
		    store_record_check(&want, str_make(bytes, i), &found, &err),
		    -1);
	}
	assert_int_equal(store_record_check(&want,
			     str_make(bytes, whole.len + 1), &found, &err),
	    -1);
	/* Another message's record is not this one, though it is whole. */
	want.blob++;
	assert_int_equal(store_record_check(&want, whole, &found, &err), -1);
	want.blob--;
	want.guid[0] ^= 1;
	assert_int_equal(store_record_check(&want, whole, &found, &err), -1);
}

static void
guids_of_equal_bodies_differ(void **state)
{
	unsigned char a[STORE_GUID_SIZE], b[STORE_GUID_SIZE];
	char name[STORE_LARGE_NAME];

	(void)state;
	store_guid_make(a, str_make(body, sizeof(body)));
	store_guid_make(b, str_make(body, sizeof(body)));
	assert_memory_not_equal(a, b, sizeof(a));
	assert_true(store_guid_check(a, str_make(body, sizeof(body))));
	assert_false(store_guid_check(a, str_make(body, sizeof(body) - 1)));
	store_large_name(name, UINT64_MAX);
	assert_string_equal(name, "ffffffffffffffff");
}

static void
journals_give_back_what_was_put(void **state)
{
	struct store_journal_entry entry;
	struct buf out;
	struct str in;
	struct err err;
	size_t at;

	(void)state;
	buf_init(&out, 0);
	store_journal_begin(&out);
	assert_true(store_journal_is_empty(&out));
	at = store_journal_put(&out, STORE_TAB_HOT, STR("key"), STR("row"));
	store_journal_del(&out, STORE_TAB_MOD, STR("gone"));
	(void)store_journal_put(&out, STORE_TAB_PLACE, STR("p"), STR(""));
	assert_memory_equal(out.p + at, "row", 3);
	in = buf_str(&out);
	assert_true(store_journal_is(in));
	assert_int_equal(store_journal_open(&in, &err), 0);
	assert_int_equal(store_journal_next(&in, &entry, &err), 1);
	assert_true(entry.table == STORE_TAB_HOT && !entry.deleted &&
	    str_eqz(entry.key, "key") && str_eqz(entry.row, "row"));
	assert_int_equal(store_journal_next(&in, &entry, &err), 1);
	assert_true(entry.table == STORE_TAB_MOD && entry.deleted &&
	    str_eqz(entry.key, "gone"));
	assert_int_equal(store_journal_next(&in, &entry, &err), 1);
	assert_true(!entry.deleted && entry.row.len == 0);
	assert_int_equal(store_journal_next(&in, &entry, &err), 0);
	buf_clear(&out);
}

static void
damaged_journals_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} cases[] = {
		{ "\xff\0\1k\0\0\0\0", 8 }, /* no such table */
		{ "\0\0\0\0\0\0\0", 7 },    /* no key */
		{ "\0\2\0\0\0\0\0", 7 },    /* key too long */
		{ "\0\0\1k\0\0\0\1", 8 },   /* row cut off */
		{ "\0\0\1k\0\0\0", 7 },
		{ "\0", 1 },
	};
	struct store_journal_entry entry;
	struct err err;
	struct str in = STR("CJ\2");

	(void)state;
	assert_int_equal(store_journal_open(&in, &err), -1);
	for (size_t i = 0; i < NELEMS(cases); i++) {
		in = str_make(cases[i].bytes, cases[i].len);
		assert_int_equal(store_journal_next(&in, &entry, &err), -1);
		assert_int_equal(err.kind, ERR_CORRUPT);
		assert_ptr_equal(in.p, cases[i].bytes);
	}
}

static void
variable_integers_have_one_meaning(void **state)
{
	static const uint64_t numbers[] = { 0, 1, 127, 128, 16383, 16384,
		UINT32_MAX, UINT64_MAX };
	static const struct {
		const char *bytes;
		size_t len;
	} bad[] = {
		{ "", 0 },
		{ "\x80", 1 },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10 },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 },
	};
	struct buf out;
	struct wire wire;

	(void)state;
	buf_init(&out, 0);
	for (size_t i = 0; i < NELEMS(numbers); i++) {
		buf_reset(&out);
		wire_put_var(&out, numbers[i]);
		wire = wire_of(buf_str(&out));
		assert_true(wire_var(&wire) == numbers[i]);
		assert_true(wire_is_done(&wire));
	}
	for (size_t i = 0; i < NELEMS(bad); i++) {
		wire = wire_of(str_make(bad[i].bytes, bad[i].len));
		assert_true(wire_var(&wire) == 0);
		assert_true(wire.bad);
		assert_true(wire_u8(&wire) == 0); /* bad stays */
	}
	buf_reset(&out);
	wire_put_str(&out, (struct str){ NULL, 0 });
	wire_put_str(&out, STR(""));
	wire_put_str(&out, STR("ab"));
	wire = wire_of(buf_str(&out));
	assert_null(wire_str(&wire).p);
	assert_non_null(wire_str(&wire).p);
	assert_true(str_eqz(wire_str(&wire), "ab"));
	assert_true(wire_is_done(&wire));
	wire = wire_of(str_make("\x09xx", 3)); /* longer than there is */
	assert_null(wire_str(&wire).p);
	assert_true(wire.bad);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_is_known_by_all_of_it),
		cmocka_unit_test(guids_of_equal_bodies_differ),
		cmocka_unit_test(journals_give_back_what_was_put),
		cmocka_unit_test(damaged_journals_are_refused),
		cmocka_unit_test(variable_integers_have_one_meaning),
	};

	return cmocka_run_group_tests_name("store/pack", tests, NULL, NULL);
}
