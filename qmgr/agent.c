#include "qmgr/agent.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fsutil.h"
#include "base/log.h"
#include "base/time.h"
#include "qmgr/agent_impl.h"
#include "qmgr/result.h"

enum { GREETING_SECONDS = 30 }; /* at most, until it is ready */

struct agent *
agent_of(struct list *link)
{
	return LIST_ITEM(link, struct agent, link);
}

static void
agent_free(struct agent *agent)
{
	struct transport *transport = agent->transport;

	list_remove(&agent->link);
	transport->agents--;
	bufferevent_free(agent->bev);
	event_free(agent->refused);
	smtp_reply_clear(&agent->reply);
	agent_body_close(agent);
	buf_clear(&agent->record);
	buf_clear(&agent->field);
	free(agent->last);
	free(agent);
}

void
agent_close(struct agent *agent)
{
	if (agent->job != NULL)
		dest_drop(agent->job);
	agent_free(agent);
}

bool
agent_was_at(const struct agent *agent, const char *nexthop)
{
	return agent->last != NULL && strcmp(agent->last, nexthop) == 0;
}

void
agent_relay(const struct agent *agent, char out[AGENT_RELAY_SIZE])
{
	if (agent->transport->remote) {
		(void)snprintf(out, AGENT_RELAY_SIZE, "%s",
		    agent->relay[0] == '\0' ? "none" : agent->relay);
		return;
	}
	(void)snprintf(out, AGENT_RELAY_SIZE, "%s[private/%s]",
	    agent->transport->q->conf.hostname, agent->transport->name);
}

/* Free for the next job: in line behind the others that are. */
static void
become_idle(struct agent *agent)
{
	agent->state = AGENT_IDLE;
	agent->job = NULL;
	agent_body_close(agent);
	bufferevent_set_timeouts(agent->bev, NULL, NULL);
	list_remove(&agent->link);
	list_push_front(&agent->transport->idle, &agent->link);
	event_active(agent->transport->kick, EV_TIMEOUT, 0);
}

/* The job's recipients have their outcomes. */
static void
end_job(struct agent *agent)
{
	struct job *job = agent->job;
	char relay[AGENT_RELAY_SIZE];

	agent->job = NULL;
	agent_relay(agent, relay);
	result_finish(agent->transport->q, job, relay);
}

/*
 * It failed for all, being the agents' socket or the job's site: the job,
 * with what the log will say of it, goes back to its lane while that rests,
 * or is deferred, with the others if it has lasted too long.
 */
static void
all_failed(struct agent *agent, bool site, const char *reason)
{
	struct qmgr *q = agent->transport->q;
	struct job *job = agent->job;

	for (size_t i = 0; i < job->count; i++)
		message_set_reason(job->message, job->rcpt[i], reason);
	if (site ? dest_failed(job, reason) :
		   dest_transport_failed(agent->transport, reason)) {
		agent->job = NULL;
		dest_requeue(job);
	} else if (job->outcome[0].verdict != VERDICT_NONE) {
		end_job(agent); /* in its own words */
	} else {
		agent->job = NULL;
		result_suspended(q, job, reason);
	}
}

void
agent_lost(struct agent *agent, const char *why)
{
	struct transport *transport = agent->transport;
	struct job *job = agent->job;
	char reason[600];

	if (job == NULL) { /* an idle one, closed by the other side */
		agent_free(agent);
		return;
	}
	(void)snprintf(reason, sizeof(reason), "%s %s[private/%s]: %s",
	    agent->state < AGENT_IDLE ? "connect to" : "lost connection with",
	    transport->q->conf.hostname, transport->name, why);
	if (agent->state < AGENT_IDLE) {
		all_failed(agent, false, reason);
	} else if (agent->answered == 0 && agent->served > 0) {
		/* it had grown old while it was idle: nothing was lost */
		agent->job = NULL;
		dest_requeue(job);
	} else if (agent->answered == 0) {
		all_failed(agent, true, reason);
	} else {
		job->lost++;
		for (size_t i = 0; i < job->count; i++) {
			if (job->outcome[i].verdict == VERDICT_NONE)
				result_set(&job->outcome[i], VERDICT_DEFERRED,
				    0, "4.4.2", str_of(reason));
		}
		end_job(agent);
	}
	agent_free(agent);
	event_active(transport->kick, EV_TIMEOUT, 0);
}

/* Was anybody in the job answered for good? */
static bool
is_partly_done(const struct job *job)
{
	for (size_t i = 0; i < job->count; i++) {
		if (job->outcome[i].verdict == VERDICT_SENT ||
		    job->outcome[i].verdict == VERDICT_FAILED)
			return true;
	}
	return false;
}

void
agent_transaction_done(struct agent *agent)
{
	struct job *job = agent->job;

	agent->served++;
	dest_took(job->dest, time_mono() - job->connected);
	if (agent->site_text[0] == '\0') {
		dest_works(job->dest);
		end_job(agent);
	} else if (!is_partly_done(job)) {
		all_failed(agent, true, agent->site_text);
	} else {
		job->lost++; /* the others come again soon */
		end_job(agent);
	}
	become_idle(agent);
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct agent *agent = arg;

	(void)bev;
	if (what & BEV_EVENT_TIMEOUT)
		agent_lost(agent, "timed out");
	else if (what & BEV_EVENT_ERROR)
		agent_lost(agent,
		    evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
	else
		agent_lost(agent, "connection closed");
}

static void
on_read(struct bufferevent *bev, void *arg)
{
	struct agent *agent = arg;
	struct evbuffer *input = bufferevent_get_input(bev);

	for (;;) {
		size_t len = evbuffer_get_length(input);
		struct str rest;
		struct err err;
		int got;

		if (len == 0)
			return;
		rest = str_make(evbuffer_pullup(input, -1), len);
		got = smtp_reply_feed(&agent->reply, &rest, &err);
		(void)evbuffer_drain(input, len - rest.len);
		if (got < 0) {
			agent_lost(agent, err.text);
			return;
		}
		if (got > 0 && !agent_reply(agent))
			return; /* the agent is gone */
	}
}

static void
on_written(struct bufferevent *bev, void *arg)
{
	(void)bev;
	(void)agent_body_more(arg);
}

/*
 * Connect without waiting. A UNIX socket is connected at once or not at all:
 * EAGAIN says that its backlog is full. -1 with errno set.
 */
static int
connect_agent(const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", name);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	error = errno;
	(void)close(fd);
	errno = error;
	return -1;
}

static void
on_refused(evutil_socket_t fd, short what, void *arg)
{
	struct agent *agent = arg;

	(void)fd;
	(void)what;
	agent_lost(agent, strerror(agent->error));
}

struct agent *
agent_new(struct transport *transport)
{
	struct qmgr *q = transport->q;
	struct agent *agent = xcalloc(1, sizeof(*agent));
	int seconds = q->conf.agent_timeout < GREETING_SECONDS ?
	    q->conf.agent_timeout :
	    GREETING_SECONDS;
	struct timeval wait = { seconds, 0 };
	int fd = connect_agent(transport->name);

	agent->error = fd < 0 ? errno : 0;
	agent->transport = transport;
	agent->state = AGENT_GREETING;
	agent->large_fd = -1;
	list_init(&agent->link);
	list_push(&transport->busy, &agent->link);
	transport->agents++;
	smtp_reply_init(&agent->reply);
	buf_init(&agent->record, 0);
	buf_init(&agent->field, 0);
	agent->bev = bufferevent_socket_new(q->base, fd, BEV_OPT_CLOSE_ON_FREE);
	agent->refused = evtimer_new(q->base, on_refused, agent);
	if (agent->bev == NULL || agent->refused == NULL)
		panic("libevent: no memory for an agent");
	if (fd < 0) {
		/* the caller has a job for it first */
		event_active(agent->refused, EV_TIMEOUT, 0);
		return agent;
	}
	(void)bufferevent_set_max_single_write(agent->bev, AGENT_OUT_MAX);
	bufferevent_setcb(agent->bev, on_read, on_written, on_event, agent);
	bufferevent_set_timeouts(agent->bev, &wait, &wait);
	(void)bufferevent_enable(agent->bev, EV_READ | EV_WRITE);
	return agent;
}

void
agent_start(struct agent *agent, struct job *job)
{
	struct timeval wait = { agent->transport->q->conf.agent_timeout, 0 };

	list_remove(&agent->link);
	list_push(&agent->transport->busy, &agent->link);
	agent->job = job;
	agent->answered = agent->sent = 0;
	agent->relay[0] = '\0';
	if (!agent_was_at(agent, job->dest->nexthop)) {
		free(agent->last);
		agent->last = xstrdup(job->dest->nexthop);
	}
	if (agent->state != AGENT_IDLE)
		return; /* when it is connected: agent_reply */
	bufferevent_set_timeouts(agent->bev, &wait, &wait);
	agent_begin(agent);
}
