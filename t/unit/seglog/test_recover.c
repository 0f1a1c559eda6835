#include "logdir.h"

#include <dirent.h>
#include <sys/stat.h>

#include "base/attr.h"
#include "base/hash.h"
#include "base/num.h"
#include "seglog/batch.h"
#include "seglog/segment.h"

enum { SEGMENT = 64 << 10, BLOCK = BATCH_ALIGN };

static const struct seglog_options ring = {
	.segment_size = SEGMENT,
	.recycle = true,
};

/* The first segment's bytes, as they are and as a test wants them. */
static void
load(const char *dir, char image[SEGMENT])
{
	char path[200];
	struct err err;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/seg.00000001", dir);
	fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(fs_pread_all(fd, image, SEGMENT, 0, &err), 0);
	close(fd);
}

static void
save(const char *dir, const char *image)
{
	char path[200];
	struct err err;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/seg.00000001", dir);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fs_pwrite_all(fd, image, SEGMENT, 0, &err), 0);
	close(fd);
}

/* What recovery finds in an image. Nothing is written by it. */
static void
recover(const char *dir, const char *image, struct seen *seen,
    struct seglog_recovery *recovery)
{
	save(dir, image);
	*recovery = (struct seglog_recovery){ 0 };
	seglog_close(reopen(dir, &ring, seen, recovery));
}

/*
 * Three batches: records 1 and 2 (one block), 3 and 4 (two blocks), 5 (two).
 */
static void
make_log(const char *dir, char image[SEGMENT])
{
	struct seglog *log;
	struct seen seen;

	log = reopen(dir, &ring, &seen, NULL);
	must_commit(log, 1, 2, 300);
	must_commit(log, 3, 2, 2500);
	must_commit(log, 5, 1, 5000);
	seglog_close(log);
	load(dir, image);
}

/* The last batch and where its padding begins. */
enum {
	LAST = BLOCK * 4,
	LAST_END = LAST + BATCH_HEAD_SIZE + BATCH_ENTRY_SIZE +
	    BATCH_RECORD_HEAD + 5000,
};

static void
drops_a_batch_torn_at_any_byte(void **state)
{
	char image[SEGMENT], torn[SEGMENT];
	struct seglog_recovery recovery;
	struct seen seen;

	make_log(*state, image);
	for (int cut = LAST; cut < LAST + 2 * BLOCK; cut++) {
		memcpy(torn, image, SEGMENT);
		memset(torn + cut, 0, (size_t)(SEGMENT - cut));
		recover(*state, torn, &seen, &recovery);
		assert_int_equal(recovery.damaged, 0);
		assert_int_equal(seen.count, cut < LAST_END ? 4 : 5);
		/* and the other half first */
		memcpy(torn, image, SEGMENT);
		memset(torn + LAST, 0, (size_t)(cut - LAST));
		recover(*state, torn, &seen, &recovery);
		assert_int_equal(recovery.damaged, 0);
		assert_int_equal(seen.count, cut == LAST ? 5 : 4);
	}
}

static void
drops_any_subset_of_the_last_batchs_sectors(void **state)
{
	char image[SEGMENT], torn[SEGMENT];
	struct seglog_recovery recovery;
	struct seen seen;

	make_log(*state, image);
	/* ten of the sixteen sectors hold something */
	for (unsigned mask = 0; mask < 1 << 10; mask++) {
		memcpy(torn, image, SEGMENT);
		for (int i = 0; i < 10; i++) {
			if ((mask >> i & 1) == 0)
				memset(torn + LAST + i * 512, 0, 512);
		}
		recover(*state, torn, &seen, &recovery);
		assert_int_equal(recovery.damaged, 0);
		assert_int_equal(seen.count, mask == (1 << 10) - 1 ? 5 : 4);
	}
}

static void
goes_on_in_a_fresh_segment_after_a_torn_tail(void **state)
{
	struct seglog_recovery recovery = { 0 };
	char image[SEGMENT];
	struct seglog *log;
	struct seen seen;

	make_log(*state, image);
	image[LAST + 2000] ^= 1;
	save(*state, image);
	log = reopen(*state, &ring, &seen, &recovery);
	assert_int_equal(seen.count, 4);
	assert_int_equal(recovery.torn, 1);
	must_commit(log, 6, 1, 100);
	must_commit(log, 7, 1, 100);
	seglog_close(log);
	/* the tail stays where it is and stays dropped */
	recovery = (struct seglog_recovery){ 0 };
	log = reopen(*state, &ring, &seen, &recovery);
	assert_int_equal(seen.count, 6);
	assert_int_equal(seen.number[4], 6);
	assert_int_equal(seen.lsn[4], 3);
	assert_int_equal(recovery.damaged, 0);
	assert_int_equal(recovery.torn, 0);
	seglog_close(log);
}

/* Remove the files "bad.*"; returns how many there were. */
static int
remove_bad(const char *dir)
{
	DIR *open_dir = opendir(dir);
	struct dirent *entry;
	int count = 0;

	assert_non_null(open_dir);
	while ((entry = readdir(open_dir)) != NULL) {
		if (strncmp(entry->d_name, "bad.", 4) == 0) {
			assert_int_equal(
			    unlinkat(dirfd(open_dir), entry->d_name, 0), 0);
			count++;
		}
	}
	closedir(open_dir);
	return count;
}

static void
quarantines_a_flipped_bit_below_a_durable_batch(void **state)
{
	char image[SEGMENT], flipped[SEGMENT];
	struct seglog_recovery recovery;
	struct seen seen;

	make_log(*state, image);
	memcpy(flipped, image, SEGMENT);
	/* every byte of header and table, every fifth of the rest */
	for (int at = BLOCK; at < LAST; at += at % BLOCK < 128 ? 1 : 5) {
		int first = at < 2 * BLOCK ? BLOCK : 2 * BLOCK;
		bool second = first == 2 * BLOCK;

		flipped[at] ^= (char)(1 << at % 8);
		recover(*state, flipped, &seen, &recovery);
		flipped[at] = image[at];
		/* what the flip did not touch is there */
		if (second)
			assert_true(was_seen(&seen, 1) && was_seen(&seen, 2));
		else
			assert_true(was_seen(&seen, 3) && was_seen(&seen, 4));
		assert_true(was_seen(&seen, 5));
		assert_true(seen.count >= 3);
		if (at < first + BATCH_HEAD_SIZE + 2 * BATCH_ENTRY_SIZE) {
			assert_int_equal(seen.count, 3);
			assert_int_equal(recovery.damaged, 1);
		} else if (seen.count < 5) {
			assert_int_equal(seen.count, 4);
			assert_int_equal(recovery.damaged, 1);
		} else {
			assert_int_equal(recovery.damaged, 0);
		}
		assert_int_equal(recovery.torn, 0);
		assert_int_equal(remove_bad(*state), recovery.damaged);
	}
}

static void
tells_damage_at_a_segments_end_by_the_next_segment(void **state)
{
	struct seglog_recovery recovery = { 0 };
	char image[SEGMENT];
	struct seglog *log;
	struct seen seen;

	make_log(*state, image);
	log = reopen(*state, &ring, &seen, NULL);
	must_commit(log, 6, 1, 100);
	seglog_close(log);
	image[LAST + 2000] ^= 1; /* its record */
	recover(*state, image, &seen, &recovery);
	assert_int_equal(seen.count, 5);
	assert_true(was_seen(&seen, 6));
	assert_int_equal(recovery.damaged, 1);
	image[LAST + 20] ^= 1; /* its header */
	recover(*state, image, &seen, &recovery);
	assert_int_equal(seen.count, 5);
	assert_int_equal(recovery.damaged, 1);
}

static void
keeps_a_segment_whose_superblock_is_gone(void **state)
{
	struct seglog_recovery recovery;
	char image[SEGMENT], path[200];
	struct seglog *log;
	struct stat st;
	struct seen seen;

	make_log(*state, image);
	memset(image, 0, BLOCK);
	recover(*state, image, &seen, &recovery);
	assert_int_equal(seen.count, 0);
	assert_int_equal(recovery.damaged, 1);
	(void)snprintf(path, sizeof(path), "%s/seg.00000001.bad",
	    (char *)*state);
	assert_int_equal(stat(path, &st), 0);
	log = reopen(*state, &ring, &seen, NULL);
	must_commit(log, 6, 1, 100);
	seglog_close(log);
}

static void
leaves_an_unknown_version_alone(void **state)
{
	struct seglog_recovery recovery = { 0 };
	char image[SEGMENT], after[SEGMENT];
	struct seglog *log;
	struct err err;
	char path[200];
	int fd;

	make_log(*state, image);
	num_put_u16(image + 4, SUPERBLOCK_VERSION + 1);
	/* the checksum of a slot is not keyed: superblock.c's plain_seed */
	num_put_u64(image + 56, hash_checksum(0x5365676d656e7431, image, 56));
	save(*state, image);
	(void)snprintf(path, sizeof(path), "%s/new.00000002", (char *)*state);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	close(fd);
	assert_int_equal(seglog_open(&log, *state, &ring, &recovery, &err), -1);
	assert_int_equal(err.kind, ERR_SYNTAX);
	assert_null(log);
	assert_int_equal(access(path, F_OK), 0); /* not even this */
	load(*state, after);
	assert_memory_equal(image, after, SEGMENT);
}

/*
 * A mail that holds, on block boundaries of the file, copies of real batches
 * of this very life and headers that claim these boundaries.
 */
static void
never_takes_a_batch_from_inside_a_record(void **state)
{
	char image[SEGMENT], body[BLOCK * 4];
	struct seglog_recovery recovery;
	struct iovec iov = { body, sizeof(body) };
	struct seglog_record record = { &iov, 1, { 0 } };
	struct seglog *log;
	struct seen seen;
	struct err err;
	size_t shift;

	log = reopen(*state, &ring, &seen, NULL);
	must_commit(log, 1, 1, 300);
	load(*state, image);
	/* the second batch stands at block 2; its body's next boundary */
	shift =
	    BLOCK - (BATCH_HEAD_SIZE + BATCH_ENTRY_SIZE + BATCH_RECORD_HEAD);
	memset(body, 'y', sizeof(body));
	memcpy(body, "2:", 2);
	memcpy(body + shift, image + BLOCK, BLOCK);
	memcpy(body + shift + BLOCK, image + BLOCK, BLOCK);
	num_put_u32(body + shift + BLOCK + 52, 4); /* its block */
	num_put_u64(body + shift + BLOCK + 16, 9); /* its LSN */
	assert_int_equal(seglog_commit(log, &record, 1, NULL, &err), 0);
	must_commit(log, 3, 1, 300);
	seglog_close(log);
	load(*state, image);
	assert_memory_equal(image + 3 * BLOCK, image + BLOCK, BLOCK);

	recover(*state, image, &seen, &recovery);
	assert_int_equal(seen.count, 3);
	/* without its real header, only the batch behind it is found */
	image[2 * BLOCK + 40] ^= 1;
	recover(*state, image, &seen, &recovery);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.number[0], 1);
	assert_int_equal(seen.number[1], 3);
	assert_int_equal(recovery.damaged, 1);
	/* and as a torn tail it does not look durable */
	memset(image + 7 * BLOCK, 0, BLOCK);
	recover(*state, image, &seen, &recovery);
	assert_int_equal(seen.count, 1);
	assert_int_equal(recovery.damaged, 0);
}

static void
never_takes_batches_of_an_earlier_life(void **state)
{
	struct seglog_segment segment[8];
	struct seglog_recovery recovery = { 0 };
	struct seglog *log;
	struct seen seen;
	struct err err;

	log = reopen(*state, &ring, &seen, NULL);
	/* the first segment is full of small batches, then used again */
	for (int i = 0; i < 15; i++)
		must_commit(log, i, 1, 100);
	must_commit(log, 15, 1, 50000);
	seglog_segments(log, segment, 8);
	assert_int_equal(seglog_release(log, segment[0].number, &err), 0);
	must_commit(log, 16, 1, 50000);
	seglog_segments(log, segment, 8);
	assert_int_equal(segment[1].number, 1);
	seglog_close(log);
	log = reopen(*state, &ring, &seen, &recovery);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.number[0], 15);
	assert_int_equal(seen.number[1], 16);
	assert_int_equal(recovery.damaged, 0);
	seglog_close(log);
}

static int
refuse(void *ctx, const struct seglog_found *found, struct err *err)
{
	(void)ctx;
	return found->lsn == 2 ? err_set(err, ERR_CORRUPT, "not mine") : 0;
}

static void
stops_when_the_owner_refuses_a_record(void **state)
{
	struct seglog_recovery recovery = { .record = refuse };
	char image[SEGMENT];
	struct seglog *log;
	struct err err;

	make_log(*state, image);
	assert_int_equal(seglog_open(&log, *state, &ring, &recovery, &err), -1);
	assert_string_equal(err.text, "not mine");
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, logdir_setup, logdir_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(drops_a_batch_torn_at_any_byte),
		TEST(drops_any_subset_of_the_last_batchs_sectors),
		TEST(goes_on_in_a_fresh_segment_after_a_torn_tail),
		TEST(quarantines_a_flipped_bit_below_a_durable_batch),
		TEST(tells_damage_at_a_segments_end_by_the_next_segment),
		TEST(keeps_a_segment_whose_superblock_is_gone),
		TEST(leaves_an_unknown_version_alone),
		TEST(never_takes_a_batch_from_inside_a_record),
		TEST(never_takes_batches_of_an_earlier_life),
		TEST(stops_when_the_owner_refuses_a_record),
	};

	return cmocka_run_group_tests_name("seglog/recover", tests, NULL, NULL);
}
