#include "qmgr/requeue.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/time.h"
#include "ipc/rewrite_msg.h"
#include "qmgr/defer.h"
#include "qmgr/notify.h"
#include "qmgr/retire.h"

enum { ARENA_MAX = 32 << 20 };

/* A message whose recipients are being asked for. */
struct requeue {
	struct qmgr *q;
	struct message *message;
	struct arena *arena; /* has the strings of rcpt */
	struct queue_recipient *rcpt;
	size_t count, cap;
	uint32_t *failed; /* numbers of those unknown now */
	size_t fails;
	size_t pending;
};

/* The question about one of them. */
struct question {
	struct requeue *requeue;
	size_t number;
};

static bool
is_there(const struct requeue *requeue, struct str address)
{
	for (size_t i = 0; i < requeue->count; i++) {
		if (str_ieq(requeue->rcpt[i].address, address))
			return true;
	}
	return false;
}

/* false: no room. */
static bool
set(struct requeue *requeue, struct queue_recipient *rcpt,
    const struct rewrite_target *target)
{
	/* a forwarded one is asked for by itself: what it leaves with stays */
	if (target->sender.len > 0 || !str_ieq(rcpt->address, target->address))
		rcpt->sender = arena_str(requeue->arena, target->sender);
	if (!str_ieq(rcpt->address, target->address))
		rcpt->forwarder = arena_str(requeue->arena, target->forwarder);
	rcpt->address = arena_str(requeue->arena, target->address);
	rcpt->transport = arena_str(requeue->arena, target->transport);
	rcpt->nexthop = arena_str(requeue->arena, target->nexthop);
	return rcpt->address.p != NULL && rcpt->transport.p != NULL &&
	    rcpt->nexthop.p != NULL && rcpt->sender.p != NULL &&
	    rcpt->forwarder.p != NULL;
}

static bool
append(struct requeue *requeue, size_t like,
    const struct rewrite_target *target)
{
	struct queue_recipient rcpt = requeue->rcpt[like];

	if (is_there(requeue, target->address))
		return true;
	if (!set(requeue, &rcpt, target))
		return false;
	if (requeue->count == requeue->cap) {
		requeue->cap = requeue->cap * 2;
		requeue->rcpt = xreallocarray(requeue->rcpt, requeue->cap,
		    sizeof(*requeue->rcpt));
	}
	requeue->rcpt[requeue->count++] = rcpt;
	return true;
}

static void
take_targets(struct requeue *requeue, size_t number,
    const struct rewrite_rcpt_answer *answer)
{
	const struct rewrite_target *target = answer->targets.items;
	bool fits = set(requeue, &requeue->rcpt[number], &target[0]);

	for (size_t i = 1; fits && i < answer->targets.count; i++)
		fits = append(requeue, number, &target[i]);
	if (!fits)
		log_warn("requeue: too many recipients");
}

static void
finish(struct requeue *requeue)
{
	struct message *message = requeue->message;
	struct qmgr *q = requeue->q;
	struct err err;

	if (message_set_rcpts(message, requeue->rcpt, requeue->count, &err) <
	    0) {
		log_warn("requeue: %s", err.text);
		requeue_done(q, message);
	} else {
		message->stale = true;
		q->stale++;
	}
	if (requeue->fails > 0)
		notify_failed(q, message, requeue->failed, requeue->fails,
		    QUEUE_BOUNCED);
	arena_free(requeue->arena);
	free(requeue->rcpt);
	free(requeue->failed);
	free(requeue);
}

static void
on_answer(void *ctx, const void *in, const struct err *err)
{
	const struct rewrite_rcpt_answer *answer = in;
	struct question *question = ctx;
	struct requeue *requeue = question->requeue;
	struct message *message = requeue->message;

	if (answer == NULL) {
		log_warn("requeue: %s", err->text);
	} else if (answer->targets.count > 0) {
		take_targets(requeue, question->number, answer);
	} else if (message_rcpt(message, question->number)->state ==
	    QUEUE_LIVE) {
		message_set_reason(message, question->number,
		    "550 5.1.1 User unknown, when asked for again");
		requeue->failed[requeue->fails++] = (uint32_t)question->number;
	}
	free(question);
	if (--requeue->pending == 0)
		finish(requeue);
}

static void
ask(struct requeue *requeue, size_t number)
{
	struct question *question = xcalloc(1, sizeof(*question));
	struct rewrite_rcpt request = {
		.address = requeue->rcpt[number].address,
		.sender = requeue->message->record.sender,
	};

	question->requeue = requeue;
	question->number = number;
	requeue->pending++;
	(void)ipc_async_call(requeue->q->rewrite, &rewrite_rcpt_msg, &request,
	    &rewrite_rcpt_answer_msg, on_answer, question);
}

bool
requeue_message(struct qmgr *q, struct message *message)
{
	size_t count = message->record.rcpts.count;
	struct requeue *requeue;

	if (message->jobs > 0 || message->dying || message->live == 0)
		return false;
	requeue = xcalloc(1, sizeof(*requeue));
	requeue->q = q;
	requeue->message = message;
	requeue->arena = arena_new(ARENA_MAX);
	requeue->rcpt = xmemdup(message->record.rcpts.items,
	    count * sizeof(*requeue->rcpt));
	requeue->count = requeue->cap = count;
	requeue->failed = xcalloc(count, sizeof(*requeue->failed));
	message->jobs++; /* it stays, and rests */
	message->attempts = 0;
	schedule_remove(&q->schedule, &message->due);
	requeue->pending = 1; /* until all were asked */
	for (size_t i = 0; i < count; i++) {
		if (message_rcpt(message, i)->state == QUEUE_LIVE)
			ask(requeue, i);
	}
	if (--requeue->pending == 0)
		finish(requeue);
	return true;
}

void
requeue_done(struct qmgr *q, struct message *message)
{
	if (message->stale)
		q->stale--;
	message->stale = false;
	if (--message->jobs > 0 || message->live == 0 || message->dying)
		return;
	if (message->removed)
		retire_all(q, message);
	else if (!message->record.held)
		defer_until(q, message, time_real());
}
