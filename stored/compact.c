#include "stored/compact.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fsutil.h"
#include "base/log.h"
#include "ipc/store_msg.h"
#include "seglog/walk.h"
#include "stored/snapshot.h"

enum {
	SLICE_RECORDS = 2000, /* looked at by a batch */
	MEMORY = 96 << 20,    /* one record may be half a pack */
};

/* The walk through a pack. */
struct progress {
	int fd;
	uint32_t pack;
	struct seglog_walk walk;
	uint64_t moved; /* bytes */
};

/* Bytes that a batch copies. */
static size_t
slice_of(const struct engine *engine)
{
	size_t slice = seglog_room(engine->log) / 4;

	return slice < COMPACT_SLICE ? slice : COMPACT_SLICE;
}

/* All segments of the log, the caller's to free. */
static struct seglog_segment *
list_packs(const struct engine *engine, size_t *count)
{
	struct seglog_segment *segment;

	*count = seglog_segments(engine->log, NULL, 0);
	segment = xcalloc(*count + 1, sizeof(*segment));
	(void)seglog_segments(engine->log, segment, *count);
	return segment;
}

static bool
is_covered(const struct engine *engine, const struct seglog_segment *segment)
{
	return !segment->current && segment->last_lsn != 0 &&
	    engine->snapshot_live != NULL &&
	    segment->last_lsn <= engine->snapshot_lsn;
}

void
compact_choose(const struct engine *engine, unsigned percent,
    struct compact_list *list)
{
	struct seglog_segment *segment;
	uint64_t size = seglog_room(engine->log);
	size_t count;

	segment = list_packs(engine, &count);
	list->pack = xcalloc(count + 1, sizeof(*list->pack));
	list->count = 0;
	for (size_t i = 0; i < count; i++) {
		uint64_t live = snapshot_live(engine, segment[i].number);

		if (is_covered(engine, &segment[i]) && live > 0 &&
		    live < size / 100 * percent)
			list->pack[list->count++] = segment[i].number;
	}
	free(segment);
}

int
compact_release(struct engine *engine, unsigned *count, struct err *err)
{
	struct seglog_segment *segment;
	size_t packs;
	int ret = 0;

	*count = 0;
	segment = list_packs(engine, &packs);
	for (size_t i = 0; ret == 0 && i < packs; i++) {
		if (!is_covered(engine, &segment[i]) ||
		    snapshot_live(engine, segment[i].number) > 0)
			continue;
		ret = seglog_release(engine->log, segment[i].number, err);
		if (ret == 0)
			++*count;
		else if (err->kind == ERR_DENIED) /* the newest one stays */
			ret = 0;
	}
	free(segment);
	return ret;
}

static void
clear(struct request *request)
{
	struct progress *progress = request->progress;

	seglog_walk_clear(&progress->walk);
	if (progress->fd >= 0)
		(void)close(progress->fd);
}

/* Does its row still name this place? 1, 0, -1. */
static int
is_live(struct change *change, const struct store_record *record,
    const struct seglog_place *place, struct err *err)
{
	struct store_cold_place cold;
	struct store_blob row;
	struct str value, digest;
	struct kv_key key;
	int ret;

	if (record->kind == STORE_RECORD_MESSAGE) {
		ret = store_row_blob(change->txn, record->blob, &row, err);
		return ret <= 0 ?
		    ret :
		    row.pack == place->segment && row.offset == place->offset;
	}
	store_key_blob(&key, record->blob);
	ret =
	    kv_get(change->txn, STORE_TAB_COLD, kv_key_get(&key), &value, err);
	if (ret <= 0)
		return ret;
	if (store_cold_decode(&digest, &cold, value, err) < 0)
		return -1;
	return digest.p == NULL && cold.pack == place->segment &&
	    cold.offset == place->offset;
}

/* Read it whole into the slice's memory; damaged ones stay where they are. */
static int
move_record(struct change *change, struct request *request,
    const struct store_record *record, const struct seglog_place *place,
    struct err *err)
{
	struct progress *progress = request->progress;
	char *bytes = arena_alloc(change->arena, place->length);
	struct str body;
	struct err wrong;

	if (bytes == NULL)
		return err_set(err, ERR_TEMP, "no memory to move a message");
	if (fs_pread_all(progress->fd, bytes, place->length,
		(off_t)place->offset, err) < 0)
		return -1;
	if (store_record_check(record, str_make(bytes, place->length), &body,
		&wrong) < 0) {
		log_error("pack %08x: blob %llu: %s: it stays there",
		    place->segment, (unsigned long long)record->blob,
		    wrong.text);
		return 0;
	}
	change_move(change, record, place->segment, place->offset, body);
	progress->moved += place->length;
	return 0;
}

/* The head of a record that is no journal, and live. 1, 0, -1. */
static int
look(struct change *change, const struct progress *progress,
    const struct seglog_place *place, struct store_record *record,
    struct err *err)
{
	char head[STORE_RECORD_HEAD];
	struct err none;

	if (place->length < STORE_RECORD_HEAD)
		return 0;
	if (fs_pread_all(progress->fd, head, sizeof(head), (off_t)place->offset,
		err) < 0)
		return -1;
	if (store_record_decode(record, str_make(head, sizeof(head)), &none) <
	    0)
		return 0;
	return is_live(change, record, place, err);
}

static int
run(struct change *change, struct request *request, struct err *err)
{
	struct progress *progress = request->progress;
	uint64_t slice = seglog_room(change->engine->log) / 4;
	uint64_t end =
	    progress->moved + (slice < COMPACT_SLICE ? slice : COMPACT_SLICE);
	struct store_record record;
	struct seglog_place place;
	int ret = 1;

	(void)request_answer(request, &store_done_msg);
	for (unsigned i = 0; i < SLICE_RECORDS && progress->moved < end; i++) {
		ret = seglog_walk_next(&progress->walk, &place, err);
		if (ret <= 0)
			break;
		ret = look(change, progress, &place, &record, err);
		if (ret > 0 &&
		    move_record(change, request, &record, &place, err) < 0)
			ret = -1;
		if (ret < 0)
			break;
		ret = 1;
	}
	request->is_unfinished = ret > 0;
	return ret < 0 ? -1 : 0;
}

struct request *
compact_new(struct engine *engine, uint32_t pack, struct err *err)
{
	struct store_done in = { 0 };
	struct progress *progress;
	struct request *request;
	int fd = engine_open_pack(engine, pack, 0, err);

	if (fd < 0)
		return NULL;
	request = request_new(run, &store_done_msg, &in, MEMORY, err);
	if (request == NULL)
		panic("%s", err->text);
	request->cost = slice_of(engine) + slice_of(engine) / 2;
	request->progress = progress =
	    arena_calloc(request->arena, 1, sizeof(*progress));
	progress->fd = fd;
	progress->pack = pack;
	request->cleanup = clear;
	if (seglog_walk_init(&progress->walk, fd, err) == 0)
		return request;
	request_free(request);
	return NULL;
}

uint64_t
compact_moved(const struct request *request)
{
	return ((const struct progress *)request->progress)->moved;
}
