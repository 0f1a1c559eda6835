#include "qmgr/defer.h"

#include <fcntl.h>

#include "base/fsutil.h"
#include "base/log.h"
#include "base/num.h"
#include "base/rand.h"
#include "base/time.h"
#include "kv/cursor.h"
#include "kv/key.h"
#include "kv/kv.h"
#include "qmgr/job.h"

enum { TABLE_NEXT, TABLE_BY_ID };

enum {
	QUICK = 5,            /* seconds */
	CLOCK_BACK = 5,       /* seconds: less is a clock being corrected */
	ROW_SIZE = 12,        /* time, attempts */
	AT_ONCE = 200,        /* messages made active in one turn of the loop */
	SAVED_AT_ONCE = 2000, /* rows in a second */
};

/*
 * next: (time, queue id), the order of what is due; by_id: queue id to time
 * and attempts, which also finds the row that a new time replaces.
 */
static const char *const tables[] = { "next", "by_id", NULL };

static bool
is_saved(const struct qmgr *q)
{
	return list_is_empty(&q->unsaved) && hash_len(q->gone) == 0;
}

static void
on_due(evutil_socket_t fd, short what, void *arg)
{
	struct qmgr *q = arg;
	int64_t now = time_real();
	static const struct timeval at_once = { 0, 1000 };
	struct schedule_item *first;
	int count = 0;

	(void)fd;
	(void)what;
	while ((first = schedule_first(&q->schedule)) != NULL &&
	    first->at <= now) {
		if (count++ == AT_ONCE) { /* others want their turn */
			(void)evtimer_add(q->due, &at_once);
			return;
		}
		struct message *message =
		    CONTAINER_OF(first, struct message, due);

		schedule_remove(&q->schedule, first);
		job_activate(q, message);
	}
	if (first != NULL) {
		struct timeval wait = { 1, 0 };

		/* not far ahead: the clock may be set */
		if (first->at - now < TIME_SECOND)
			wait = (struct timeval){ 0, first->at - now };
		(void)evtimer_add(q->due, &wait);
	}
}

static struct message *
next_live(struct qmgr *q, size_t *it)
{
	struct str key;
	void *value;

	return hash_next(q->live, it, &key, &value) ? value : NULL;
}

void
defer_open(struct qmgr *q)
{
	struct kv_conf conf = {
		.path = "schedule",
		.mode = KV_WRITER,
		.tables = tables,
		.size = 16 << 20,
		.limit = (size_t)4 << 30,
	};
	struct err err;
	int ret;

	q->due = evtimer_new(q->base, on_due, q);
	list_init(&q->unsaved);
	q->gone = hash_new();
	ret = kv_open(&q->kv, &conf, &err);
	if (ret < 0 && err.kind == ERR_CORRUPT) {
		log_warn("schedule: %s; it is made anew", err.text);
		if (fs_remove_tree(AT_FDCWD, conf.path, &err) == 0)
			ret = kv_open(&q->kv, &conf, &err);
	}
	if (ret < 0) {
		log_warn("schedule: %s; deferred mail is tried at once after "
			 "a restart",
		    err.text);
		q->kv = NULL;
	}
}

void
defer_close(struct qmgr *q)
{
	if (q->gone == NULL)
		return;
	while (q->kv != NULL && !is_saved(q))
		defer_save(q);
	kv_close(q->kv);
	q->kv = NULL;
	hash_free(q->gone);
	schedule_clear(&q->schedule);
	if (q->due != NULL)
		event_free(q->due);
}

/* Set the times that the table knows; what it has too many is dropped. */
static int
load(struct kv_txn *txn, void *arg, struct err *err)
{
	struct qmgr *q = arg;
	struct kv_range range;
	struct str key, value;
	int ret;

	if (kv_range_open(&range, txn, TABLE_BY_ID, str_of(""), str_of(""),
		err) < 0)
		return -1;
	while ((ret = kv_range_next(&range, &key, &value, err)) > 0) {
		struct message *message = hash_get(q->live, key);

		if (value.len == ROW_SIZE && message != NULL) {
			message->due.at = (int64_t)num_get_u64(value.p);
			message->attempts = num_get_u32(value.p + 8);
			message->in_table = true;
		} else if (message == NULL) {
			(void)hash_put(q->gone, key, q);
		}
	}
	kv_range_close(&range);
	return ret;
}

void
defer_load(struct qmgr *q)
{
	int64_t now = time_real();
	int64_t most = now + (int64_t)q->conf.max_backoff * TIME_SECOND * 2;
	struct message *message;
	struct err err;
	size_t it = 0;

	q->skew = now - time_mono(); /* a jump in the first second counts */
	if (q->kv != NULL && kv_view(q->kv, load, q, &err) < 0)
		log_warn("schedule: %s", err.text);
	while ((message = next_live(q, &it)) != NULL) {
		int64_t at = message->due.at;

		if (message->record.held || message->dying)
			continue;
		if (at > most)
			at = most;
		schedule_put(&q->schedule, &message->due, at > 0 ? at : now);
	}
	event_active(q->due, EV_TIMEOUT, 0);
}

void
defer_follow_clock(struct qmgr *q)
{
	/* The monotonic clock tells how much time really went by. */
	int64_t skew = time_real() - time_mono(), back = q->skew - skew;

	if (back > CLOCK_BACK * (int64_t)TIME_SECOND) {
		log_warn("the clock was set back by %lld s",
		    (long long)(back / TIME_SECOND));
		schedule_shift(&q->schedule, -back);
	}
	q->skew = skew;
}

static void
mark_unsaved(struct qmgr *q, struct message *message)
{
	if (q->kv != NULL && list_is_empty(&message->side))
		list_push(&q->unsaved, &message->side);
}

void
defer_until(struct qmgr *q, struct message *message, int64_t at)
{
	schedule_put(&q->schedule, &message->due, at);
	mark_unsaved(q, message);
	event_active(q->due, EV_TIMEOUT, 0);
}

void
defer_message(struct qmgr *q, struct message *message, bool quick)
{
	int64_t min = quick ? QUICK : q->conf.min_backoff;
	int64_t wait = schedule_backoff(++message->attempts, min * TIME_SECOND,
	    (int64_t)q->conf.max_backoff * TIME_SECOND, rand_below(100));

	defer_until(q, message, time_real() + wait);
}

void
defer_forget(struct qmgr *q, struct message *message)
{
	char key[QUEUE_KEY_SIZE];

	schedule_remove(&q->schedule, &message->due);
	list_remove(&message->side);
	if (q->kv == NULL || !message->in_table)
		return;
	message->in_table = false;
	queue_id_key(key, &message->id);
	(void)hash_put(q->gone, str_make(key, sizeof(key)), q);
}

static void
next_key(struct kv_key *key, int64_t at, struct str id)
{
	kv_key_init(key);
	kv_key_u64(key, (uint64_t)at);
	kv_key_str(key, id);
}

/* Take out the row of both tables that id has. */
static int
drop_row(struct kv_txn *txn, struct str id, struct err *err)
{
	struct kv_key key;
	struct str value;
	int ret = kv_get(txn, TABLE_BY_ID, id, &value, err);

	if (ret <= 0)
		return ret;
	if (value.len == ROW_SIZE) {
		next_key(&key, (int64_t)num_get_u64(value.p), id);
		if (kv_del(txn, TABLE_NEXT, kv_key_get(&key), err) < 0)
			return -1;
	}
	return kv_del(txn, TABLE_BY_ID, id, err) < 0 ? -1 : 0;
}

static int
put_row(struct kv_txn *txn, const struct message *message, struct err *err)
{
	char id[QUEUE_KEY_SIZE], row[ROW_SIZE];
	struct str id_key = str_make(id, sizeof(id));
	struct kv_key key;

	queue_id_key(id, &message->id);
	if (drop_row(txn, id_key, err) < 0)
		return -1;
	num_put_u64(row, (uint64_t)message->due.at);
	num_put_u32(row + 8, message->attempts);
	next_key(&key, message->due.at, id_key);
	if (kv_put(txn, TABLE_NEXT, kv_key_get(&key), str_of(""), err) < 0)
		return -1;
	return kv_put(txn, TABLE_BY_ID, id_key, str_make(row, ROW_SIZE), err);
}

/* The first of those that are gone, and of those with a new time. */
static int
save(struct kv_txn *txn, void *arg, struct err *err)
{
	struct qmgr *q = arg;
	int gone = 0, saved = 0;
	struct str key;
	void *value;
	size_t it = 0;

	while (
	    gone++ < SAVED_AT_ONCE && hash_next(q->gone, &it, &key, &value)) {
		if (drop_row(txn, key, err) < 0)
			return -1;
	}
	LIST_FOREACH(link, &q->unsaved)
	{
		const struct message *message =
		    LIST_ITEM(link, struct message, side);

		if (saved++ == SAVED_AT_ONCE)
			break;
		if (schedule_has(&message->due) &&
		    put_row(txn, message, err) < 0)
			return -1;
	}
	return 0;
}

/* What save() took, in the same order. */
static void
saved(struct qmgr *q)
{
	struct list *link;
	struct str key;
	void *value;
	size_t it = 0;

	for (int i = 0;
	     i < SAVED_AT_ONCE && hash_next(q->gone, &it, &key, &value); i++)
		(void)hash_remove(q->gone, key);
	for (int i = 0;
	     i < SAVED_AT_ONCE && (link = list_pop(&q->unsaved)) != NULL; i++)
		LIST_ITEM(link, struct message, side)->in_table = true;
	if (hash_len(q->gone) == 0) {
		hash_free(q->gone);
		q->gone = hash_new();
	}
}

void
defer_save(struct qmgr *q)
{
	struct err err;

	if (q->kv == NULL || is_saved(q))
		return;
	if (kv_update(q->kv, save, q, &err) == 0) {
		saved(q);
		return;
	}
	/* it can be made again from the log: go on without */
	log_warn("schedule: %s", err.text);
	kv_close(q->kv);
	q->kv = NULL;
	while (list_pop(&q->unsaved) != NULL)
		continue;
	hash_free(q->gone);
	q->gone = hash_new();
}
