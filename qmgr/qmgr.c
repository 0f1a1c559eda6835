#include "qmgr/qmgr.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "qmgr/admin.h"
#include "qmgr/batch.h"
#include "qmgr/defer.h"
#include "qmgr/dest.h"
#include "qmgr/intake.h"
#include "qmgr/quarantine.h"
#include "qmgr/recover.h"
#include "qmgr/settle.h"
#include "qmgr/spool.h"

struct queue_id
qmgr_new_id(struct qmgr *q)
{
	/* a start with four thousand million messages has earned its rest */
	if (q->counter == UINT32_MAX)
		fatal("no ids are left in this start: starting anew");
	return (struct queue_id){ q->identity, q->epoch, ++q->counter };
}

struct message *
qmgr_find(struct qmgr *q, const struct queue_id *id)
{
	char key[QUEUE_KEY_SIZE];

	queue_id_key(key, id);
	return hash_get(q->live, str_make(key, sizeof(key)));
}

/* Which was given first? */
static int
compare_age(const struct message *a, const struct message *b)
{
	if (a->id.epoch != b->id.epoch)
		return a->id.epoch < b->id.epoch ? -1 : 1;
	return a->id.counter < b->id.counter ? -1 :
	    a->id.counter > b->id.counter    ? 1 :
					       0;
}

/* Ids are given at MAIL and come in nearly in order. */
void
qmgr_add(struct qmgr *q, struct message *message)
{
	struct list *at = q->by_age.prev;
	char key[QUEUE_KEY_SIZE];

	queue_id_key(key, &message->id);
	(void)hash_put(q->live, str_make(key, sizeof(key)), message);
	while (q->serving && at != &q->by_age &&
	    compare_age(LIST_ITEM(at, struct message, age), message) > 0)
		at = at->prev;
	list_insert_after(at, &message->age);
}

void
qmgr_remove(struct qmgr *q, struct message *message)
{
	char key[QUEUE_KEY_SIZE];

	queue_id_key(key, &message->id);
	(void)hash_remove(q->live, str_make(key, sizeof(key)));
	list_remove(&message->age);
}

static int
compare_pointers(const void *a, const void *b)
{
	return compare_age(*(const struct message *const *)a,
	    *(const struct message *const *)b);
}

void
qmgr_sort(struct qmgr *q)
{
	struct message **all = xcalloc(hash_len(q->live) + 1, sizeof(*all));
	struct list *link;
	size_t count = 0;

	while ((link = list_pop(&q->by_age)) != NULL)
		all[count++] = LIST_ITEM(link, struct message, age);
	qsort(all, count, sizeof(*all), compare_pointers);
	for (size_t i = 0; i < count; i++)
		list_push(&q->by_age, &all[i]->age);
	free(all);
	q->serving = true;
}

void
qmgr_set_held(struct qmgr *q, struct message *message, bool held)
{
	if (message->record.held == held)
		return;
	message->record.held = held;
	if (held)
		defer_forget(q, message);
	q->held += held ? 1 : -1UL;
	pool_change(message->pool, &message->id, QUEUE_WHOLE,
	    held ? QUEUE_HELD : QUEUE_RELEASED);
	batch_want(q);
}

static void
show_gauges(struct qmgr *q)
{
	unsigned agents = 0;

	LIST_FOREACH(link, &q->transports)
	{
		agents += LIST_ITEM(link, struct transport, link)->agents;
	}
	daemon_gauge(q->daemon, QMGR_AGENTS, agents);
	daemon_gauge(q->daemon, QMGR_MESSAGES, (int64_t)hash_len(q->live));
	daemon_gauge(q->daemon, QMGR_BYTES,
	    (int64_t)(q->ring.bytes + q->spool.bytes));
	daemon_gauge(q->daemon, QMGR_DEFERRED_MESSAGES,
	    (int64_t)q->schedule.len);
	daemon_gauge(q->daemon, QMGR_HELD_MESSAGES, (int64_t)q->held);
}

/*
 * Once a second: what is old leaves the ring, times are saved, and the next
 * segments are made ready in small steps.
 */
static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	enum { SLICE = 4 << 20 };
	struct pool *pools[2];
	struct qmgr *q = arg;
	struct err err;
	bool more;

	(void)fd;
	(void)what;
	pools[0] = &q->ring;
	pools[1] = &q->spool;
	spool_step(q);
	dest_tick(q);
	defer_follow_clock(q);
	defer_save(q);
	quarantine_step(q);
	show_gauges(q);
	for (size_t i = 0; i < NELEMS(pools); i++) {
		if (seglog_prepare(pools[i]->log, SLICE, &more, &err) < 0)
			log_warn("%s: %s", pools[i]->name, err.text);
	}
}

/* The longest inline message, with its envelope, must fit in a segment. */
static int
check_sizes(const struct qmgr_conf *conf, struct err *err)
{
	if (conf->inline_limit > conf->segment_size / 2)
		return err_set(err, ERR_SYNTAX,
		    "queue_inline_limit (%zu) is more than half of "
		    "queue_segment_size (%zu)",
		    conf->inline_limit, conf->segment_size);
	return 0;
}

static int
read_feedback(struct qmgr *q, struct err *err)
{
	if (window_feedback_parse(&q->grow, str_of(q->conf.grow), err) < 0)
		return err_prefix(err,
		    "default_destination_concurrency_positive_feedback");
	if (window_feedback_parse(&q->shrink, str_of(q->conf.shrink), err) < 0)
		return err_prefix(err,
		    "default_destination_concurrency_negative_feedback");
	return 0;
}

int
qmgr_reload(struct qmgr *q, struct err *err)
{
	if (read_feedback(q, err) < 0)
		return -1;
	dest_reload(q);
	return 0;
}

int
qmgr_start(struct qmgr *q, struct daemon *d, struct err *err)
{
	static const struct timeval second = { 1, 0 };

	if (check_sizes(&q->conf, err) < 0 || read_feedback(q, err) < 0)
		return -1;
	q->daemon = d;
	q->base = daemon_base(d);
	q->lock_fd = -1;
	q->live = hash_new();
	list_init(&q->by_age);
	list_init(&q->transports);
	batch_init(q);
	if (recover_queue(q, err) < 0)
		return -1;
	defer_open(q);
	defer_load(q);
	q->rewrite = ipc_async_new(q->base, "rewrite", 30000);
	q->stored = ipc_async_new(q->base, "stored", 30000);
	settle_start(q);
	q->tick = event_new(q->base, -1, EV_PERSIST, on_tick, q);
	(void)event_add(q->tick, &second);
	intake_start(q);
	admin_start(q);
	return 0;
}

static void
free_messages(struct qmgr *q)
{
	struct str key;
	void *value;
	size_t it = 0;

	while (hash_next(q->live, &it, &key, &value))
		message_free(value);
	hash_free(q->live);
}

void
qmgr_stop(struct qmgr *q)
{
	struct err err;

	if (q->live == NULL)
		return;
	if (q->tick != NULL) {
		/* the last answers, while those who asked are there */
		(void)batch_flush(q, &err);
		event_free(q->tick);
		dest_clear(q);
		ipc_listener_free(q->from_smtpd);
		ipc_listener_free(q->from_ctl);
		ipc_async_free(q->rewrite);
		ipc_async_free(q->stored);
		settle_stop(q);
		defer_close(q);
	}
	batch_clear(q);
	free_messages(q);
	pool_close(&q->ring);
	pool_close(&q->spool);
	if (q->lock_fd >= 0)
		(void)close(q->lock_fd);
}
