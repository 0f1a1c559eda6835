#include "qmgr/spool.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/time.h"
#include "qmgr/batch.h"
#include "qmgr/requeue.h"
#include "qmgr/result.h"

enum { BATCH_MAX = 64, BYTES_MAX = 8 << 20, STEPS_MAX = 32 };

/* Messages that are copied to the spool in one batch. */
struct load {
	struct message *message[BATCH_MAX];
	struct buf bytes[BATCH_MAX];
	struct iovec iov[BATCH_MAX];
	struct seglog_record record[BATCH_MAX];
	size_t envelope_len[BATCH_MAX];
	size_t count, cost;
};

/* Its record anew: the envelope as it is now, prefix and body as they were. */
static int
add(struct qmgr *q, struct load *load, struct message *message, struct err *err)
{
	size_t i = load->count;
	struct buf old, *out = &load->bytes[i];
	struct str bytes;
	int ret;

	buf_init(out, 0);
	buf_init(&old, 0);
	ret = pool_read(message, &old, &bytes, err);
	if (ret == 0)
		ret = message_encode(message, out, err);
	load->envelope_len[i] = out->len;
	if (ret == 0)
		(void)buf_add_str(out,
		    str_sub(bytes, message->envelope_len, bytes.len));
	buf_clear(&old);
	if (ret < 0) {
		buf_clear(out);
		return -1;
	}
	if (load->cost + seglog_cost(out->len) > seglog_room(q->spool.log)) {
		buf_clear(out);
		return 0; /* with the next batch */
	}
	load->message[i] = message;
	load->iov[i] = (struct iovec){ out->p, out->len };
	load->record[i] =
	    (struct seglog_record){ .iov = &load->iov[i], .iov_count = 1 };
	load->cost += seglog_cost(out->len);
	load->count++;
	return 0;
}

/*
 * The copies are durable: from here on the messages live in the spool. That
 * they left the ring is written with the ring's next batch; batch_flush()
 * writes the ring first, so no change in the spool is durable before.
 */
static void
settle_down(struct qmgr *q, struct load *load)
{
	for (size_t i = 0; i < load->count; i++) {
		struct message *message = load->message[i];

		if (message->pool == &q->ring)
			pool_change(&q->ring, &message->id, QUEUE_WHOLE,
			    QUEUE_MOVED);
		pool_attach(&q->spool, message, &load->record[i].place);
		message->envelope_len = load->envelope_len[i];
		if (message->stale)
			requeue_done(q, message);
	}
	daemon_count(q->daemon, QMGR_SPOOLED, (int64_t)load->count);
	batch_want(q);
}

/* Write the batch of copies. */
static int
write_load(struct qmgr *q, struct load *load, struct err *err)
{
	int ret = 0;

	if (load->count > 0)
		ret = seglog_commit(q->spool.log, load->record, load->count,
		    NULL, err);
	if (ret == 0)
		settle_down(q, load);
	for (size_t i = 0; i < load->count; i++)
		buf_clear(&load->bytes[i]);
	return ret;
}

/*
 * Copy up to a batch of what lives in segment and is older than born (us
 * since 1970). Returns how many were copied, -1 for trouble.
 */
static int
empty_segment(struct qmgr *q, struct pool_segment *segment, int64_t born,
    struct err *err)
{
	struct load load = { .count = 0 };

	LIST_FOREACH(link, &segment->messages)
	{
		struct message *message = LIST_ITEM(link, struct message, link);

		if (load.count == BATCH_MAX || load.cost > BYTES_MAX)
			break;
		/* dying ones leave by themselves */
		if (message->dying || message->record.arrival > born)
			continue;
		if (add(q, &load, message, err) == 0)
			continue;
		if (err->kind != ERR_CORRUPT) {
			for (size_t i = 0; i < load.count; i++)
				buf_clear(&load.bytes[i]);
			return -1;
		}
		log_error("queue: %s", err->text);
		result_hold(q, message, err->text);
	}
	if (write_load(q, &load, err) < 0)
		return -1;
	return (int)load.count;
}

/* Messages with other recipients than on disk: as many as fit in a batch. */
static int
copy_stale(struct qmgr *q, struct err *err)
{
	struct load load = { .count = 0 };

	LIST_FOREACH(link, &q->by_age)
	{
		struct message *message = LIST_ITEM(link, struct message, age);

		if (load.count == BATCH_MAX || load.cost > BYTES_MAX)
			break;
		if (!message->stale || message->dying)
			continue;
		if (add(q, &load, message, err) == 0)
			continue;
		log_error("queue: %s", err->text);
		if (err->kind != ERR_CORRUPT)
			break;
		requeue_done(q, message);
		result_hold(q, message, err->text);
	}
	return write_load(q, &load, err);
}

static struct pool_segment *
oldest(const struct pool *pool)
{
	LIST_FOREACH(link, &pool->segments)
	{
		struct pool_segment *segment =
		    LIST_ITEM(link, struct pool_segment, link);

		if (segment->live > 0)
			return segment;
	}
	return NULL;
}

/* Everything in the ring that is too old for it. */
static int
move_old(struct qmgr *q, struct err *err)
{
	int64_t born = time_real() - (int64_t)q->conf.spool_after * TIME_SECOND;
	int steps = 0;

	LIST_FOREACH(link, &q->ring.segments)
	{
		struct pool_segment *segment =
		    LIST_ITEM(link, struct pool_segment, link);
		int moved;

		do {
			if (steps++ == STEPS_MAX)
				return 0; /* others want their turn */
			moved = empty_segment(q, segment, born, err);
		} while (moved > 0);
		if (moved < 0)
			return -1;
	}
	return 0;
}

/* The spool keeps at most twice what lives in it, and some. */
static int
compact(struct qmgr *q, struct err *err)
{
	enum { SOME = 4 };
	size_t size = q->conf.segment_size;
	int steps = 0;

	while (pool_segments(&q->spool) > SOME + 2 * q->spool.bytes / size) {
		struct pool_segment *segment = oldest(&q->spool);

		if (segment == NULL || steps++ == STEPS_MAX ||
		    empty_segment(q, segment, INT64_MAX, err) < 0)
			break;
		if (segment->live == 0 && batch_flush(q, err) < 0)
			return -1;
	}
	return 0;
}

void
spool_step(struct qmgr *q)
{
	struct err err;

	/* a copy must carry nothing that is not durable where it was */
	if (batch_flush(q, &err) < 0)
		return;
	for (int i = 0; q->stale > 0 && i < STEPS_MAX; i++) {
		if (copy_stale(q, &err) < 0)
			break;
	}
	if (move_old(q, &err) < 0 || compact(q, &err) < 0)
		log_warn("spool: %s", err.text);
}

void
spool_relieve(struct qmgr *q)
{
	size_t most = q->conf.ring_size / q->conf.segment_size;
	struct err err;
	int steps = 0;

	if (pool_segments(&q->ring) <= (most < 2 ? 2 : most) ||
	    batch_flush(q, &err) < 0)
		return;
	while (pool_segments(&q->ring) > (most < 2 ? 2 : most) &&
	    steps++ < STEPS_MAX) {
		struct pool_segment *segment = oldest(&q->ring);
		int moved = 0;

		if (segment != NULL)
			moved = empty_segment(q, segment, INT64_MAX, &err);
		if (moved < 0) {
			log_warn("spool: %s", err.text);
			return;
		}
		if ((segment == NULL || segment->live == 0 || moved == 0) &&
		    batch_flush(q, &err) < 0)
			return;
		if (moved == 0)
			return;
	}
}
