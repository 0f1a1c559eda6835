#include "seglog/seglog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fsutil.h"
#include "base/log.h"
#include "seglog/batch.h"
#include "seglog/recover.h"
#include "seglog/segment.h"

enum {
	SEGMENT_DEFAULT = 64 << 20,
	SPARE_DEFAULT = 4,
};

/*
 * Where a block overwritten is a block written somewhere else, zeros ahead
 * only cost space. (statfs types from linux/magic.h and the ZFS sources.)
 */
static void
look_at_filesystem(struct seglog *log)
{
	enum { ZFS = 0x2fc12fc1, BCACHEFS = 0xca451a4e, NILFS = 0x3434 };
	struct statfs fs;

	if (statfs(log->path, &fs) < 0)
		return;
	switch ((uint32_t)fs.f_type) {
	case (uint32_t)ZFS:
	case (uint32_t)BCACHEFS:
	case (uint32_t)NILFS:
		log_warn("%s: this filesystem does not overwrite in place; "
			 "segments are not filled ahead and a full disk can "
			 "refuse mail in mid-segment",
		    log->path);
		log->options.no_zero = true;
		break;
	default:
		break;
	}
}

static int
set_options(struct seglog *log, const struct seglog_options *options,
    struct err *err)
{
	if (options != NULL)
		log->options = *options;
	if (log->options.segment_size == 0)
		log->options.segment_size = SEGMENT_DEFAULT;
	if (log->options.spare_max == 0)
		log->options.spare_max = SPARE_DEFAULT;
	if (log->options.segment_size < SEGLOG_SEGMENT_MIN ||
	    log->options.segment_size > SEGLOG_SEGMENT_MAX ||
	    log->options.segment_size % BATCH_ALIGN != 0)
		return err_set(err, ERR_SYNTAX,
		    "segment size %zu: not a multiple of 4 KiB from 64 KiB "
		    "to 1 GiB",
		    log->options.segment_size);
	return 0;
}

int
seglog_open(struct seglog **out, const char *path,
    const struct seglog_options *options, struct seglog_recovery *recovery,
    struct err *err)
{
	struct seglog *log = xcalloc(1, sizeof(*log));

	*out = NULL;
	log->path = xstrdup(path);
	list_init(&log->live);
	list_init(&log->spare);
	log->area = xmalloc(batch_area(BATCH_COUNT_MAX));
	if (set_options(log, options, err) < 0)
		goto fail;
	look_at_filesystem(log);
	if (recover_log(log, recovery, err) < 0)
		goto fail;
	*out = log;
	return 0;
fail:
	seglog_close(log);
	return -1;
}

static void
free_list(struct list *head)
{
	struct list *link;

	while ((link = list_pop(head)) != NULL)
		segment_free(LIST_ITEM(link, struct segment, link));
}

void
seglog_close(struct seglog *log)
{
	if (log == NULL)
		return;
	free_list(&log->live);
	free_list(&log->spare);
	segment_free(log->next);
	segment_free(log->making); /* recovery unlinks its file */
	free(log->area);
	free(log->path);
	free(log);
}

size_t
seglog_cost(size_t length)
{
	return batch_record_cost(length);
}

size_t
seglog_room(const struct seglog *log)
{
	return log->options.segment_size - SUPERBLOCK_SIZE - BATCH_HEAD_SIZE;
}

size_t
seglog_record_max(const struct seglog *log)
{
	return seglog_room(log) - batch_record_cost(0) - 8;
}

uint64_t
seglog_lsn(const struct seglog *log)
{
	return log->lsn;
}

uint64_t
seglog_doubts(const struct seglog *log)
{
	return log->doubts;
}

/* No more batches into the current segment. */
static void
seal(struct seglog *log)
{
	struct segment *segment = log->current;

	if (segment == NULL)
		return;
	(void)close(segment->fd);
	segment->fd = -1;
	log->current = NULL;
	if (segment->last_lsn == 0) {
		/* Failed before its first batch: nothing to keep. */
		list_remove(&segment->link);
		(void)segment_unlink(log, segment, &(struct err){ 0 });
		segment_free(segment);
	}
}

/* Have a current segment with room for length bytes. */
static int
make_room(struct seglog *log, size_t length, struct err *err)
{
	struct segment *next;
	bool more = true;

	if (log->current != NULL &&
	    log->current->super.size - log->current->used >= length)
		return 0;
	while (log->next == NULL && more) {
		if (segment_prepare(log, SIZE_MAX, &more, err) < 0)
			return -1;
	}
	next = log->next;
	if (next == NULL || next->super.size - next->used < length)
		return err_set(err, ERR_LIMIT,
		    "%s: %zu bytes are more than a segment", log->path, length);
	seal(log);
	log->current = next;
	log->next = NULL;
	list_push(&log->live, &log->current->link);
	return 0;
}

static size_t
iov_length(const struct iovec *iov, int count)
{
	size_t length = 0;

	for (int i = 0; i < count; i++)
		length += iov[i].iov_len;
	return length;
}

/*
 * Set each record's place, its offset counted from the batch's start, and
 * return the batch's whole length; 0 when it is more than a batch may hold.
 */
static size_t
lay_out(const struct seglog *log, struct seglog_record *record, size_t count)
{
	size_t at = batch_area((uint32_t)count);

	if (count == 0 || count > BATCH_COUNT_MAX)
		return 0;
	for (size_t i = 0; i < count; i++) {
		size_t length = iov_length(record[i].iov, record[i].iov_count);

		if (length > log->options.segment_size ||
		    at + length + BATCH_RECORD_HEAD > log->options.segment_size)
			return 0;
		record[i].place.offset = at + BATCH_RECORD_HEAD;
		record[i].place.length = (uint32_t)length;
		at += BATCH_RECORD_HEAD + ((length + 7) & ~7UL);
	}
	at = batch_round(at);
	return at > log->options.segment_size - SUPERBLOCK_SIZE ? 0 : at;
}

/* Lay out, find room, and make the places those of the segment. */
static int
place_records(struct seglog *log, struct seglog_record *record, size_t count,
    size_t *length, struct err *err)
{
	*length = lay_out(log, record, count);
	if (*length == 0)
		return err_set(err, ERR_LIMIT,
		    "%s: %zu records do not fit in a batch", log->path, count);
	if (make_room(log, *length, err) < 0) {
		if (err->kind != ERR_LIMIT)
			err->kind = ERR_TEMP;
		return -1;
	}
	for (size_t i = 0; i < count; i++) {
		record[i].place.segment = log->current->super.number;
		record[i].place.offset += log->current->used;
	}
	return 0;
}

int
seglog_place(struct seglog *log, struct seglog_record *record, size_t count,
    struct err *err)
{
	size_t length;

	return place_records(log, record, count, &length, err);
}

/*
 * The batch as pieces: area, then head, body and padding of each record, then
 * zeros up to the boundary. Sums are made on the way. Returns the number of
 * pieces; the caller frees *out and *heads.
 */
static int
gather(struct seglog *log, const struct seglog_record *record, size_t count,
    struct batch *batch, struct iovec **out, unsigned char **heads)
{
	static const char zeros[BATCH_ALIGN];
	void *zero = (void *)(uintptr_t)zeros;
	struct batch_entry *entry = xcalloc(count, sizeof(*entry));
	const struct segment *segment = log->current;
	size_t pieces = 2, at = batch_area(batch->count);
	struct iovec *iov;
	int n = 1;

	for (size_t i = 0; i < count; i++)
		pieces += (size_t)record[i].iov_count + 2;
	*out = iov = xcalloc(pieces, sizeof(*iov));
	*heads = xcalloc(count, BATCH_RECORD_HEAD);
	for (size_t i = 0; i < count; i++) {
		const struct seglog_place *place = &record[i].place;
		unsigned char *head = *heads + i * BATCH_RECORD_HEAD;
		size_t pad = (8 - place->length % 8) % 8;

		entry[i].at = (uint32_t)(place->offset - segment->used);
		entry[i].length = place->length;
		memcpy(iov + n + 1, record[i].iov,
		    (size_t)record[i].iov_count * sizeof(*iov));
		/* the slot of the head serves the checksum first */
		entry[i].checksum = batch_record_checksum(&segment->super,
		    place->offset, place->length, (uint32_t)i, iov + n,
		    record[i].iov_count);
		batch_record_encode(head, place->length, (uint32_t)i,
		    entry[i].checksum);
		iov[n] = (struct iovec){ head, BATCH_RECORD_HEAD };
		n += 1 + record[i].iov_count;
		if (pad > 0)
			iov[n++] = (struct iovec){ zero, pad };
		at += BATCH_RECORD_HEAD + place->length + pad;
	}
	batch_encode(log->area, batch, entry, &segment->super, segment->used);
	iov[0] = (struct iovec){ log->area, batch_area(batch->count) };
	if (batch->length > at)
		iov[n++] = (struct iovec){ zero, batch->length - at };
	free(entry);
	return n;
}

/* The bytes, then the one sync that a promise rests on. */
static int
write_batch(struct segment *segment, struct iovec *iov, int count,
    struct err *err)
{
	if (fs_pwritev_all(segment->fd, iov, count, (off_t)segment->used, err) <
	    0)
		return -1;
	if (fdatasync(segment->fd) < 0)
		return err_sys(err, "fdatasync");
	return 0;
}

int
seglog_commit(struct seglog *log, struct seglog_record *record, size_t count,
    uint64_t *lsn, struct err *err)
{
	struct batch batch = { 0 };
	struct segment *segment;
	unsigned char *heads;
	struct iovec *iov;
	size_t length;
	int n, ret;

	if (place_records(log, record, count, &length, err) < 0)
		return -1;
	segment = log->current;
	batch.lsn = log->lsn + 1;
	batch.durable = log->lsn;
	batch.previous = log->chain;
	batch.length = (uint32_t)length;
	batch.count = (uint32_t)count;
	n = gather(log, record, count, &batch, &iov, &heads);
	ret = write_batch(segment, iov, n, err);
	free(iov);
	free(heads);
	if (ret < 0) {
		/* After a failed sync nobody knows what is on disk. */
		err_prefix(err, "%s/seg.%08x, abandoned", log->path,
		    segment->super.number);
		log_error("%s", err->text);
		err->kind = ERR_TEMP;
		segment->failed = true;
		log->doubts++;
		seal(log);
		return -1;
	}
	if (segment->first_lsn == 0) {
		segment->first_lsn = batch.lsn;
		segment->first_previous = batch.previous;
	}
	segment->last_lsn = batch.lsn;
	segment->used += length;
	log->lsn = batch.lsn;
	log->chain = batch.checksum;
	if (lsn != NULL)
		*lsn = batch.lsn;
	return 0;
}

int
seglog_prepare(struct seglog *log, size_t budget, bool *more, struct err *err)
{
	const struct segment *current = log->current;

	*more = false;
	if (log->next != NULL)
		return 0;
	/* In the first half of a segment it is too early. */
	if (current != NULL && current->used < current->super.size / 2 &&
	    log->making == NULL)
		return 0;
	return segment_prepare(log, budget, more, err);
}

/* The newest segment that holds a batch keeps the LSN from going back. */
static bool
is_newest(const struct seglog *log, const struct segment *segment)
{
	return segment->last_lsn == log->lsn || segment == log->current;
}

static struct segment *
find(const struct seglog *log, uint32_t number)
{
	LIST_FOREACH(link, &log->live)
	{
		struct segment *segment = LIST_ITEM(link, struct segment, link);

		if (segment->super.number == number)
			return segment;
	}
	return NULL;
}

/* Unlink; on failure it goes back to the front of the list it was in. */
static int
unlink_released(struct seglog *log, struct list *from, struct segment *segment,
    struct err *err)
{
	if (segment_unlink(log, segment, err) < 0) {
		list_push_front(from, &segment->link);
		return -1;
	}
	segment_free(segment);
	return 0;
}

static int
trim_spares(struct seglog *log, unsigned max, struct err *err)
{
	while (log->spares > max) {
		struct segment *spare =
		    LIST_ITEM(log->spare.next, struct segment, link);

		list_remove(&spare->link);
		if (unlink_released(log, &log->spare, spare, err) < 0)
			return -1;
		log->spares--;
	}
	return 0;
}

/*
 * A segment that cannot be used again. Spares hold older lives: they must be
 * gone before it, or a power cut could bring back what this one took back.
 */
static int
unlink_after_spares(struct seglog *log, struct segment *segment,
    struct err *err)
{
	if (trim_spares(log, 0, err) < 0) {
		list_push_front(&log->live, &segment->link);
		return -1;
	}
	return unlink_released(log, &log->live, segment, err);
}

int
seglog_release(struct seglog *log, uint32_t number, struct err *err)
{
	struct segment *segment = find(log, number);

	if (segment == NULL)
		return err_set(err, ERR_NOENT, "%s: no segment %08x", log->path,
		    number);
	if (is_newest(log, segment) ||
	    (log->options.recycle && &segment->link != log->live.next))
		return err_set(err, ERR_DENIED,
		    "%s: segment %08x cannot be released now", log->path,
		    number);
	list_remove(&segment->link);
	if (!log->options.recycle)
		return unlink_released(log, &log->live, segment, err);
	if (segment->failed || segment->super.size != log->options.segment_size)
		return unlink_after_spares(log, segment, err);
	list_push(&log->spare, &segment->link);
	log->spares++;
	return trim_spares(log, log->options.spare_max, err);
}

size_t
seglog_segments(const struct seglog *log, struct seglog_segment *out,
    size_t max)
{
	size_t n = 0;

	LIST_FOREACH(link, &log->live)
	{
		const struct segment *segment =
		    LIST_ITEM(link, struct segment, link);

		if (n < max)
			out[n] = (struct seglog_segment){
				.number = segment->super.number,
				.first_lsn = segment->first_lsn,
				.last_lsn = segment->last_lsn,
				.used = segment->used,
				.current = segment == log->current,
			};
		n++;
	}
	return n;
}
