#include "qmgr/dest.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/time.h"
#include "qmgr/agent.h"
#include "qmgr/intake.h"
#include "qmgr/result.h"

enum {
	REST_FIRST = 100000,         /* us */
	REST_MAX = 60 * TIME_SECOND, /* as Postfix's transport_retry_time */
	FAILURES_MAX = 8,            /* some 25 seconds of rests */
};

struct lane {
	struct list link;
	struct list jobs;
	struct dest *dest;
	struct str sender; /* owned */
};

static void
on_kick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	dest_kick(arg);
}

static struct transport *
get_transport(struct qmgr *q, struct str name)
{
	struct transport *transport;

	LIST_FOREACH(link, &q->transports)
	{
		transport = LIST_ITEM(link, struct transport, link);
		if (str_eqz(name, transport->name))
			return transport;
	}
	transport = xcalloc(1, sizeof(*transport));
	transport->q = q;
	transport->name = xstrndup(name.p, name.len);
	transport->dests = hash_new();
	list_init(&transport->ready);
	list_init(&transport->idle);
	list_init(&transport->busy);
	transport->kick = evtimer_new(q->base, on_kick, transport);
	list_push(&q->transports, &transport->link);
	q->transports_len++;
	return transport;
}

static struct dest *
get_dest(struct transport *transport, struct str nexthop)
{
	struct dest *dest = hash_get(transport->dests, nexthop);

	if (dest != NULL)
		return dest;
	dest = xcalloc(1, sizeof(*dest));
	dest->transport = transport;
	dest->nexthop = xstrndup(nexthop.p, nexthop.len);
	dest->by_sender = hash_new();
	list_init(&dest->link);
	list_init(&dest->lanes);
	(void)hash_put(transport->dests, nexthop, dest);
	return dest;
}

static void
dest_free(struct dest *dest)
{
	list_remove(&dest->link);
	(void)hash_remove(dest->transport->dests, str_of(dest->nexthop));
	hash_free(dest->by_sender);
	free(dest->nexthop);
	free(dest);
}

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

static void
enqueue(struct job *job, bool front)
{
	struct dest *dest = job->dest;
	struct lane *lane = get_lane(dest, job->message->record.sender);

	if (front)
		list_push_front(&lane->jobs, &job->link);
	else
		list_push(&lane->jobs, &job->link);
	list_push(&job->message->queued, &job->mine);
	dest->waiting++;
	if (list_is_empty(&dest->link))
		list_push(&dest->transport->ready, &dest->link);
}

static void
job_free(struct job *job)
{
	for (size_t i = 0; i < job->count; i++)
		free(job->outcome[i].text);
	free(job->outcome);
	free(job->rcpt);
	free(job);
}

/* Queue the job that is being filled. */
static void
finish_filling(struct dest *dest)
{
	struct job *job = dest->filling;

	dest->filling = NULL;
	job->outcome = xcalloc(job->count, sizeof(*job->outcome));
	enqueue(job, false);
	event_active(dest->transport->kick, EV_TIMEOUT, 0);
}

/* Sort one recipient into the job of its destination. */
static void
sort(struct qmgr *q, struct message *message, uint32_t number)
{
	const struct queue_recipient *rcpt = message_rcpt(message, number);
	struct dest *dest =
	    get_dest(get_transport(q, rcpt->transport), rcpt->nexthop);
	struct job *job = dest->filling;
	size_t limit = (size_t)q->conf.rcpt_limit;

	/* left unfinished by nobody: a filling job is of this message */
	if (job != NULL && job->count == limit) {
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

void
dest_activate(struct qmgr *q, struct message *message)
{
	size_t count = message->record.rcpts.count;

	if (message->record.held || message->jobs > 0 || message->dying)
		return;
	schedule_remove(&q->schedule, &message->due);
	message->active = time_mono();
	for (size_t i = 0; i < count; i++) {
		if (message_rcpt(message, i)->state == QUEUE_LIVE)
			sort(q, message, (uint32_t)i);
	}
	for (size_t i = 0; i < count; i++) {
		const struct queue_recipient *rcpt = message_rcpt(message, i);
		struct dest *dest;

		if (rcpt->state != QUEUE_LIVE)
			continue;
		dest =
		    get_dest(get_transport(q, rcpt->transport), rcpt->nexthop);
		if (dest->filling != NULL)
			finish_filling(dest);
	}
}

static void
arm(struct transport *transport, int64_t until, int64_t now)
{
	struct timeval wait = { (until - now) / TIME_SECOND,
		(until - now) % TIME_SECOND };

	(void)evtimer_add(transport->kick, &wait);
}

/* The next destination in turn that may start a job; NULL. */
static struct dest *
next_dest(struct transport *transport, int64_t now, int64_t *wake)
{
	unsigned limit = (unsigned)transport->q->conf.dest_limit;

	LIST_FOREACH(link, &transport->ready)
	{
		struct dest *dest = LIST_ITEM(link, struct dest, link);

		if (dest->rest.until > now) {
			if (dest->rest.until < *wake)
				*wake = dest->rest.until;
			continue;
		}
		/* after a failure one tries for all */
		if (dest->running >= (dest->rest.failures > 0 ? 1 : limit))
			continue;
		list_remove(&dest->link);
		list_push(&transport->ready, &dest->link);
		return dest;
	}
	return NULL;
}

/* A destination nobody has mail for, and no bad memory of. */
static void
free_if_empty(struct dest *dest)
{
	if (dest->running == 0 && dest->waiting == 0 &&
	    dest->rest.failures == 0)
		dest_free(dest);
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
		list_remove(&dest->link);
}

void
dest_cancel(struct message *message)
{
	while (!list_is_empty(&message->queued)) {
		struct job *job =
		    LIST_ITEM(message->queued.next, struct job, mine);
		struct dest *dest = job->dest;

		unqueue(job);
		message->jobs--;
		job_free(job);
		free_if_empty(dest);
	}
}

/* The first job of the next lane in turn. */
static struct job *
take_job(struct dest *dest)
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

static struct agent *
get_agent(struct transport *transport)
{
	unsigned limit = (unsigned)transport->q->conf.agent_limit;

	if (!list_is_empty(&transport->idle))
		return agent_of(list_pop(&transport->idle));
	/* after a failure one connection tries for all */
	if (transport->agents >= (transport->rest.failures > 0 ? 1 : limit))
		return NULL;
	return agent_new(transport);
}

void
dest_kick(struct transport *transport)
{
	int64_t now = time_mono(), wake = INT64_MAX;

	if (transport->rest.until > now) {
		arm(transport, transport->rest.until, now);
		return;
	}
	for (;;) {
		struct dest *dest = next_dest(transport, now, &wake);
		struct agent *agent;

		if (dest == NULL)
			break;
		agent = get_agent(transport);
		if (agent == NULL)
			return; /* the next that is idle kicks again */
		agent_start(agent, take_job(dest));
	}
	if (wake != INT64_MAX)
		arm(transport, wake, now);
}

void
dest_done(struct job *job)
{
	struct dest *dest = job->dest;
	struct transport *transport = dest->transport;

	dest->running--;
	job_free(job);
	free_if_empty(dest);
	event_active(transport->kick, EV_TIMEOUT, 0);
}

void
dest_requeue(struct job *job)
{
	for (size_t i = 0; i < job->count; i++) {
		free(job->outcome[i].text);
		job->outcome[i] = (struct outcome){ 0 };
	}
	job->dest->running--;
	enqueue(job, true);
	event_active(job->dest->transport->kick, EV_TIMEOUT, 0);
}

/* Failed for too long: all that wait are put off, with the reason. */
static void
suspend(struct qmgr *q, struct transport *transport, struct rest *rest,
    const char *reason)
{
	LIST_FOREACH(link, &transport->ready)
	{
		struct dest *dest = LIST_ITEM(link, struct dest, link);

		if (rest != &transport->rest && rest != &dest->rest)
			continue;
		/* deferred messages wait elsewhere, so this ends */
		dest->running++;
		while (dest->waiting > 0)
			result_suspended(q, take_job(dest), reason);
		dest->running--;
		free_if_empty(dest);
	}
}

bool
dest_failed(struct qmgr *q, struct rest *rest, struct transport *transport,
    const char *reason)
{
	int64_t wait =
	    schedule_backoff(++rest->failures, REST_FIRST, REST_MAX, 50);

	rest->until = time_mono() + wait;
	if (rest->failures == 1 || rest->failures % 10 == 0)
		log_warn("transport %s: %s", transport->name, reason);
	if (rest->failures < FAILURES_MAX)
		return true;
	suspend(q, transport, rest, reason);
	return false;
}

void
dest_works(struct rest *rest)
{
	*rest = (struct rest){ 0 };
}

bool
dest_transport_exists(struct str name)
{
	char path[64];

	if (!intake_is_transport(name))
		return false;
	(void)snprintf(path, sizeof(path), "%" STR_F, STR_A(name));
	return access(path, F_OK) == 0;
}

void
dest_flush(struct qmgr *q)
{
	LIST_FOREACH(link, &q->transports)
	{
		struct transport *transport =
		    LIST_ITEM(link, struct transport, link);

		transport->rest.until = 0;
		LIST_FOREACH(at, &transport->ready)
		{
			LIST_ITEM(at, struct dest, link)->rest.until = 0;
		}
		event_active(transport->kick, EV_TIMEOUT, 0);
	}
}

/* At the end: jobs are lost, messages are not. */
static void
transport_free(struct transport *transport)
{
	struct str key;
	void *value;
	size_t it = 0;

	while (!list_is_empty(&transport->idle))
		agent_close(agent_of(list_pop(&transport->idle)));
	while (!list_is_empty(&transport->busy))
		agent_close(agent_of(list_pop(&transport->busy)));
	while (hash_next(transport->dests, &it, &key, &value)) {
		struct dest *dest = value;

		while (dest->waiting > 0)
			job_free(take_job(dest));
		dest_free(dest);
	}
	hash_free(transport->dests);
	event_free(transport->kick);
	free(transport->name);
	free(transport);
}

void
dest_drop(struct job *job)
{
	job->dest->running--;
	job_free(job);
}

void
dest_clear(struct qmgr *q)
{
	struct list *link;

	while ((link = list_pop(&q->transports)) != NULL)
		transport_free(LIST_ITEM(link, struct transport, link));
}
