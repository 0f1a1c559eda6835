#include "qmgr/batch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/time.h"
#include "qmgr/job.h"
#include "qmgr/notify.h"
#include "qmgr/retire.h"

enum {
	WANT_MS = 200,        /* changes wait for company at most so long */
	BYTES_MAX = 16 << 20, /* more is written at once */
	RECORDS_MAX = 1000,
};

struct waiting {
	struct list link;
	struct message *message;
	struct buf bytes;
	bool keep;
	batch_fn *done;
	void *ctx;
};

static void
on_soon(evutil_socket_t fd, short what, void *arg)
{
	struct err err;

	(void)fd;
	(void)what;
	(void)batch_flush(arg, &err);
}

void
batch_init(struct qmgr *q)
{
	list_init(&q->batch.waiting);
	list_init(&q->batch.doubted);
	q->batch.soon = evtimer_new(q->base, on_soon, q);
	q->batch.later = evtimer_new(q->base, on_soon, q);
}

static void
waiting_free(struct waiting *waiting)
{
	buf_clear(&waiting->bytes);
	free(waiting);
}

struct waiting *
batch_add(struct qmgr *q, struct message *message, struct buf *bytes, bool keep,
    batch_fn *done, void *ctx)
{
	static const struct timeval at_once = { 0, 0 };
	struct waiting *waiting = xcalloc(1, sizeof(*waiting));

	waiting->message = message;
	waiting->bytes = *bytes;
	buf_init(bytes, bytes->max);
	waiting->keep = keep;
	waiting->done = done;
	waiting->ctx = ctx;
	list_push(&q->batch.waiting, &waiting->link);
	q->batch.bytes += waiting->bytes.len;
	/* a timer comes after all that is readable in this turn */
	if (!evtimer_pending(q->batch.soon, NULL))
		(void)evtimer_add(q->batch.soon, &at_once);
	if (q->batch.bytes > BYTES_MAX)
		event_active(q->batch.soon, EV_TIMEOUT, 0);
	return waiting;
}

static struct waiting *
take(struct qmgr *q, struct list *link)
{
	struct waiting *waiting = LIST_ITEM(link, struct waiting, link);

	list_remove(link);
	q->batch.bytes -= waiting->bytes.len;
	return waiting;
}

static void
drop_file(const struct queue_id *id)
{
	char path[MESSAGE_LARGE_SIZE];

	message_large_path(path, id);
	(void)unlink(path);
}

static void
drop_message(struct message *message)
{
	if (message->record.is_large)
		drop_file(&message->id);
	message_free(message);
}

/*
 * A large body whose batch failed on its way to the disk: a start that found
 * the batch whole would want it. It goes when the log has another one.
 */
struct doubted {
	struct list link;
	struct queue_id id;
};

static void
doubt_message(struct qmgr *q, struct message *message)
{
	struct doubted *doubted;

	if (message->record.is_large) {
		doubted = xcalloc(1, sizeof(*doubted));
		doubted->id = message->id;
		list_push(&q->batch.doubted, &doubted->link);
	}
	message_free(message);
}

/* drop: the log has gone on, no start wants them any more. */
static void
clear_doubted(struct qmgr *q, bool drop)
{
	struct list *link;

	while ((link = list_pop(&q->batch.doubted)) != NULL) {
		struct doubted *doubted = LIST_ITEM(link, struct doubted, link);

		if (drop)
			drop_file(&doubted->id);
		free(doubted);
	}
}

void
batch_clear(struct qmgr *q)
{
	struct list *link;

	if (q->batch.soon == NULL)
		return;
	while ((link = list_pop(&q->batch.waiting)) != NULL) {
		struct waiting *waiting = LIST_ITEM(link, struct waiting, link);

		message_free(waiting->message);
		waiting_free(waiting);
	}
	clear_doubted(q, false);
	event_free(q->batch.soon);
	event_free(q->batch.later);
}

void
batch_cancel(struct qmgr *q, struct waiting *waiting)
{
	drop_message(waiting->message);
	waiting_free(take(q, &waiting->link));
}

void
batch_want(struct qmgr *q)
{
	static const struct timeval later = { 0, WANT_MS * 1000 };

	if (!q->batch.later_set && q->batch.later != NULL) {
		(void)evtimer_add(q->batch.later, &later);
		q->batch.later_set = true;
	}
}

/* Say so in Postfix's words, which log analysers know. */
static void
log_active(const struct message *message)
{
	char id[QUEUE_SHORT_SIZE], sender[400], why[400];

	if (message->record.held) {
		log_info("%s: hold: from=<%s>: %s",
		    queue_id_short(id, &message->id),
		    log_escape(sender, sizeof(sender), message->record.sender),
		    log_escape(why, sizeof(why), message->record.hold));
		return;
	}
	log_info("%s: from=<%s>, size=%" PRIu64 ", nrcpt=%zu (queue active)",
	    queue_id_short(id, &message->id),
	    log_escape(sender, sizeof(sender), message->record.sender),
	    message_size(message), message->live);
}

/* On disk: it lives from now on. */
static void
enter(struct qmgr *q, struct waiting *waiting, const struct seglog_place *place)
{
	struct message *message = waiting->message;

	pool_attach(&q->ring, message, place);
	qmgr_add(q, message);
	q->held += message->record.held;
	daemon_count(q->daemon, QMGR_ACCEPTED, 1);
	waiting->done(waiting->ctx, message, NULL);
	waiting_free(waiting);
	log_active(message);
	job_activate(q, message);
	notify_expanded(q, message);
}

/* The disk refused: those who can try again are told so. */
static void
refuse(struct qmgr *q, struct waiting **waiting, size_t count, bool in_doubt,
    const struct err *err)
{
	for (size_t i = count; i-- > 0;) {
		if (waiting[i]->keep) {
			list_push_front(&q->batch.waiting, &waiting[i]->link);
			q->batch.bytes += waiting[i]->bytes.len;
			batch_want(q);
			continue;
		}
		if (in_doubt)
			doubt_message(q, waiting[i]->message);
		else
			drop_message(waiting[i]->message);
		waiting[i]->done(waiting[i]->ctx, NULL, err);
		waiting_free(waiting[i]);
	}
}

/* As many as fit in one batch of the log. */
static size_t
gather(struct qmgr *q, struct waiting **waiting, struct seglog_record *record,
    struct iovec *iov)
{
	size_t room = seglog_room(q->ring.log), n = 0;
	struct list *head = &q->batch.waiting;

	while (n < RECORDS_MAX && head->next != head) {
		struct waiting *next =
		    LIST_ITEM(head->next, struct waiting, link);
		size_t cost = seglog_cost(next->bytes.len);

		if (cost > room && n > 0)
			break;
		room -= cost < room ? cost : room;
		waiting[n] = take(q, head->next);
		iov[n] = (struct iovec){ next->bytes.p, next->bytes.len };
		record[n] =
		    (struct seglog_record){ .iov = &iov[n], .iov_count = 1 };
		n++;
	}
	return n;
}

/*
 * The promise: when smtpd is told that a message was taken, and says 250, the
 * message is on disk and survives a power cut, with every message that was
 * written along with it, by one pwritev and one fdatasync for all of them.
 * Nothing else in Chancery makes this promise to the world. If the disk
 * refuses, all of the batch are refused, and nothing is tried again here:
 * after a failed sync nobody knows what is on disk, so the log goes on in
 * another segment and whoever waited is told to come again.
 */
static int
commit_round(struct qmgr *q, struct err *err)
{
	struct waiting *waiting[RECORDS_MAX];
	struct seglog_record record[RECORDS_MAX];
	struct iovec iov[RECORDS_MAX];
	size_t count = gather(q, waiting, record, iov), written = 0;
	uint64_t doubts = seglog_doubts(q->ring.log);
	int64_t from = time_mono();
	int ret;

	if (list_is_empty(&q->batch.waiting)) {
		ret = pool_commit(&q->ring, record, count, &written, err);
	} else {
		/* changes go with the last round: never before a bounce */
		ret = seglog_commit(q->ring.log, record, count, NULL, err);
		written = ret == 0 ? count : 0;
	}
	for (size_t i = 0; i < written; i++)
		enter(q, waiting[i], &record[i].place);
	if (written < count)
		refuse(q, waiting + written, count - written,
		    doubts != seglog_doubts(q->ring.log), err);
	else if (count > 0)
		clear_doubted(q, true);
	daemon_count(q->daemon, QMGR_BATCHES, 1);
	daemon_observe(q->daemon, QMGR_BATCH_TIME, time_mono() - from);
	return ret;
}

/* The other pool's changes; its own messages come by spool.c. */
static int
flush_spool(struct qmgr *q, struct err *err)
{
	size_t none;

	if (q->spool.changes > 0 &&
	    pool_commit(&q->spool, NULL, 0, &none, err) < 0)
		return -1;
	retire_finish(q, &q->spool);
	pool_release(&q->spool);
	return 0;
}

/*
 * The next segment is made ready while this one is written, at least at twice
 * its pace, so that no batch has to wait for a whole one.
 */
static void
prepare_next(struct qmgr *q, size_t written)
{
	enum { SLICE_MIN = 256 << 10 };
	struct err err;
	bool more;

	if (seglog_prepare(q->ring.log,
		written * 2 > SLICE_MIN ? written * 2 : SLICE_MIN, &more,
		&err) < 0)
		log_warn("ring: %s", err.text);
}

int
batch_flush(struct qmgr *q, struct err *err)
{
	size_t written = q->batch.bytes;

	(void)evtimer_del(q->batch.soon);
	(void)evtimer_del(q->batch.later);
	q->batch.later_set = false;
	while (!list_is_empty(&q->batch.waiting) || q->ring.changes > 0) {
		if (commit_round(q, err) < 0) {
			log_error("queue: %s", err->text);
			batch_want(q);
			return -1;
		}
	}
	retire_finish(q, &q->ring);
	pool_release(&q->ring);
	if (written > 0)
		prepare_next(q, written);
	if (flush_spool(q, err) < 0) {
		log_error("queue: %s", err->text);
		batch_want(q);
		return -1;
	}
	return 0;
}
