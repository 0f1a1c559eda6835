#include "qmgr/admin_impl.h"

#include "base/log.h"
#include "base/time.h"
#include "ipc/queue_admin_msg.h"
#include "qmgr/batch.h"
#include "qmgr/defer.h"
#include "qmgr/dest.h"
#include "qmgr/job.h"
#include "qmgr/pattern.h"
#include "qmgr/quarantine.h"
#include "qmgr/requeue.h"
#include "qmgr/retire.h"

enum { LOOKED_AT_MAX = 20000, DONE_AT_ONCE = 2000 };

int
admin_find(struct qmgr *q, struct str text, struct message **message,
    struct err *err)
{
	struct queue_id id;

	*message = NULL;
	if (queue_id_parse_short(&id, q->identity, text))
		*message = qmgr_find(q, &id);
	if (*message == NULL || (*message)->dying)
		return err_set(err, ERR_NOENT, "no message %" STR_F,
		    STR_A(text));
	return 0;
}

struct list *
admin_place(struct qmgr *q, struct str after)
{
	struct list *at = &q->by_age;
	struct message *message;
	struct queue_id id;

	if (!queue_id_parse_short(&id, q->identity, after))
		return at;
	message = qmgr_find(q, &id);
	if (message != NULL)
		return &message->age;
	/* it is gone meanwhile */
	LIST_FOREACH(link, &q->by_age)
	{
		message = LIST_ITEM(link, struct message, age);
		if (message->id.epoch > id.epoch ||
		    (message->id.epoch == id.epoch &&
			message->id.counter > id.counter))
			break;
		at = link;
	}
	return at;
}

/* What an operation does to one message; returns whether it was true. */
static bool
hold(struct qmgr *q, struct message *message)
{
	if (message->record.held)
		return false;
	job_cancel(message);
	qmgr_set_held(q, message, true);
	return true;
}

static bool
release(struct qmgr *q, struct message *message)
{
	if (!message->record.held)
		return false;
	qmgr_set_held(q, message, false);
	if (message->jobs == 0)
		defer_until(q, message, time_real());
	return true;
}

static bool
flush(struct qmgr *q, struct message *message)
{
	if (message->record.held || message->jobs > 0)
		return false;
	for (size_t i = 0; i < message->record.rcpts.count; i++) {
		const struct queue_recipient *rcpt = message_rcpt(message, i);

		if (rcpt->state == QUEUE_LIVE)
			dest_of(q, rcpt)->rest.until = 0;
	}
	defer_until(q, message, time_real());
	return true;
}

static bool
requeue(struct qmgr *q, struct message *message)
{
	(void)release(q, message);
	return requeue_message(q, message);
}

/* What is being delivered at this moment goes when that has ended. */
static bool delete (struct qmgr *q, struct message *message)
{
	if (message->removed)
		return false;
	job_cancel(message);
	if (message->jobs == 0)
		retire_all(q, message);
	message->removed = true;
	return true;
}

static const struct {
	const char *word;
	bool (*fn)(struct qmgr *q, struct message *message);
} operations[] = {
	[QUEUE_ACT_HOLD] = { "held", hold },
	[QUEUE_ACT_RELEASE] = { "released", release },
	[QUEUE_ACT_REQUEUE] = { "requeued", requeue },
	[QUEUE_ACT_DELETE] = { "deleted", delete },
	[QUEUE_ACT_FLUSH] = { "flushed", flush },
};

/*
 * What a content check has stopped goes on only when it is named: neither ALL
 * nor a pattern lets viruses out.
 */
static bool
is_meant(unsigned op, const struct message *message)
{
	return (op != QUEUE_ACT_RELEASE && op != QUEUE_ACT_REQUEUE) ||
	    !quarantine_has(message);
}

static bool
act(struct qmgr *q, unsigned op, struct message *message)
{
	char id[QUEUE_SHORT_SIZE];

	(void)queue_id_short(id, &message->id);
	if (!operations[op].fn(q, message))
		return false;
	if (op != QUEUE_ACT_FLUSH)
		log_info("%s: %s by the operator", id, operations[op].word);
	return true;
}

/* The pattern's messages behind after: some of them, so that mail goes on. */
static void
act_on_many(struct qmgr *q, const struct queue_act *request,
    struct queue_acted *acted, struct queue_id *last)
{
	struct list *at = admin_place(q, request->after)->next, *next;
	int looked = 0;

	for (; at != &q->by_age && acted->count < DONE_AT_ONCE &&
	     looked < LOOKED_AT_MAX;
	     at = next, looked++) {
		struct message *message = LIST_ITEM(at, struct message, age);

		next = at->next; /* this one may go */
		*last = message->id;
		if (!message->dying && is_meant(request->op, message) &&
		    pattern_match(&request->pattern, message))
			acted->count += act(q, request->op, message);
	}
	acted->more = at != &q->by_age;
}

/* Sites that are named by the request may be tried again. */
static void
wake_sites(struct qmgr *q, const struct queue_act *request)
{
	if (request->op == QUEUE_ACT_FLUSH && request->after.len == 0 &&
	    request->id.len == 0)
		dest_flush(q, request->pattern.site);
}

void
admin_act(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	const struct queue_act *request = in;
	struct qmgr *q = ipc_peer_ctx(peer);
	struct queue_acted acted = { .count = 0 };
	struct queue_id last = { 0 };
	char text[QUEUE_SHORT_SIZE];
	struct message *one;
	struct err err = { 0 };

	if (request->op >= NELEMS(operations)) {
		err_set(&err, ERR_SYNTAX, "unknown operation");
		ipc_peer_error(peer, tag, &err);
		return;
	}
	if (request->id.len > 0 && admin_find(q, request->id, &one, &err) < 0) {
		ipc_peer_error(peer, tag, &err);
		return;
	}
	wake_sites(q, request);
	if (request->id.len > 0)
		acted.count = act(q, request->op, one);
	else
		act_on_many(q, request, &acted, &last);
	acted.last = str_of(queue_id_short(text, &last));
	if (batch_flush(q, &err) < 0)
		ipc_peer_error(peer, tag, &err);
	else
		ipc_peer_send(peer, &queue_acted_msg, tag, &acted);
}
