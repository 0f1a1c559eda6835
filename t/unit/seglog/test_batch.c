#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/attr.h"
#include "seglog/batch.h"

static const struct superblock life = {
	.number = 7,
	.generation = 9,
	.secret = 0x1122334455667788,
	.size = 65536,
};

/* A batch of two records, 5 and 8 bytes long, at offset 8192. */
static void
make_batch(char out[BATCH_ALIGN], struct batch *batch)
{
	struct batch_entry entry[2] = {
		{ .at = 128, .length = 5, .checksum = 0 },
		{ .at = 152, .length = 8, .checksum = 0 },
	};
	struct iovec iov[2];

	memset(out, 0, BATCH_ALIGN);
	memcpy(out + 128, "hello", 5);
	memcpy(out + 152, "good bye", 8);
	for (uint32_t i = 0; i < 2; i++) {
		iov[1] = (struct iovec){ out + entry[i].at, entry[i].length };
		entry[i].checksum = batch_record_checksum(&life,
		    8192 + entry[i].at, entry[i].length, i, iov, 1);
		batch_record_encode((unsigned char *)out + entry[i].at - 16,
		    entry[i].length, i, entry[i].checksum);
	}
	*batch = (struct batch){
		.lsn = 5,
		.durable = 4,
		.previous = 0xabcd,
		.length = BATCH_ALIGN,
		.count = 2,
	};
	batch_encode((unsigned char *)out, batch, entry, &life, 8192);
}

static void
reads_back_what_it_wrote(void **state)
{
	char bytes[BATCH_ALIGN];
	struct batch made, batch;
	struct batch_entry entry;
	struct err err;

	(void)state;
	make_batch(bytes, &made);
	assert_int_equal(batch_parse(&batch, str_make(bytes, sizeof(bytes)),
			     &life, 8192, &err),
	    0);
	assert_memory_equal(&batch, &made, sizeof(batch));
	assert_int_equal(
	    batch_check(&batch, str_make(bytes, sizeof(bytes)), &life, &err),
	    0);
	batch_entry_get(&entry, str_make(bytes, sizeof(bytes)), 1);
	assert_true(
	    batch_entry_check(&entry, &life, 8192, 1, str_make("good bye", 8)));
	assert_false(
	    batch_entry_check(&entry, &life, 8192, 1, str_make("good-bye", 8)));
	assert_false(batch_entry_check(&entry, &life, 12288, 1,
	    str_make("good bye", 8)));
	assert_int_equal(batch_record_check(str_make(bytes + 112, 21), &life,
			     8192 + 128, 5, &err),
	    0);
	assert_int_equal(batch_record_check(str_make(bytes + 112, 20), &life,
			     8192 + 128, 4, &err),
	    -1);
}

/* Is it taken, header and table, at this offset in this life? */
static bool
is_taken(const char *bytes, size_t len, const struct superblock *super,
    uint64_t offset)
{
	struct batch batch;
	struct err err;

	return batch_parse(&batch, str_make(bytes, len), super, offset, &err) ==
	    0 &&
	    batch_check(&batch, str_make(bytes, len), super, &err) == 0;
}

static void
refuses_any_changed_byte_of_header_and_table(void **state)
{
	char bytes[BATCH_ALIGN];
	struct batch made;

	(void)state;
	make_batch(bytes, &made);
	for (size_t i = 0; i < batch_area(2); i++) {
		bytes[i] ^= 1;
		assert_false(is_taken(bytes, sizeof(bytes), &life, 8192));
		bytes[i] ^= 1;
	}
	assert_true(is_taken(bytes, sizeof(bytes), &life, 8192));
}

static bool
is_record(const char *bytes, const struct superblock *super, uint64_t offset)
{
	struct err err;

	return batch_record_check(str_make(bytes, 21), super, offset, 5,
		   &err) == 0;
}

/* As one record is read again, without its batch. */
static void
refuses_any_changed_byte_of_a_record(void **state)
{
	char bytes[BATCH_ALIGN], *record = bytes + 112;
	struct superblock other = life;
	struct batch made;

	(void)state;
	make_batch(bytes, &made);
	for (size_t i = 0; i < BATCH_RECORD_HEAD + 5; i++) {
		record[i] ^= 1;
		assert_false(is_record(record, &life, 8192 + 128));
		record[i] ^= 1;
	}
	assert_true(is_record(record, &life, 8192 + 128));
	assert_false(is_record(record, &life, 12288 + 128));
	other.secret++;
	assert_false(is_record(record, &other, 8192 + 128));
}

static void
refuses_another_place_and_another_life(void **state)
{
	struct superblock other = life;
	char bytes[BATCH_ALIGN];
	struct batch made;

	(void)state;
	make_batch(bytes, &made);
	assert_false(is_taken(bytes, sizeof(bytes), &life, 4096));
	assert_false(is_taken(bytes, sizeof(bytes), &life, 12288));
	other.secret++;
	assert_false(is_taken(bytes, sizeof(bytes), &other, 8192));
	other = life;
	other.generation++;
	assert_false(is_taken(bytes, sizeof(bytes), &other, 8192));
	other = life;
	other.number++;
	assert_false(is_taken(bytes, sizeof(bytes), &other, 8192));
	assert_false(is_taken(bytes, BATCH_HEAD_SIZE - 1, &life, 8192));
	assert_false(is_taken(bytes, batch_area(2) - 1, &life, 8192));
	other = life;
	other.size = 8192 + 4096 - 1;
	assert_false(is_taken(bytes, sizeof(bytes), &other, 8192));
}

/* Tables that a correct checksum does not excuse. */
static void
refuses_tables_out_of_bounds(void **state)
{
	static const struct batch_entry cases[][2] = {
		{ { 111, 5, 0 }, { 152, 8, 0 } },    /* inside the table */
		{ { 128, 4000, 0 }, { 152, 8, 0 } }, /* overlap */
		{ { 152, 8, 0 }, { 128, 5, 0 } },    /* backwards */
		{ { 128, 5, 0 }, { 4096, 1, 0 } },   /* beyond the end */
		{ { 128, 5, 0 }, { 4097, 0, 0 } },
		{ { 128, 5, 0 }, { 152, UINT32_MAX, 0 } },
	};
	char bytes[BATCH_ALIGN];
	struct batch made;

	(void)state;
	make_batch(bytes, &made);
	for (size_t i = 0; i < NELEMS(cases); i++) {
		batch_encode((unsigned char *)bytes, &made, cases[i], &life,
		    8192);
		assert_false(is_taken(bytes, sizeof(bytes), &life, 8192));
	}
}

static void
superblock_takes_the_younger_good_slot(void **state)
{
	struct superblock old = life, young = life, got;
	unsigned char block[SUPERBLOCK_SIZE] = { 0 };
	struct err err;

	(void)state;
	assert_int_equal(
	    superblock_parse(&got, str_make(block, sizeof(block)), &err), -1);
	assert_int_equal(err.kind, ERR_CORRUPT);
	superblock_encode(block, &old);
	assert_int_equal(
	    superblock_parse(&got, str_make(block, sizeof(block)), &err), 0);
	assert_int_equal(got.generation, 9);
	young.slot = 1;
	young.generation = 10;
	superblock_encode(block + SUPERBLOCK_SLOT_STEP, &young);
	assert_int_equal(
	    superblock_parse(&got, str_make(block, sizeof(block)), &err), 0);
	assert_int_equal(got.generation, 10);
	assert_int_equal(got.slot, 1);
	/* every torn write of the young slot leaves the old life */
	for (int i = 0; i < SUPERBLOCK_SLOT_SIZE; i++) {
		block[SUPERBLOCK_SLOT_STEP + i] ^= 0x10;
		assert_int_equal(superblock_parse(&got,
				     str_make(block, sizeof(block)), &err),
		    0);
		assert_int_equal(got.generation, 9);
		block[SUPERBLOCK_SLOT_STEP + i] ^= 0x10;
	}
	assert_int_equal(superblock_parse(&got, str_make(block, 4095), &err),
	    -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_back_what_it_wrote),
		cmocka_unit_test(refuses_any_changed_byte_of_header_and_table),
		cmocka_unit_test(refuses_any_changed_byte_of_a_record),
		cmocka_unit_test(refuses_another_place_and_another_life),
		cmocka_unit_test(refuses_tables_out_of_bounds),
		cmocka_unit_test(superblock_takes_the_younger_good_slot),
	};

	return cmocka_run_group_tests_name("seglog/batch", tests, NULL, NULL);
}
