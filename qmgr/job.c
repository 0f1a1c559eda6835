#include "qmgr/job.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/rand.h"
#include "base/time.h"
#include "qmgr/defer.h"
#include "qmgr/result.h"

enum { SCATTER = 10 }; /* seconds: what waits for a site comes by and by */

struct lane {
	struct list link;
	struct list jobs;
	struct dest *dest;
	struct str sender; /* owned */
};

static struct lane *
get_lane(struct dest *dest, struct str sender)
{
	struct lane *lane = hash_get(dest->by_sender, sender);

	if (lane != NULL)
		return lane;
	lane = xcalloc(1, sizeof(*lane));
	lane->dest = dest;
	lane->sender.p = xmemdup(sender.p, sender.len);
	lane->sender.len = sender.len;
	list_init(&lane->jobs);
	(void)hash_put(dest->by_sender, sender, lane);
	list_push(&dest->lanes, &lane->link);
	return lane;
}

static void
lane_free(struct lane *lane)
{
	list_remove(&lane->link);
	(void)hash_remove(lane->dest->by_sender, lane->sender);
	free((void *)(uintptr_t)lane->sender.p);
	free(lane);
}

void
job_enqueue(struct job *job, bool front)
{
	struct dest *dest = job->dest;
	struct lane *lane = get_lane(dest, job->message->record.sender);

	if (front)
		list_push_front(&lane->jobs, &job->link);
	else
		list_push(&lane->jobs, &job->link);
	list_push(&job->message->queued, &job->mine);
	dest->waiting++;
	dest_place(dest);
	event_active(dest->transport->kick, EV_TIMEOUT, 0);
}

void
job_free(struct job *job)
{
	for (size_t i = 0; i < job->count; i++)
		free(job->outcome[i].text);
	free(job->outcome);
	free(job->rcpt);
	free(job);
}

/* Take job out of its lane, which ends with its last one. */
static void
unqueue(struct job *job)
{
	struct dest *dest = job->dest;
	struct lane *lane = get_lane(dest, job->message->record.sender);

	list_remove(&job->link);
	list_remove(&job->mine);
	if (list_is_empty(&lane->jobs))
		lane_free(lane);
	if (--dest->waiting == 0)
		dest_place(dest);
}

void
job_cancel(struct message *message)
{
	while (!list_is_empty(&message->queued)) {
		struct job *job =
		    LIST_ITEM(message->queued.next, struct job, mine);
		struct dest *dest = job->dest;

		unqueue(job);
		message->jobs--;
		job_free(job);
		dest_free_if_empty(dest);
	}
}

struct job *
job_take(struct dest *dest)
{
	struct lane *lane = LIST_ITEM(dest->lanes.next, struct lane, link);
	struct job *job = LIST_ITEM(lane->jobs.next, struct job, link);

	list_remove(&lane->link);
	list_push(&dest->lanes, &lane->link);
	unqueue(job);
	dest->running++;
	job->begun = time_mono();
	return job;
}

/* Queue the job that is being filled. */
static void
finish_filling(struct dest *dest)
{
	struct job *job = dest->filling;

	dest->filling = NULL;
	job->outcome = xcalloc(job->count, sizeof(*job->outcome));
	job_enqueue(job, false);
}

/* Does a recipient get the same, by the same MAIL, as those of the job? */
static bool
goes_along(const struct job *job, const struct queue_recipient *rcpt)
{
	const struct queue_recipient *first =
	    message_rcpt(job->message, job->rcpt[0]);

	return str_eq(first->sender, rcpt->sender) &&
	    str_eq(first->forwarder, rcpt->forwarder);
}

/* Sort one recipient into the job of its destination. */
static void
sort(struct message *message, uint32_t number, struct dest *dest)
{
	const struct queue_recipient *rcpt = message_rcpt(message, number);
	struct job *job = dest->filling;
	size_t limit = dest->transport->rcpt_limit;

	/* left unfinished by nobody: a filling job is of this message */
	if (job != NULL && (job->count == limit || !goes_along(job, rcpt))) {
		finish_filling(dest);
		job = NULL;
	}
	if (job == NULL) {
		job = xcalloc(1, sizeof(*job));
		list_init(&job->link);
		list_init(&job->mine);
		job->message = message;
		job->dest = dest;
		job->rcpt =
		    xcalloc(message->live < limit ? message->live : limit,
			sizeof(*job->rcpt));
		dest->filling = job;
		message->jobs++;
	}
	job->rcpt[job->count++] = number;
}

/*
 * Nothing can be tried: wait for the first site that may be. That is no
 * attempt, so the pauses of the message do not grow by it.
 */
static void
wait_for_sites(struct qmgr *q, struct message *message, int64_t until,
    int64_t now, const char *reason)
{
	int64_t wait = until - now + rand_below(SCATTER * 1000) * 1000LL;

	for (size_t i = 0; i < message->record.rcpts.count; i++) {
		if (message_rcpt(message, i)->state == QUEUE_LIVE &&
		    message_reason(message, i)[0] == '\0')
			result_put_off(message, i, reason);
	}
	defer_until(q, message, time_real() + wait);
}

/* Sort all that may be tried. false: nothing is; *until is the first to be. */
static bool
sort_all(struct qmgr *q, struct message *message, int64_t now, bool force,
    int64_t *until, const char **reason)
{
	bool any = false;

	*until = INT64_MAX;
	for (size_t i = 0; i < message->record.rcpts.count; i++) {
		const struct queue_recipient *rcpt = message_rcpt(message, i);
		struct dest *dest;

		if (rcpt->state != QUEUE_LIVE)
			continue;
		dest = dest_of(q, rcpt);
		if (!force && dest_rests(dest, now)) {
			if (dest->rest.until < *until) {
				*until = dest->rest.until;
				*reason = dest->reason;
			}
			continue;
		}
		sort(message, (uint32_t)i, dest);
		any = true;
	}
	return any;
}

void
job_activate(struct qmgr *q, struct message *message)
{
	size_t count = message->record.rcpts.count;
	const char *reason = NULL;
	int64_t now = time_mono(), until;

	if (message->record.held || message->jobs > 0 || message->dying)
		return;
	schedule_remove(&q->schedule, &message->due);
	message->active = now;
	/* what is too old, or late enough for a word, gets its verdict */
	if (!sort_all(q, message, now, result_is_due(q, message), &until,
		&reason)) {
		wait_for_sites(q, message, until, now,
		    reason == NULL ? "its site is not tried yet" : reason);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const struct queue_recipient *rcpt = message_rcpt(message, i);
		struct dest *dest;

		if (rcpt->state != QUEUE_LIVE)
			continue;
		dest = dest_of(q, rcpt);
		if (dest->filling != NULL)
			finish_filling(dest);
	}
}
