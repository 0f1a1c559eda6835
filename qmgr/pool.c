#include "qmgr/pool.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"

/* LOOK: segments looked at in one go. CHANGE: bytes a change takes, and some.
 */
enum { CHUNK_MAX = 16, LOOK = 32, CHANGE = 32 };

int
pool_open(struct pool *pool, const char *name,
    const struct seglog_options *options, struct seglog_recovery *recovery,
    struct err *err)
{
	*pool = (struct pool){ .name = name };
	list_init(&pool->segments);
	list_init(&pool->dying);
	return seglog_open(&pool->log, name, options, recovery, err);
}

static void
segment_free(struct pool_segment *segment)
{
	list_remove(&segment->link);
	if (segment->readable)
		(void)close(segment->reader.fd);
	free(segment);
}

void
pool_close(struct pool *pool)
{
	while (!list_is_empty(&pool->segments))
		segment_free(
		    LIST_ITEM(pool->segments.next, struct pool_segment, link));
	seglog_close(pool->log);
	free(pool->change);
}

/* The newest are asked for most. */
static struct pool_segment *
find_or_make(struct pool *pool, uint32_t number)
{
	struct pool_segment *segment;

	for (struct list *at = pool->segments.prev; at != &pool->segments;
	     at = at->prev) {
		segment = LIST_ITEM(at, struct pool_segment, link);
		if (segment->number == number)
			return segment;
	}
	segment = xcalloc(1, sizeof(*segment));
	segment->number = number;
	list_init(&segment->messages);
	list_push(&pool->segments, &segment->link);
	return segment;
}

void
pool_attach(struct pool *pool, struct message *message,
    const struct seglog_place *place)
{
	if (message->segment != NULL)
		pool_detach(message);
	message->pool = pool;
	message->place = *place;
	message->segment = find_or_make(pool, place->segment);
	message->segment->live++;
	message->segment->bytes += place->length;
	pool->bytes += place->length;
	pool->messages++;
	list_push(&message->segment->messages, &message->link);
}

void
pool_detach(struct message *message)
{
	struct pool_segment *segment = message->segment;

	if (segment == NULL)
		return;
	segment->live--;
	segment->bytes -= message->place.length;
	message->pool->bytes -= message->place.length;
	message->pool->messages--;
	list_remove(&message->link);
	message->segment = NULL;
}

static int
open_reader(struct pool *pool, struct pool_segment *segment, struct err *err)
{
	int fd;

	if (segment->readable)
		return 0;
	fd = seglog_segment_open(pool->log, segment->number, err);
	if (fd < 0)
		return -1;
	if (seglog_reader_init(&segment->reader, fd, err) < 0) {
		(void)close(fd);
		return -1;
	}
	segment->readable = true;
	return 0;
}

int
pool_read(struct message *message, struct buf *out, struct str *bytes,
    struct err *err)
{
	char *room;

	if (open_reader(message->pool, message->segment, err) < 0)
		return -1;
	buf_reset(out);
	room = buf_reserve(out, SEGLOG_READ_SIZE(message->place.length));
	if (room == NULL)
		return err_set(err, ERR_LIMIT, "record too long");
	return seglog_read(&message->segment->reader, &message->place, room,
	    bytes, err);
}

void
pool_change(struct pool *pool, const struct queue_id *id, uint32_t number,
    enum queue_state state)
{
	if (pool->changes == pool->changes_cap) {
		pool->changes_cap = pool->changes_cap * 2 + 64;
		pool->change = xreallocarray(pool->change, pool->changes_cap,
		    sizeof(*pool->change));
	}
	pool->change[pool->changes++] = (struct queue_change){
		.queue = id->queue,
		.epoch = id->epoch,
		.counter = id->counter,
		.number = number,
		.state = (uint8_t)state,
	};
}

/* The first changes as a record each of up to QUEUE_CHANGES_MAX. */
static size_t
encode_changes(struct pool *pool, struct buf chunk[CHUNK_MAX],
    struct iovec iov[CHUNK_MAX], size_t *taken)
{
	size_t most = seglog_room(pool->log) / 2 / CHANGE, n = 0;
	struct err err;

	if (most > pool->changes)
		most = pool->changes;
	*taken = 0;
	while (n < CHUNK_MAX && *taken < most) {
		size_t count = most - *taken;

		if (count > QUEUE_CHANGES_MAX)
			count = QUEUE_CHANGES_MAX;
		buf_init(&chunk[n], 0);
		if (queue_changes_encode(&chunk[n], pool->change + *taken,
			count, &err) < 0)
			panic("changes: %s", err.text);
		iov[n] = (struct iovec){ chunk[n].p, chunk[n].len };
		*taken += count;
		n++;
	}
	return n;
}

/* One round of changes, behind the records given, all in one batch. */
static int
commit_with_changes(struct pool *pool, struct seglog_record *record,
    size_t count, struct err *err)
{
	struct seglog_record *all = xcalloc(count + CHUNK_MAX, sizeof(*all));
	struct buf chunk[CHUNK_MAX];
	struct iovec iov[CHUNK_MAX];
	size_t taken, n = encode_changes(pool, chunk, iov, &taken);
	int ret;

	if (count > 0)
		memcpy(all, record, count * sizeof(*all));
	for (size_t i = 0; i < n; i++)
		all[count + i] =
		    (struct seglog_record){ .iov = &iov[i], .iov_count = 1 };
	ret = seglog_commit(pool->log, all, count + n, NULL, err);
	for (size_t i = 0; i < count; i++)
		record[i].place = all[i].place;
	for (size_t i = 0; i < n; i++)
		buf_clear(&chunk[i]);
	free(all);
	if (ret == 0 && taken > 0) {
		pool->changes -= taken;
		memmove(pool->change, pool->change + taken,
		    pool->changes * sizeof(*pool->change));
	}
	return ret;
}

/* Do records and changes fit in one batch? */
static bool
fits(const struct pool *pool, const struct seglog_record *record, size_t count)
{
	size_t cost = seglog_cost(pool->changes * CHANGE + 64);

	for (size_t i = 0; i < count; i++) {
		size_t length = 0;

		for (int k = 0; k < record[i].iov_count; k++)
			length += record[i].iov[k].iov_len;
		cost += seglog_cost(length);
	}
	return cost <= seglog_room(pool->log) &&
	    count + CHUNK_MAX <= SEGLOG_COUNT_MAX;
}

int
pool_commit(struct pool *pool, struct seglog_record *record, size_t count,
    size_t *written, struct err *err)
{
	*written = 0;
	if (!fits(pool, record, count) && count > 0) {
		if (seglog_commit(pool->log, record, count, NULL, err) < 0)
			return -1;
		*written = count;
		count = 0;
	}
	while (count > 0 || pool->changes > 0) {
		if (commit_with_changes(pool, record, count, err) < 0)
			return -1;
		if (count > 0)
			*written = count;
		count = 0;
	}
	return 0;
}

void
pool_release(struct pool *pool)
{
	struct seglog_segment segment[LOOK];
	size_t count = seglog_segments(pool->log, segment, LOOK);
	struct err err;

	/* the newest is never released */
	for (size_t i = 0; i + 1 < count && i < LOOK; i++) {
		struct pool_segment *known =
		    find_or_make(pool, segment[i].number);

		if (known->live > 0)
			break;
		if (seglog_release(pool->log, segment[i].number, &err) < 0) {
			if (err.kind != ERR_DENIED)
				log_warn("%s: %s", pool->name, err.text);
			break;
		}
		segment_free(known);
	}
}

size_t
pool_segments(const struct pool *pool)
{
	return seglog_segments(pool->log, NULL, 0);
}
