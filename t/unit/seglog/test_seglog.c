#include "logdir.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/attr.h"
#include "seglog/read.h"
#include "seglog/segment.h"

enum { SEGMENT = 64 << 10 };

static const struct seglog_options ring = {
	.segment_size = SEGMENT,
	.recycle = true,
	.spare_max = 2,
};
static const struct seglog_options packs = { .segment_size = SEGMENT };

static void
finds_after_reopening_what_was_committed(void **state)
{
	struct seglog *log;
	struct seen seen;

	log = reopen(*state, &ring, &seen, NULL);
	assert_int_equal(seen.count, 0);
	for (int i = 0; i < 60; i += 3) {
		must_commit(log, i, 3, 1000 + (size_t)i);
	}
	assert_int_equal(seglog_lsn(log), 20);
	seglog_close(log);
	log = reopen(*state, &ring, &seen, NULL);
	assert_int_equal(seen.count, 60);
	for (int i = 0; i < 60; i++) {
		assert_int_equal(seen.number[i], i);
		assert_int_equal(seen.lsn[i], i / 3 + 1);
	}
	assert_int_equal(seglog_lsn(log), 20);
	/* and goes on behind it, in a segment of its own */
	must_commit(log, 60, 1, 10);
	seglog_close(log);
	log = reopen(*state, &ring, &seen, NULL);
	assert_int_equal(seen.count, 61);
	assert_int_not_equal(seen.place[60].segment, seen.place[59].segment);
	seglog_close(log);
}

static void
reads_a_record_by_its_place(void **state)
{
	char out[SEGLOG_READ_SIZE(777)], want[777];
	struct seglog_place place[3], wrong;
	struct seglog_reader reader;
	struct seglog *log;
	struct seen seen;
	struct str bytes;
	struct err err;
	int fd;

	log = reopen(*state, &packs, &seen, NULL);
	assert_int_equal(commit(log, 1, 3, 777, place, &err), 0);
	fd = seglog_segment_open(log, place[0].segment, &err);
	assert_true(fd >= 0);
	assert_int_equal(seglog_reader_init(&reader, fd, &err), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(
		    seglog_read(&reader, &place[i], out, &bytes, &err), 0);
		fill_record(want, sizeof(want), i + 1);
		assert_int_equal(bytes.len, 777);
		assert_memory_equal(bytes.p, want, 777);
	}
	wrong = place[1];
	wrong.offset += 8;
	assert_int_equal(seglog_read(&reader, &wrong, out, &bytes, &err), -1);
	assert_int_equal(err.kind, ERR_CORRUPT);
	wrong = place[1];
	wrong.length--;
	assert_int_equal(seglog_read(&reader, &wrong, out, &bytes, &err), -1);
	wrong = place[1];
	wrong.segment++;
	assert_int_equal(seglog_read(&reader, &wrong, out, &bytes, &err), -1);
	wrong = place[1];
	wrong.offset = UINT64_MAX - 5;
	assert_int_equal(seglog_read(&reader, &wrong, out, &bytes, &err), -1);
	close(fd);
	seglog_close(log);
}

static void
place_tells_where_commit_will_put_it(void **state)
{
	char a[5000] = "1:", b[100] = "2:";
	struct iovec iov[2] = { { a, sizeof(a) }, { b, sizeof(b) } };
	struct seglog_record record[2] = { { &iov[0], 1, { 0 } },
		{ &iov[1], 1, { 0 } } };
	struct seglog_place first;
	struct seglog *log;
	struct seen seen;
	struct err err;

	log = reopen(*state, &packs, &seen, NULL);
	/* over the end of a segment too */
	for (int i = 0; i < 20; i++) {
		assert_int_equal(seglog_place(log, record, 2, &err), 0);
		first = record[1].place;
		assert_int_equal(seglog_commit(log, record, 2, NULL, &err), 0);
		assert_int_equal(record[1].place.segment, first.segment);
		assert_int_equal(record[1].place.offset, first.offset);
	}
	assert_true(first.segment > 1);
	seglog_close(log);
}

static void
holds_a_batch_to_its_limits(void **state)
{
	static const struct {
		size_t len;
		int ret;
	} cases[] = {
		{ 0, 0 },
		{ 1, 0 },
		{ SEGMENT - 4096 - 64 - 32, 0 },
		{ SEGMENT - 4096 - 64 - 32 + 1, -1 },
		{ SEGMENT, -1 },
		{ SEGMENT * 3, -1 },
	};
	struct seglog_record none;
	struct seglog *log;
	struct seen seen;
	struct err err;

	log = reopen(*state, &packs, &seen, NULL);
	assert_true(seglog_record_max(log) <= SEGMENT - 4096 - 64 - 32);
	for (size_t i = 0; i < NELEMS(cases); i++) {
		char *bytes = calloc(1, cases[i].len + 1);
		struct iovec iov = { bytes, cases[i].len };
		struct seglog_record one = { &iov, 1, { 0 } };

		assert_int_equal(seglog_commit(log, &one, 1, NULL, &err),
		    cases[i].ret);
		if (cases[i].ret < 0)
			assert_int_equal(err.kind, ERR_LIMIT);
		free(bytes);
	}
	assert_int_equal(seglog_commit(log, &none, 0, NULL, &err), -1);
	assert_int_equal(seglog_lsn(log), 3);
	seglog_close(log);
}

static void
gives_released_segments_a_new_life(void **state)
{
	struct seglog_segment segment[64];
	struct seglog *log;
	struct seen seen;
	struct err err;
	uint32_t highest = 0;

	log = reopen(*state, &ring, &seen, NULL);
	for (int i = 0; i < 400; i++) {
		bool more;

		must_commit(log, i, 1, 3000);
		/* keep two sealed segments */
		while (seglog_segments(log, segment, 64) > 3)
			assert_int_equal(
			    seglog_release(log, segment[0].number, &err), 0);
		assert_int_equal(seglog_prepare(log, 4096, &more, &err), 0);
	}
	for (size_t i = 0; i < seglog_segments(log, segment, 64); i++) {
		if (segment[i].number > highest)
			highest = segment[i].number;
	}
	assert_true(highest <= 6);
	seglog_close(log);
	log = reopen(*state, &ring, &seen, NULL);
	/* the newest are all there and nothing is torn from its order */
	assert_true(seen.count >= 30);
	for (int i = 0; i < seen.count; i++)
		assert_int_equal(seen.number[i], 400 - seen.count + i);
	seglog_close(log);
}

static void
releases_only_what_may_go(void **state)
{
	struct seglog_segment segment[8];
	struct seglog *log;
	struct seen seen;
	struct err err;

	log = reopen(*state, &ring, &seen, NULL);
	for (int i = 0; i < 3; i++)
		must_commit(log, i, 1, 40000);
	assert_int_equal(seglog_segments(log, segment, 8), 3);
	assert_int_equal(seglog_release(log, segment[1].number, &err), -1);
	assert_int_equal(err.kind, ERR_DENIED);
	assert_int_equal(seglog_release(log, segment[2].number, &err), -1);
	assert_int_equal(seglog_release(log, 99, &err), -1);
	assert_int_equal(err.kind, ERR_NOENT);
	assert_int_equal(seglog_release(log, segment[0].number, &err), 0);
	assert_int_equal(seglog_release(log, segment[1].number, &err), 0);
	seglog_close(log);
	/* the LSN does not go back, though nothing else is wanted */
	log = reopen(*state, &ring, &seen, NULL);
	assert_int_equal(seglog_lsn(log), 3);
	seglog_close(log);
}

static void
unlinks_released_packs_and_never_reuses_a_number(void **state)
{
	struct seglog_recovery recovery = { 0 };
	struct seglog_segment segment[8];
	char path[200], name[SEGLOG_NAME_SIZE];
	struct seglog *log;
	struct seen seen;
	struct stat st;
	struct err err;

	log = reopen(*state, &packs, &seen, NULL);
	for (int i = 0; i < 5; i++)
		must_commit(log, i, 1, 40000);
	assert_int_equal(seglog_segments(log, segment, 8), 5);
	assert_int_equal(seglog_release(log, segment[2].number, &err), 0);
	seglog_segment_name(name, segment[2].number);
	(void)snprintf(path, sizeof(path), "%s/%s", (char *)*state, name);
	assert_int_equal(stat(path, &st), -1);
	seglog_close(log);
	log = reopen(*state, &packs, &seen, &recovery);
	assert_int_equal(seen.count, 4);
	assert_int_equal(recovery.damaged, 0);
	must_commit(log, 5, 1, 40000);
	seglog_segments(log, segment, 8);
	assert_true(segment[4].number > segment[3].number);
	seglog_close(log);
}

static void
skips_segments_below_the_lsn_asked_for(void **state)
{
	struct seglog_recovery recovery = { .from = 5 };
	struct seglog *log;
	struct seen seen;

	log = reopen(*state, &packs, &seen, NULL);
	for (int i = 1; i <= 7; i++)
		must_commit(log, i, 1, 25000); /* two a segment */
	seglog_close(log);
	log = reopen(*state, &packs, &seen, &recovery);
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.number[0], 5);
	assert_int_equal(recovery.batches, 3);
	assert_int_equal(seglog_lsn(log), 7);
	seglog_close(log);
}

static void
goes_on_behind_skipped_segments_when_the_rest_is_torn(void **state)
{
	struct seglog_recovery recovery = { .from = 3 };
	static const char zeros[4096];
	struct seglog *log;
	char path[200];
	struct seen seen;
	int fd;

	log = reopen(*state, &packs, &seen, NULL);
	for (int i = 1; i <= 3; i++)
		must_commit(log, i, 1, 40000); /* one a segment */
	seglog_close(log);
	(void)snprintf(path, sizeof(path), "%s/seg.00000003", (char *)*state);
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, zeros, sizeof(zeros), 8192), 4096);
	close(fd);
	log = reopen(*state, &packs, &seen, &recovery);
	assert_int_equal(seen.count, 0);
	assert_int_equal(seglog_lsn(log), 2);
	must_commit(log, 4, 1, 100);
	seglog_close(log);
	log = reopen(*state, &packs, &seen, NULL);
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.number[2], 4);
	seglog_close(log);
}

/* A descriptor whose writes work and whose sync does not. */
static void
break_sync(struct seglog *log)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	assert_true(dup2(fd, log->current->fd) >= 0);
	close(fd);
}

static void
abandons_the_segment_when_a_sync_fails(void **state)
{
	struct seglog_recovery recovery = { 0 };
	struct seglog *log;
	struct seen seen;
	struct err err;

	log = reopen(*state, &ring, &seen, NULL);
	must_commit(log, 1, 2, 100);
	break_sync(log);
	assert_int_equal(commit(log, 3, 2, 100, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_TEMP);
	assert_int_equal(seglog_lsn(log), 1);
	must_commit(log, 5, 2, 100);
	assert_int_equal(seglog_lsn(log), 2);
	seglog_close(log);
	log = reopen(*state, &ring, &seen, &recovery);
	assert_int_equal(seen.count, 4);
	assert_int_equal(seen.number[2], 5);
	assert_int_equal(recovery.damaged, 0);
	seglog_close(log);
}

static void
supersedes_a_batch_that_failed_but_reached_the_disk(void **state)
{
	struct seglog_recovery recovery = { 0 };
	struct seglog *log;
	struct seen seen;
	struct err err;
	int good, bad;

	log = reopen(*state, &ring, &seen, NULL);
	must_commit(log, 1, 1, 100);
	/* written through the good descriptor, then the sync "fails" */
	good = dup(log->current->fd);
	must_commit(log, 2, 1, 100);
	log->lsn--;
	log->current->used -= 4096;
	log->current->last_lsn--;
	bad = open("/dev/null", O_RDWR | O_CLOEXEC);
	assert_true(dup2(bad, log->current->fd) >= 0);
	assert_int_equal(commit(log, 3, 1, 100, NULL, &err), -1);
	must_commit(log, 4, 1, 100);
	close(good);
	close(bad);
	seglog_close(log);
	log = reopen(*state, &ring, &seen, &recovery);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.number[0], 1);
	assert_int_equal(seen.number[1], 4);
	assert_int_equal(recovery.damaged, 0);
	seglog_close(log);
}

static void
prepares_one_segment_ahead_in_slices(void **state)
{
	struct seglog *log;
	struct seen seen;
	struct err err;
	bool more;
	int slices = 0;

	log = reopen(*state, &ring, &seen, NULL);
	must_commit(log, 1, 1, 100);
	assert_int_equal(seglog_prepare(log, 4096, &more, &err), 0);
	assert_false(more); /* the current one is nearly empty */
	must_commit(log, 2, 1, 40000);
	do {
		assert_int_equal(seglog_prepare(log, 8192, &more, &err), 0);
		slices++;
	} while (more);
	assert_int_equal(slices, SEGMENT / 8192);
	assert_non_null(log->next);
	assert_int_equal(seglog_prepare(log, 8192, &more, &err), 0);
	assert_null(log->making);
	seglog_close(log);
	/* one that was never written is no trouble */
	log = reopen(*state, &ring, &seen, NULL);
	assert_int_equal(seen.count, 2);
	must_commit(log, 3, 1, 100);
	seglog_close(log);
	log = reopen(*state, &ring, &seen, NULL);
	assert_int_equal(seen.count, 3);
	seglog_close(log);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, logdir_setup, logdir_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(finds_after_reopening_what_was_committed),
		TEST(reads_a_record_by_its_place),
		TEST(place_tells_where_commit_will_put_it),
		TEST(holds_a_batch_to_its_limits),
		TEST(gives_released_segments_a_new_life),
		TEST(releases_only_what_may_go),
		TEST(unlinks_released_packs_and_never_reuses_a_number),
		TEST(skips_segments_below_the_lsn_asked_for),
		TEST(goes_on_behind_skipped_segments_when_the_rest_is_torn),
		TEST(abandons_the_segment_when_a_sync_fails),
		TEST(supersedes_a_batch_that_failed_but_reached_the_disk),
		TEST(prepares_one_segment_ahead_in_slices),
	};

	return cmocka_run_group_tests_name("seglog/seglog", tests, NULL, NULL);
}
