#include "qmgr/dest.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/rand.h"
#include "base/time.h"
#include "qmgr/agent.h"
#include "qmgr/defer.h"
#include "qmgr/error.h"
#include "qmgr/intake.h"
#include "qmgr/job.h"
#include "qmgr/pattern.h"
#include "qmgr/result.h"

enum {
	REST_FIRST = 100000,         /* us */
	REST_MAX = 60 * TIME_SECOND, /* as Postfix's transport_retry_time */
	FAILURES_MAX = 8,            /* some 25 seconds of rests */
	SLOW = 10 * TIME_SECOND,     /* a transaction that makes doubtful */
	DOUBTFUL_SHARE = 4,          /* of the agents */
};

static const int64_t FORGET_EVERY = 60 * (int64_t)TIME_SECOND;
static const int64_t KEPT = 600 * (int64_t)TIME_SECOND;

static void on_kick(evutil_socket_t fd, short what, void *arg);

static void
set_limits(struct transport *transport)
{
	const struct qmgr_conf *conf = &transport->q->conf;
	int limit = conf->dest_limit, rcpts = conf->rcpt_limit;

	if (strcmp(transport->name, "lmtp") == 0) {
		limit = conf->lmtp_limit;
		rcpts = conf->lmtp_rcpt_limit;
	} else if (strcmp(transport->name, "smtp") == 0) {
		limit = conf->smtp_limit;
		rcpts = conf->smtp_rcpt_limit;
	}
	transport->remote = conf->remote_transports != NULL &&
	    str_list_has(str_of(conf->remote_transports),
		str_of(transport->name));
	transport->rcpt_limit = (size_t)rcpts;
	transport->window = (struct window_conf){
		.limit = (unsigned)limit,
		.initial =
		    (unsigned)(transport->remote ? conf->initial_limit : limit),
		.grow = transport->q->grow,
		.shrink = transport->q->shrink,
		.cohort_limit = conf->cohort_limit,
	};
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
	transport->is_error = str_eqz(name, ERROR_TRANSPORT);
	set_limits(transport);
	list_init(&transport->ready);
	list_init(&transport->doubtful);
	list_init(&transport->idle);
	list_init(&transport->busy);
	transport->kick = evtimer_new(q->base, on_kick, transport);
	list_push(&q->transports, &transport->link);
	q->transports_len++;
	return transport;
}

struct dest *
dest_of(struct qmgr *q, const struct queue_recipient *rcpt)
{
	struct transport *transport = get_transport(q, rcpt->transport);
	struct dest *dest = hash_get(transport->dests, rcpt->nexthop);

	if (dest != NULL)
		return dest;
	dest = xcalloc(1, sizeof(*dest));
	dest->transport = transport;
	dest->nexthop = xstrndup(rcpt->nexthop.p, rcpt->nexthop.len);
	dest->by_sender = hash_new();
	window_init(&dest->window, &transport->window);
	dest->used = time_mono();
	list_init(&dest->link);
	list_init(&dest->lanes);
	(void)hash_put(transport->dests, rcpt->nexthop, dest);
	return dest;
}

static void
dest_free(struct dest *dest)
{
	list_remove(&dest->link);
	(void)hash_remove(dest->transport->dests, str_of(dest->nexthop));
	hash_free(dest->by_sender);
	free(dest->reason);
	free(dest->nexthop);
	free(dest);
}

void
dest_free_if_empty(struct dest *dest)
{
	if (dest->running == 0 && dest->waiting == 0 &&
	    dest->rest.failures == 0 && !dest->transport->remote)
		dest_free(dest);
}

bool
dest_rests(const struct dest *dest, int64_t now)
{
	return dest->transport->remote && dest->rest.until > now;
}

static bool
is_doubtful(const struct dest *dest)
{
	return dest->transport->remote &&
	    (dest->rest.failures > 0 || dest->slow);
}

void
dest_place(struct dest *dest)
{
	struct transport *transport = dest->transport;

	list_remove(&dest->link);
	if (dest->waiting > 0)
		list_push(is_doubtful(dest) ? &transport->doubtful :
					      &transport->ready,
		    &dest->link);
}

static void
arm(struct transport *transport, int64_t until, int64_t now)
{
	struct timeval wait = { (until - now) / TIME_SECOND,
		(until - now) % TIME_SECOND };

	(void)evtimer_add(transport->kick, &wait);
}

/* The next of these destinations in turn that may start a job; NULL. */
static struct dest *
next_of(struct list *line, int64_t now, int64_t *wake)
{
	LIST_FOREACH(link, line)
	{
		struct dest *dest = LIST_ITEM(link, struct dest, link);

		if (dest->rest.until > now) {
			if (dest->rest.until < *wake)
				*wake = dest->rest.until;
			continue;
		}
		/* after a failure one tries for all */
		if (dest->running >=
		    (dest->rest.failures > 0 ? 1 : dest->window.size))
			continue;
		list_remove(&dest->link);
		list_push(line, &dest->link);
		return dest;
	}
	return NULL;
}

static struct dest *
next_dest(struct transport *transport, int64_t now, int64_t *wake)
{
	unsigned share =
	    (unsigned)transport->q->conf.agent_limit / DOUBTFUL_SHARE;
	bool may = transport->doubtful_running < (share > 0 ? share : 1);
	struct dest *dest = NULL;

	transport->doubtful_turn = !transport->doubtful_turn;
	if (may && transport->doubtful_turn)
		dest = next_of(&transport->doubtful, now, wake);
	if (dest == NULL)
		dest = next_of(&transport->ready, now, wake);
	if (dest == NULL && may)
		dest = next_of(&transport->doubtful, now, wake);
	return dest;
}

/*
 * An idle agent: towards other sites one that was there last, else the one
 * idle longest, whose connections are the oldest; here the one used last.
 */
static struct agent *
idle_agent(struct transport *transport, const struct dest *dest)
{
	struct list *idle = &transport->idle;
	struct list *link = transport->remote ? idle->prev : idle->next;

	if (transport->remote) {
		LIST_FOREACH(at, idle)
		{
			if (agent_was_at(agent_of(at), dest->nexthop)) {
				link = at;
				break;
			}
		}
	}
	list_remove(link);
	return agent_of(link);
}

static struct agent *
get_agent(struct transport *transport, const struct dest *dest)
{
	unsigned limit = (unsigned)transport->q->conf.agent_limit;

	if (!list_is_empty(&transport->idle))
		return idle_agent(transport, dest);
	/* after a failure one connection tries for all */
	if (transport->agents >= (transport->rest.failures > 0 ? 1 : limit))
		return NULL;
	return agent_new(transport);
}

static void
begin(struct transport *transport, struct dest *dest, struct agent *agent)
{
	struct job *job = job_take(dest);

	job->doubtful = is_doubtful(dest);
	transport->doubtful_running += job->doubtful;
	agent_start(agent, job);
}

/* Whatever waits is told that it failed. */
static void
fail_all(struct transport *transport)
{
	LIST_FOREACH(link, &transport->ready)
	{
		struct dest *dest = LIST_ITEM(link, struct dest, link);

		dest->running++; /* it stays */
		while (dest->waiting > 0)
			error_finish(transport->q, job_take(dest));
		dest->running--;
		dest_free_if_empty(dest);
	}
}

/* Start jobs as far as agents and limits allow. */
static void
on_kick(evutil_socket_t fd, short what, void *arg)
{
	struct transport *transport = arg;
	int64_t now = time_mono(), wake = INT64_MAX;

	(void)fd;
	(void)what;
	if (transport->is_error) {
		fail_all(transport);
		return;
	}
	if (transport->rest.until > now) {
		arm(transport, transport->rest.until, now);
		return;
	}
	for (;;) {
		struct dest *dest = next_dest(transport, now, &wake);
		struct agent *agent;

		if (dest == NULL)
			break;
		agent = get_agent(transport, dest);
		if (agent == NULL)
			return; /* the next that is idle kicks again */
		begin(transport, dest, agent);
	}
	if (wake != INT64_MAX)
		arm(transport, wake, now);
}

/* It runs no more. */
static void
leave(struct job *job)
{
	struct dest *dest = job->dest;

	dest->running--;
	dest->used = time_mono();
	dest->transport->doubtful_running -= job->doubtful;
	job->doubtful = false;
}

void
dest_done(struct job *job)
{
	struct dest *dest = job->dest;
	struct transport *transport = dest->transport;

	leave(job);
	job_free(job);
	dest_free_if_empty(dest);
	event_active(transport->kick, EV_TIMEOUT, 0);
}

void
dest_requeue(struct job *job)
{
	for (size_t i = 0; i < job->count; i++) {
		free(job->outcome[i].text);
		job->outcome[i] = (struct outcome){ 0 };
	}
	leave(job);
	job_enqueue(job, true);
}

void
dest_drop(struct job *job)
{
	leave(job);
	job_free(job);
}

/* All that wait there are put off, with the reason. */
static void
suspend_dest(struct dest *dest, const char *reason)
{
	struct qmgr *q = dest->transport->q;

	/* deferred messages wait elsewhere, so this ends */
	dest->running++;
	while (dest->waiting > 0)
		result_suspended(q, job_take(dest), reason);
	dest->running--;
}

bool
dest_transport_failed(struct transport *transport, const char *reason)
{
	struct list *lines[] = { &transport->ready, &transport->doubtful };
	struct rest *rest = &transport->rest;

	rest->until = time_mono() +
	    schedule_backoff(++rest->failures, REST_FIRST, REST_MAX, 50);
	if (rest->failures == 1 || rest->failures % 10 == 0)
		log_warn("transport %s: %s", transport->name, reason);
	if (rest->failures < FAILURES_MAX)
		return true;
	for (size_t i = 0; i < NELEMS(lines); i++) {
		LIST_FOREACH(link, lines[i])
		{
			struct dest *dest = LIST_ITEM(link, struct dest, link);

			suspend_dest(dest, reason);
			dest_free_if_empty(dest);
		}
	}
	return false;
}

/* Here: the jobs wait in memory at first. */
static bool
local_failed(struct dest *dest, const char *reason)
{
	struct rest *rest = &dest->rest;

	rest->until = time_mono() +
	    schedule_backoff(++rest->failures, REST_FIRST, REST_MAX, 50);
	if (rest->failures == 1 || rest->failures % 10 == 0)
		log_warn("transport %s: %s", dest->transport->name, reason);
	if (rest->failures < FAILURES_MAX)
		return true;
	suspend_dest(dest, reason);
	return false;
}

bool
dest_failed(struct job *job, const char *reason)
{
	struct dest *dest = job->dest;
	const struct qmgr_conf *conf = &dest->transport->q->conf;
	struct rest *rest = &dest->rest;

	free(dest->reason);
	dest->reason = xstrdup(reason);
	if (!dest->transport->remote)
		return local_failed(dest, reason);
	if (dest_rests(dest, time_mono()))
		return false; /* one of several at the same time */
	if (window_failure(&dest->window, &dest->transport->window) ||
	    rest->failures > 0) {
		rest->until = time_mono() +
		    schedule_backoff(++rest->failures,
			(int64_t)conf->min_backoff * TIME_SECOND,
			(int64_t)conf->max_backoff * TIME_SECOND,
			rand_below(100));
		window_init(&dest->window, &dest->transport->window);
		suspend_dest(dest, reason);
	}
	return false;
}

void
dest_transport_works(struct transport *transport)
{
	transport->rest = (struct rest){ 0 };
}

void
dest_works(struct dest *dest)
{
	window_success(&dest->window, &dest->transport->window, dest->running);
	if (dest->rest.failures >= (dest->transport->remote ? 1 : FAILURES_MAX))
		dest->recovered = dest->transport->q->recovered = true;
	dest->rest = (struct rest){ 0 };
	free(dest->reason);
	dest->reason = NULL;
	dest_place(dest);
}

void
dest_took(struct dest *dest, int64_t us)
{
	bool slow = us > SLOW;

	if (dest->slow == slow)
		return;
	dest->slow = slow;
	dest_place(dest);
}

void
dest_flush(struct qmgr *q, struct str site)
{
	LIST_FOREACH(link, &q->transports)
	{
		struct transport *transport =
		    LIST_ITEM(link, struct transport, link);
		struct str key;
		void *value;
		size_t it = 0;

		transport->rest.until = 0;
		while (hash_next(transport->dests, &it, &key, &value)) {
			if (site.len == 0 || pattern_text_match(site, key))
				((struct dest *)value)->rest.until = 0;
		}
		event_active(transport->kick, EV_TIMEOUT, 0);
	}
}

void
dest_reload(struct qmgr *q)
{
	LIST_FOREACH(link, &q->transports)
	{
		set_limits(LIST_ITEM(link, struct transport, link));
	}
	dest_flush(q, str_of("")); /* what was wrong may be right now */
}

/* Forget what is known of sites that nobody has written to for long. */
static void
forget_old(struct transport *transport, int64_t now)
{
	int64_t failed =
	    (int64_t)transport->q->conf.max_backoff * 2 * TIME_SECOND;
	struct str key;
	void *value;
	size_t it = 0;

	while (hash_next(transport->dests, &it, &key, &value)) {
		struct dest *dest = value;

		dest->recovered = false;
		if (dest->running == 0 && dest->waiting == 0 &&
		    dest->used <
			now - (dest->rest.failures > 0 ? failed : KEPT))
			dest_free(dest);
	}
}

static bool
waits_for_recovered(struct qmgr *q, const struct message *message)
{
	for (size_t i = 0; i < message->record.rcpts.count; i++) {
		const struct queue_recipient *rcpt = message_rcpt(message, i);

		if (rcpt->state == QUEUE_LIVE && dest_of(q, rcpt)->recovered)
			return true;
	}
	return false;
}

void
dest_tick(struct qmgr *q)
{
	int64_t now = time_mono();

	if (q->recovered) {
		LIST_FOREACH(link, &q->by_age)
		{
			struct message *message =
			    LIST_ITEM(link, struct message, age);

			if (schedule_has(&message->due) &&
			    waits_for_recovered(q, message))
				defer_until(q, message, time_real());
		}
	} else if (now - q->forgotten < FORGET_EVERY) {
		return;
	}
	q->recovered = false;
	q->forgotten = now;
	LIST_FOREACH(link, &q->transports)
	{
		forget_old(LIST_ITEM(link, struct transport, link), now);
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
			job_free(job_take(dest));
		dest_free(dest);
	}
	hash_free(transport->dests);
	event_free(transport->kick);
	free(transport->name);
	free(transport);
}

void
dest_clear(struct qmgr *q)
{
	struct list *link;

	while ((link = list_pop(&q->transports)) != NULL)
		transport_free(LIST_ITEM(link, struct transport, link));
}
