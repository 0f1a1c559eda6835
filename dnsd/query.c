#include "dnsd/query.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/time.h"
#include "dnsd/name.h"
#include "dnsd/packet.h"

enum { ARENA_MAX = 1 << 20 };

struct query {
	struct list link;
	struct dnsd *dnsd;
	struct ipc_peer *peer;
	uint16_t tag, type;
	char name[DNS_NAME_MAX + 1];
	struct resolver_question question;
	struct event *timer;
	int64_t began;
};

static void
query_free(struct query *query)
{
	list_remove(&query->link);
	query->dnsd->count--;
	event_free(query->timer);
	free(query);
}

static void
count(struct query *query, const struct dns_answer *answer)
{
	static const int items[] = {
		[DNS_FOUND] = STAT_FOUND,
		[DNS_NO_NAME] = STAT_NOT_FOUND,
		[DNS_NO_DATA] = STAT_NOT_FOUND,
		[DNS_TEMP] = STAT_TEMP,
		[DNS_BOGUS] = STAT_BOGUS,
	};
	struct daemon *d = query->dnsd->daemon;

	daemon_count(d, items[answer->status], 1);
	if (answer->secure)
		daemon_count(d, STAT_SECURE, 1);
	daemon_observe(d, STAT_TIME, time_mono() - query->began);
}

/* The last word about this query. */
static void
finish(struct query *query, const struct dns_answer *answer)
{
	char name[100], reason[200];

	count(query, answer);
	if (answer->status == DNS_TEMP || answer->status == DNS_BOGUS)
		log_info("%s type %u: %s: %s",
		    log_escape(name, sizeof(name), str_of(query->name)),
		    query->type, dns_status_name(answer->status),
		    log_escape(reason, sizeof(reason), answer->reason));
	ipc_peer_send(query->peer, &dns_answer_msg, query->tag, answer);
	query_free(query);
}

/* No answer worth the name. */
static void
fail(struct query *query, enum dns_status status, const char *why)
{
	struct dns_answer answer = {
		.status = (uint8_t)status,
		.name = str_of(query->name),
		.reason = str_of(why),
	};

	if (answer.reason.len > DNS_REASON_MAX)
		answer.reason.len = DNS_REASON_MAX;
	finish(query, &answer);
}

static void
on_result(void *ctx, const struct resolver_result *result)
{
	struct query *query = ctx;
	struct arena *arena;
	struct dns_answer answer;
	struct err err;

	if (result->bogus) {
		fail(query, DNS_BOGUS,
		    result->why == NULL ? "signatures" : result->why);
		return;
	}
	if (result->rcode != 0 || result->packet.len == 0) {
		fail(query, DNS_TEMP,
		    result->why == NULL ? "the servers do not answer" :
					  result->why);
		return;
	}
	arena = arena_new(ARENA_MAX);
	if (packet_read(&answer, result->packet, str_of(query->name),
		query->type, arena, &err) < 0) {
		fail(query, DNS_TEMP, err.text);
	} else {
		answer.secure = result->secure;
		finish(query, &answer);
	}
	arena_free(arena);
}

static void
on_timeout(evutil_socket_t fd, short what, void *arg)
{
	struct query *query = arg;

	(void)fd;
	(void)what;
	resolver_cancel(query->dnsd->resolver, &query->question);
	daemon_count(query->dnsd->daemon, STAT_TIMEOUTS, 1);
	fail(query, DNS_TEMP, "no answer in time");
}

static struct query *
query_new(struct dnsd *dnsd, struct ipc_peer *peer, uint16_t tag,
    const struct dns_query *in)
{
	struct timeval timeout = { dnsd->timeout, 0 };
	struct query *query = xcalloc(1, sizeof(*query));

	query->dnsd = dnsd;
	query->peer = peer;
	query->tag = tag;
	query->type = in->type;
	query->question.fn = on_result;
	query->question.ctx = query;
	query->began = time_mono();
	query->timer =
	    evtimer_new(daemon_base(dnsd->daemon), on_timeout, query);
	(void)evtimer_add(query->timer, &timeout);
	list_push(&dnsd->queries, &query->link);
	dnsd->count++;
	return query;
}

static void
ask(struct query *query)
{
	struct err err;

	if (query->dnsd->resolver == NULL)
		fail(query, DNS_TEMP, "no resolver");
	else if (resolver_ask(query->dnsd->resolver, &query->question,
		     query->name, query->type, &err) < 0)
		fail(query, DNS_TEMP, err.text);
}

void
query_ask(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	struct dnsd *dnsd = ipc_peer_ctx(peer);
	const struct dns_query *asked = in;
	struct query *query;
	struct err err;

	daemon_count(dnsd->daemon, STAT_QUERIES, 1);
	if (dnsd->count >= dnsd->limit) {
		daemon_count(dnsd->daemon, STAT_REFUSED, 1);
		(void)err_set(&err, ERR_TEMP, "dnsd: too many questions");
		ipc_peer_error(peer, tag, &err);
		return;
	}
	query = query_new(dnsd, peer, tag, asked);
	if (name_make(query->name, asked->name))
		ask(query);
	else
		fail(query, DNS_NO_NAME, "");
}

void
query_forget_peer(struct dnsd *dnsd, struct ipc_peer *peer)
{
	LIST_FOREACH(link, &dnsd->queries)
	{
		struct query *query = LIST_ITEM(link, struct query, link);

		if (query->peer != peer)
			continue;
		resolver_cancel(dnsd->resolver, &query->question);
		query_free(query);
	}
}

void
query_withdraw_all(struct dnsd *dnsd)
{
	LIST_FOREACH(link, &dnsd->queries)
	{
		struct query *query = LIST_ITEM(link, struct query, link);

		resolver_cancel(dnsd->resolver, &query->question);
	}
}

void
query_repeat_all(struct dnsd *dnsd)
{
	struct list old = { 0 };
	struct list *link;

	/* One may be answered at once, others come never while we walk. */
	list_init(&old);
	while ((link = list_pop(&dnsd->queries)) != NULL)
		list_push(&old, link);
	while ((link = list_pop(&old)) != NULL) {
		list_push(&dnsd->queries, link);
		ask(LIST_ITEM(link, struct query, link));
	}
}

void
query_free_all(struct dnsd *dnsd)
{
	while (!list_is_empty(&dnsd->queries))
		query_free(LIST_ITEM(dnsd->queries.next, struct query, link));
}
