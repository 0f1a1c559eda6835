#include "qmgr/settle.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "ipc/store_msg.h"

enum {
	FORGET_MAX = 1 << 20, /* more: tell all that is alive instead */
	SOON_MS = 100,
	RETRY_MS = 1000,
};

struct ids {
	struct queue_id *id;
	size_t len, cap;
};

struct settle {
	struct qmgr *q;
	enum store_settle_op step; /* FORGET: the start is over */
	struct ids alive;          /* what is still to be told */
	struct ids forget;
	size_t sent; /* ids in the call under way */
	bool busy;
	struct event *timer;
};

static void
ids_add(struct ids *ids, const struct queue_id *id)
{
	if (ids->len == ids->cap) {
		ids->cap = ids->cap * 2 + 256;
		ids->id = xreallocarray(ids->id, ids->cap, sizeof(*ids->id));
	}
	ids->id[ids->len++] = *id;
}

static void
ids_drop(struct ids *ids, size_t count)
{
	if (count == 0)
		return;
	ids->len -= count;
	memmove(ids->id, ids->id + count, ids->len * sizeof(*ids->id));
}

static void
again(struct settle *settle, int ms)
{
	struct timeval wait = { ms / 1000, ms % 1000 * 1000 };

	if (!evtimer_pending(settle->timer, NULL))
		(void)evtimer_add(settle->timer, &wait);
}

/* Between BEGIN and END: all that was alive at BEGIN's answer. */
static void
list_alive(struct settle *settle)
{
	size_t it = 0;
	struct str key;
	void *value;

	settle->alive.len = 0;
	while (hash_next(settle->q->live, &it, &key, &value))
		ids_add(&settle->alive, &((struct message *)value)->id);
}

static void
on_answer(void *ctx, const void *answer, const struct err *err)
{
	struct settle *settle = ctx;

	settle->busy = false;
	if (answer == NULL) {
		if (settle->step == STORE_SETTLE_BEGIN ||
		    daemon_is_stopping(settle->q->daemon))
			log_debug("stored: %s", err->text);
		else
			log_warn("stored does not settle: %s", err->text);
		if (settle->step != STORE_SETTLE_FORGET)
			settle->step = STORE_SETTLE_BEGIN;
		again(settle, RETRY_MS);
		return;
	}
	switch (settle->step) {
	case STORE_SETTLE_BEGIN:
		list_alive(settle);
		settle->step = STORE_SETTLE_ALIVE;
		break;
	case STORE_SETTLE_ALIVE:
		settle->alive.len -= settle->sent;
		if (settle->alive.len == 0)
			settle->step = STORE_SETTLE_END;
		break;
	case STORE_SETTLE_END:
		settle->step = STORE_SETTLE_FORGET;
		break;
	default:
		ids_drop(&settle->forget, settle->sent);
		break;
	}
	again(settle, settle->step == STORE_SETTLE_FORGET ? SOON_MS : 0);
}

/* Send up to a message's worth of ids off one end of ids. */
static void
tell(struct settle *settle, struct ids *ids, bool from_end)
{
	size_t count = ids == NULL ? 0 : ids->len;
	char(*text)[QUEUE_ID_SIZE];
	struct store_word *word;
	struct store_settle msg = { .op = (uint8_t)settle->step,
		.queue = settle->q->identity };
	const struct queue_id *id;

	if (count > STORE_MSG_IDS_MAX)
		count = STORE_MSG_IDS_MAX;
	text = xcalloc(count + 1, sizeof(*text));
	word = xcalloc(count + 1, sizeof(*word));
	id = count == 0 ? NULL : ids->id + (from_end ? ids->len - count : 0);
	for (size_t i = 0; i < count; i++)
		word[i].word = str_of(queue_id_format(text[i], &id[i]));
	msg.ids = (struct ipc_list){ word, count };
	settle->sent = count;
	settle->busy = true;
	(void)ipc_async_call(settle->q->stored, &store_settle_msg, &msg,
	    &store_done_msg, on_answer, settle);
	free(word);
	free(text);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct settle *settle = arg;

	(void)fd;
	(void)what;
	if (settle->busy)
		return;
	if (access("stored", F_OK) < 0) { /* an instance without a store */
		again(settle, 5 * RETRY_MS);
		return;
	}
	switch (settle->step) {
	case STORE_SETTLE_ALIVE:
		tell(settle, &settle->alive, true);
		break;
	case STORE_SETTLE_FORGET:
		if (settle->forget.len > 0)
			tell(settle, &settle->forget, false);
		break;
	default:
		tell(settle, NULL, false);
		break;
	}
}

void
settle_start(struct qmgr *q)
{
	struct settle *settle = xcalloc(1, sizeof(*settle));

	settle->q = q;
	settle->step = STORE_SETTLE_BEGIN;
	settle->timer = evtimer_new(q->base, on_timer, settle);
	q->settle = settle;
	again(settle, 0);
}

void
settle_stop(struct qmgr *q)
{
	if (q->settle == NULL)
		return;
	event_free(q->settle->timer);
	free(q->settle->alive.id);
	free(q->settle->forget.id);
	free(q->settle);
	q->settle = NULL;
}

void
settle_forget(struct qmgr *q, const struct queue_id *id)
{
	struct settle *settle = q->settle;

	if (settle == NULL)
		return; /* recovery: the list of what is alive says it */
	if (settle->forget.len == FORGET_MAX && !settle->busy) {
		settle->forget.len = 0;
		settle->step = STORE_SETTLE_BEGIN;
	}
	if (settle->forget.len < FORGET_MAX)
		ids_add(&settle->forget, id);
	again(settle, SOON_MS);
}
