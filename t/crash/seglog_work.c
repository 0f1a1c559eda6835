/*
 * seglog_work - a segment log under simulated power cuts.
 *
 *	seglog_work write ring|packs DIR MARKS BATCHES
 *		commit numbered records, open the log anew now and then,
 *		release old segments; after each commit the numbers go to MARKS
 *	seglog_work check ring|packs DIR MARKS
 *		every number in MARKS that was not given up is in the log,
 *		whole, once, in order; then one more batch works
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/num.h"
#include "seglog/seglog.h"
#include "t/crash/marks.h"

enum { RECORDS_MAX = 1 << 16, BATCH_MAX = 5, SEGMENT = 128 << 10 };

struct work {
	struct seglog_options options;
	bool seen[RECORDS_MAX];
	unsigned last;          /* the highest number seen */
	unsigned last_of[4096]; /* by segment: its highest number */
	uint64_t damaged;
};

/* Record number's bytes: its length and every byte follow from it. */
static size_t
make_record(char *out, unsigned number)
{
	size_t len = 8 + number * 2654435761u % 9000;

	num_put_u32(out, number);
	for (size_t i = 4; i < len; i++)
		out[i] = (char)(number * 31 + i);
	return len;
}

static int
see(void *ctx, const struct seglog_found *found, struct err *err)
{
	struct work *work = ctx;
	unsigned number;
	char want[10000];

	if (found->bytes.len < 8)
		return err_set(err, ERR_CORRUPT, "a record is too short");
	number = num_get_u32(found->bytes.p);
	if (number >= RECORDS_MAX ||
	    !str_eq(found->bytes, str_make(want, make_record(want, number))))
		return err_set(err, ERR_CORRUPT, "a record has other bytes");
	if (work->seen[number] || number < work->last)
		return err_set(err, ERR_CORRUPT, "record %u twice or late",
		    number);
	work->seen[number] = true;
	work->last = number;
	work->last_of[found->place.segment % 4096] = number;
	return 0;
}

static struct seglog *
open_log(struct work *work, const char *dir)
{
	struct seglog_recovery recovery = { .record = see, .ctx = work };
	struct seglog *log;
	struct err err;

	memset(work->seen, 0, sizeof(work->seen));
	work->last = 0;
	if (seglog_open(&log, dir, &work->options, &recovery, &err) < 0)
		fatal("%s", err.text);
	work->damaged = recovery.damaged;
	return log;
}

static void
commit(struct work *work, struct seglog *log, unsigned first, unsigned count)
{
	static char bytes[BATCH_MAX][10000];
	struct seglog_record record[BATCH_MAX];
	struct iovec iov[BATCH_MAX];
	struct err err;

	for (unsigned i = 0; i < count; i++) {
		iov[i].iov_base = bytes[i];
		iov[i].iov_len = make_record(bytes[i], first + i);
		record[i].iov = &iov[i];
		record[i].iov_count = 1;
	}
	if (seglog_commit(log, record, count, NULL, &err) < 0)
		fatal("%s", err.text);
	for (unsigned i = 0; i < count; i++)
		work->last_of[record[i].place.segment % 4096] = first + i;
}

/* Keep three sealed segments; say first what is given up. */
static void
release_old(struct work *work, struct seglog *log, int marks)
{
	struct seglog_segment segment[64];
	struct err err;

	while (seglog_segments(log, segment, 64) > 3) {
		marks_put(marks, "gone %u",
		    work->last_of[segment[0].number % 4096]);
		if (seglog_release(log, segment[0].number, &err) < 0)
			fatal("%s", err.text);
	}
}

static int
write_log(struct work *work, const char *dir, const char *marks_path,
    unsigned batches)
{
	int marks = marks_open(marks_path);
	struct seglog *log = open_log(work, dir);
	unsigned number = 1;
	struct err err;
	bool more;

	for (unsigned i = 0; i < batches; i++) {
		unsigned count = 1 + i * 7 % BATCH_MAX;

		commit(work, log, number, count);
		for (unsigned j = 0; j < count; j++)
			marks_put(marks, "kept %u", number + j);
		number += count;
		release_old(work, log, marks);
		if (seglog_prepare(log, 16384, &more, &err) < 0)
			fatal("%s", err.text);
		if (i % 40 == 39) {
			seglog_close(log);
			log = open_log(work, dir);
		}
	}
	seglog_close(log);
	return 0;
}

static int
check_log(struct work *work, const char *dir, const char *marks_path)
{
	struct seglog *log = open_log(work, dir);
	struct buf marks;
	struct str rest, line;
	unsigned gone = 0, bad = 0;

	if (work->damaged > 0)
		fatal("a power cut looks like damage");
	marks_read(&marks, marks_path);
	for (int pass = 0; pass < 2; pass++) {
		rest = buf_str(&marks);
		while (str_split(&rest, '\n', &line)) {
			unsigned number =
			    line.len < 6 ? 0 : (unsigned)atoi(line.p + 5);

			if (pass == 0 && str_starts(line, str_of("gone")))
				gone = number;
			if (pass == 1 && str_starts(line, str_of("kept")) &&
			    number > gone && !work->seen[number])
				bad++;
		}
	}
	if (bad > 0)
		fatal("%u acknowledged records are lost", bad);
	/* what a younger record took back must not come back alone */
	for (unsigned i = 1; work->options.recycle && i < work->last; i++) {
		if (work->seen[i] && !work->seen[i + 1])
			fatal("record %u is there without the next", i);
	}
	commit(work, log, work->last + 1, 1);
	seglog_close(log);
	seglog_close(open_log(work, dir));
	buf_clear(&marks);
	return 0;
}

int
main(int argc, char **argv)
{
	static struct work work;
	uint64_t batches;

	log_init("seglog_work", LOG_LEVEL_ERROR);
	work.options.segment_size = SEGMENT;
	work.options.spare_max = 2;
	work.options.recycle = argc > 2 && strcmp(argv[2], "ring") == 0;
	if (argc == 6 && strcmp(argv[1], "write") == 0 &&
	    num_parse(str_of(argv[5]), RECORDS_MAX / BATCH_MAX, &batches))
		return write_log(&work, argv[3], argv[4], (unsigned)batches);
	if (argc == 5 && strcmp(argv[1], "check") == 0)
		return check_log(&work, argv[3], argv[4]);
	fatal("usage: seglog_work write|check ring|packs DIR MARKS [BATCHES]");
}
