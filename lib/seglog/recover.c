#include "seglog/recover.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fsutil.h"
#include "base/log.h"
#include "seglog/batch.h"
#include "seglog/scan.h"

/* The walk through one log. */
struct walk {
	struct seglog *log;
	struct seglog_recovery *recovery;
	struct buf bytes; /* the batch at hand */
	uint64_t last;    /* LSN of the last batch taken */
	uint64_t chain;   /* and its checksum */
};

/* A batch whose header and table are good. */
struct head {
	struct batch batch;
	uint64_t offset;
};

/* Header and table at offset. 0, or -1 with ERR_CORRUPT or worse. */
static int
read_head(struct seglog *log, struct segment *segment, uint64_t offset,
    struct head *head, struct err *err)
{
	const struct superblock *super = &segment->super;
	unsigned char *area = log->area;
	size_t len;

	head->offset = offset;
	if (offset + BATCH_ALIGN > super->size)
		return err_set(err, ERR_CORRUPT, "end of the segment");
	if (fs_pread_all(segment->fd, area, BATCH_ALIGN, (off_t)offset, err) <
		0 ||
	    batch_parse(&head->batch, str_make(area, BATCH_ALIGN), super,
		offset, err) < 0)
		return -1;
	len = batch_area(head->batch.count);
	if (len > BATCH_ALIGN &&
	    fs_pread_all(segment->fd, area, len, (off_t)offset, err) < 0)
		return -1;
	return batch_check(&head->batch, str_make(area, len), super, err);
}

/* Is there a good header at offset? -1 only for trouble with the disk. */
static int
look_head(struct seglog *log, struct segment *segment, uint64_t offset,
    struct head *head, bool *good, struct err *err)
{
	*good = read_head(log, segment, offset, head, err) == 0;
	return *good || err->kind == ERR_CORRUPT ? 0 : -1;
}

/*
 * The first boundary from offset on where a header of this life stands whose
 * LSN is above after. This is proof that what lies before was durable.
 */
static int
look_beyond(struct seglog *log, struct segment *segment, uint64_t offset,
    uint64_t after, struct head *head, bool *good, struct err *err)
{
	*good = false;
	for (; offset + BATCH_ALIGN <= segment->super.size;
	     offset += BATCH_ALIGN) {
		if (look_head(log, segment, offset, head, good, err) < 0)
			return -1;
		if (*good && head->batch.lsn > after)
			return 0;
		*good = false;
	}
	return 0;
}

/* Save len damaged bytes as "bad.GENERATION.OFFSET" for the operator. */
static int
quarantine(struct walk *walk, struct segment *segment, uint64_t offset,
    uint64_t len, struct err *err)
{
	char name[64], path[SEGMENT_PATH_SIZE];
	char *bytes;
	int ret;

	(void)snprintf(name, sizeof(name), "bad.%" PRIx64 ".%" PRIx64,
	    segment->super.generation, offset);
	segment_path(walk->log, path, name);
	walk->recovery->damaged++;
	log_error("%s: damaged: segment %08x, %" PRIu64 " bytes at %" PRIu64
		  " were durable once and do not check; saved as %s",
	    walk->log->path, segment->super.number, len, offset, name);
	if (access(path, F_OK) == 0)
		return 0; /* by an earlier start */
	bytes = xmalloc(len);
	ret = fs_pread_all(segment->fd, bytes, len, (off_t)offset, err);
	if (ret == 0)
		ret = fs_write_file(AT_FDCWD, path, str_make(bytes, len), 0600,
		    err);
	free(bytes);
	if (ret < 0)
		log_error("%s: not saved: %s", name, err->text);
	return 0; /* mail that is good must not wait for mail that is not */
}

static int
give(struct walk *walk, struct segment *segment, const struct head *head,
    uint32_t index, const struct batch_entry *entry, struct err *err)
{
	struct seglog_recovery *recovery = walk->recovery;
	struct seglog_found found = {
		.place = { segment->super.number, entry->length,
		    head->offset + entry->at },
		.lsn = head->batch.lsn,
		.index = index,
		.count = head->batch.count,
		.bytes = { walk->bytes.p + entry->at, entry->length },
	};

	recovery->records++;
	if (recovery->record == NULL)
		return 0;
	return recovery->record(recovery->ctx, &found, err);
}

/* How many of the batch's records do not check. */
static uint32_t
count_bad(struct walk *walk, struct segment *segment, const struct head *head)
{
	uint32_t bad = 0;

	for (uint32_t i = 0; i < head->batch.count; i++) {
		struct batch_entry entry;

		batch_entry_get(&entry, buf_str(&walk->bytes), i);
		if (!batch_entry_check(&entry, &segment->super, head->offset, i,
			str_make(walk->bytes.p + entry.at, entry.length)))
			bad++;
	}
	return bad;
}

static int
read_batch(struct walk *walk, struct segment *segment, const struct head *head,
    struct err *err)
{
	buf_reset(&walk->bytes);
	(void)buf_reserve(&walk->bytes, head->batch.length);
	if (fs_pread_all(segment->fd, walk->bytes.p, head->batch.length,
		(off_t)head->offset, err) < 0)
		return err->kind == ERR_CORRUPT ? 0 : -1;
	walk->bytes.len = head->batch.length;
	return 0;
}

/* Hand out the good records of a batch; put the others aside. */
static int
take_batch(struct walk *walk, struct segment *segment, const struct head *head,
    struct err *err)
{
	for (uint32_t i = 0; i < head->batch.count; i++) {
		struct str bytes = buf_str(&walk->bytes);
		struct batch_entry entry;

		batch_entry_get(&entry, bytes, i);
		if (!batch_entry_check(&entry, &segment->super, head->offset, i,
			str_make(bytes.p + entry.at, entry.length))) {
			if (quarantine(walk, segment, head->offset + entry.at,
				entry.length, err) < 0)
				return -1;
			continue;
		}
		if (head->batch.lsn >= walk->recovery->from &&
		    give(walk, segment, head, i, &entry, err) < 0)
			return -1;
	}
	walk->recovery->batches += head->batch.lsn >= walk->recovery->from;
	return 0;
}

/* Note that the chain has come as far as this batch. */
static void
advance(struct walk *walk, struct segment *segment, const struct head *head)
{
	const struct batch *batch = &head->batch;

	if (walk->last + 1 == batch->lsn && walk->last != 0 &&
	    walk->chain != batch->previous)
		log_error("%s: segment %08x: batch %" PRIu64
			  " does not follow the one before",
		    walk->log->path, segment->super.number, batch->lsn);
	walk->last = batch->lsn;
	walk->chain = batch->checksum;
	segment->last_lsn = batch->lsn;
	segment->used = head->offset + batch->length;
}

/* Write-once: did the owner unlink what came between this and the next? */
static bool
was_unlinked(const struct seglog *log, const struct segment *segment)
{
	const struct segment *next =
	    LIST_ITEM(segment->link.next, const struct segment, link);

	return !log->options.recycle &&
	    next->super.number != segment->super.number + 1;
}

/*
 * The header at offset is no good, and batches up to bound (not included)
 * should be or may be there. *found says whether head is a later batch from
 * which to go on.
 */
static int
cross_damage(struct walk *walk, struct segment *segment, uint64_t offset,
    uint64_t bound, struct head *head, bool *found, struct err *err)
{
	uint64_t expected = segment->last_lsn + 1;

	*found = false;
	if (expected == bound) /* the next segment goes on from here */
		return 0;
	if (look_beyond(walk->log, segment, offset + BATCH_ALIGN,
		segment->last_lsn, head, found, err) < 0)
		return -1;
	if (*found && head->batch.lsn < bound)
		return quarantine(walk, segment, offset, head->offset - offset,
		    err);
	*found = false;
	if (bound != UINT64_MAX && bound > expected &&
	    !was_unlinked(walk->log, segment)) {
		log_error("%s: batches %" PRIu64 " to %" PRIu64
			  " are missing after segment %08x",
		    walk->log->path, expected, bound - 1,
		    segment->super.number);
		return quarantine(walk, segment, offset,
		    segment->super.size - offset < BATCH_ALIGN ?
			segment->super.size - offset :
			BATCH_ALIGN,
		    err);
	}
	return 0;
}

/* Was batch head, which does not check, on disk once? */
static int
was_durable(struct walk *walk, struct segment *segment, const struct head *head,
    uint64_t bound, bool *durable, struct err *err)
{
	struct head later;

	*durable = bound != UINT64_MAX && bound > head->batch.lsn;
	if (*durable)
		return 0;
	if (look_beyond(walk->log, segment, head->offset + head->batch.length,
		head->batch.lsn, &later, durable, err) < 0)
		return -1;
	*durable = *durable && later.batch.durable >= head->batch.lsn;
	return 0;
}

/* One batch with a good header. *go_on: false at a torn tail. */
static int
walk_batch(struct walk *walk, struct segment *segment, const struct head *head,
    uint64_t bound, bool *go_on, struct err *err)
{
	*go_on = true;
	if (read_batch(walk, segment, head, err) < 0)
		return -1;
	if (walk->bytes.len == 0 || count_bad(walk, segment, head) > 0) {
		if (was_durable(walk, segment, head, bound, go_on, err) < 0)
			return -1;
		if (!*go_on) {
			walk->recovery->torn++;
			log_info("%s: batch %" PRIu64 " was cut off before it "
				 "was acknowledged; dropped",
			    walk->log->path, head->batch.lsn);
			return 0;
		}
	}
	if (walk->bytes.len == 0)
		(void)quarantine(walk, segment, head->offset,
		    head->batch.length, err);
	else if (take_batch(walk, segment, head, err) < 0)
		return -1;
	advance(walk, segment, head);
	return 0;
}

/* All batches of one segment below bound. */
static int
walk_segment(struct walk *walk, struct segment *segment, uint64_t bound,
    struct err *err)
{
	uint64_t offset = SUPERBLOCK_SIZE;
	bool good, go_on = true;
	struct head head;

	segment->last_lsn = segment->first_lsn - 1;
	while (go_on) {
		if (look_head(walk->log, segment, offset, &head, &good, err) <
		    0)
			return -1;
		if (good && head.batch.lsn <= segment->last_lsn)
			good = false;
		if (!good &&
		    cross_damage(walk, segment, offset, bound, &head, &good,
			err) < 0)
			return -1;
		if (!good || head.batch.lsn >= bound)
			break;
		if (walk_batch(walk, segment, &head, bound, &go_on, err) < 0)
			return -1;
		offset = head.offset + head.batch.length;
	}
	if (segment->last_lsn < segment->first_lsn)
		segment->last_lsn = 0; /* its only batch was torn */
	return 0;
}

/* Where a segment begins; first_lsn stays 0 when no batch is in it. */
static int
find_first(struct seglog *log, struct segment *segment, struct err *err)
{
	struct head head;
	bool good;

	if (look_head(log, segment, SUPERBLOCK_SIZE, &head, &good, err) < 0)
		return -1;
	if (!good &&
	    look_beyond(log, segment, SUPERBLOCK_SIZE + BATCH_ALIGN, 0, &head,
		&good, err) < 0)
		return -1;
	if (!good)
		return 0;
	segment->first_lsn = head.batch.lsn;
	/* A first batch that is damaged: its LSN is the one before. */
	if (head.offset != SUPERBLOCK_SIZE && head.batch.durable > 0)
		segment->first_lsn = head.batch.durable;
	segment->first_previous = head.batch.previous;
	return 0;
}

/* The LSN with which the next segment begins. */
static uint64_t
bound_of(const struct seglog *log, const struct segment *segment)
{
	const struct list *next = segment->link.next;

	if (next == &log->live)
		return UINT64_MAX;
	return LIST_ITEM(next, const struct segment, link)->first_lsn;
}

static int
walk_all(struct walk *walk, struct err *err)
{
	struct seglog *log = walk->log;

	LIST_FOREACH(link, &log->live)
	{
		struct segment *segment = LIST_ITEM(link, struct segment, link);

		if (find_first(log, segment, err) < 0 ||
		    (segment->first_lsn == 0 &&
			scan_drop_empty(log, segment, err) < 0))
			return -1;
	}
	LIST_FOREACH(link, &log->live)
	{
		struct segment *segment = LIST_ITEM(link, struct segment, link);
		uint64_t bound = bound_of(log, segment);

		/*
		 * The segment with the batch before from is read, too: should
		 * all that follows be torn, the log goes on from there.
		 */
		if (bound < walk->recovery->from) {
			segment->last_lsn = bound - 1;
			segment->used = segment->super.size;
		} else if (walk_segment(walk, segment, bound, err) < 0)
			return -1;
		(void)close(segment->fd);
		segment->fd = -1;
	}
	return 0;
}

int
recover_log(struct seglog *log, struct seglog_recovery *recovery,
    struct err *err)
{
	struct seglog_recovery none = { 0 };
	struct walk walk = { .log = log, .recovery = recovery };
	int ret;

	if (recovery == NULL)
		walk.recovery = &none;
	walk.recovery->records = walk.recovery->batches = 0;
	walk.recovery->damaged = walk.recovery->torn = 0;
	buf_init(&walk.bytes, 0);
	ret = scan_segments(log, &walk.recovery->damaged, err);
	if (ret == 0)
		ret = walk_all(&walk, err);
	buf_clear(&walk.bytes);
	log->lsn = walk.last;
	log->chain = walk.chain;
	return ret;
}
