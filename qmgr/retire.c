#include "qmgr/retire.h"

#include <unistd.h>

#include "base/log.h"
#include "qmgr/batch.h"
#include "qmgr/defer.h"
#include "qmgr/settle.h"

void
retire_rcpt(struct qmgr *q, struct message *message, size_t rcpt,
    enum queue_state state)
{
	struct queue_recipient *r = message_rcpt(message, rcpt);

	if (r->state != QUEUE_LIVE)
		return;
	r->state = (uint8_t)state;
	message->live--;
	pool_change(message->pool, &message->id, (uint32_t)rcpt, state);
	batch_want(q);
	if (message->live > 0)
		return;
	defer_forget(q, message);
	message->dying = true;
	list_push(&message->pool->dying, &message->side);
}

void
retire_all(struct qmgr *q, struct message *message)
{
	message->removed = true;
	for (size_t i = 0; i < message->record.rcpts.count; i++)
		retire_rcpt(q, message, i, QUEUE_REMOVED);
}

static void
finish(struct qmgr *q, struct message *message)
{
	char id[QUEUE_SHORT_SIZE];
	char path[MESSAGE_LARGE_SIZE];

	log_info("%s: removed%s", queue_id_short(id, &message->id),
	    message->removed ? " by the operator" : "");
	if (message->record.is_large) {
		message_large_path(path, &message->id);
		if (unlink(path) < 0)
			log_warn("%s: cannot be unlinked", path);
	}
	q->held -= message->record.held;
	settle_forget(q, &message->id);
	pool_detach(message);
	qmgr_remove(q, message);
	message_free(message);
}

void
retire_finish(struct qmgr *q, struct pool *pool)
{
	struct list *link;

	if (pool->changes > 0)
		return; /* not all of them are durable yet */
	while ((link = list_pop(&pool->dying)) != NULL)
		finish(q, LIST_ITEM(link, struct message, side));
}
