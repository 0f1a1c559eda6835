#include "dnsd/resolver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unbound-event.h>
#include <unbound.h>

#include "base/alloc.h"

enum {
	ASK_CLASS = 1, /* Internet */
	SECURE = 2,    /* libunbound's sec, in callbacks */
	BOGUS = 1,
	TCP_SOCKETS = 64,
	UDP_SOCKETS = 400, /* of 1,024 descriptors a process usually has */
	OPTION_MAX = 64,
};

struct resolver {
	struct ub_ctx *ub;
};

static int
failed(struct err *err, const char *what, int rc)
{
	return err_set(err, ERR_TEMP, "libunbound: %s: %s", what,
	    ub_strerror(rc));
}

static int
set_option(struct ub_ctx *ub, const char *name, const char *value,
    struct err *err)
{
	int rc = ub_ctx_set_option(ub, name, value);

	return rc == 0 ? 0 : failed(err, name, rc);
}

static int
set_number(struct ub_ctx *ub, const char *name, size_t number, struct err *err)
{
	char text[OPTION_MAX];

	(void)snprintf(text, sizeof(text), "%zu", number);
	return set_option(ub, name, text, err);
}

/*
 * Options of unbound.conf(5). Dead servers are looked at again
 * soon, since a mail server would rather ask once too often than say "no
 * such host" for a quarter of an hour after an outage.
 */
static int
set_options(struct ub_ctx *ub, const struct resolver_conf *conf,
    struct err *err)
{
	static const char *const fixed[][2] = {
		{ "do-not-query-localhost:", "no" },
		{ "infra-host-ttl:", "60" },
		{ "infra-keep-probing:", "yes" },
		{ "unblock-lan-zones:", "yes" },
		{ "insecure-lan-zones:", "yes" },
		{ "cache-max-negative-ttl:", "900" },
		{ "qname-minimisation:", "yes" },
	};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		if (set_option(ub, fixed[i][0], fixed[i][1], err) < 0)
			return -1;
	}
	/* Answers are small beside the records they point to. */
	if (set_number(ub, "msg-cache-size:", conf->cache_size / 4, err) < 0 ||
	    set_number(ub, "rrset-cache-size:", conf->cache_size / 2, err) <
		0 ||
	    set_number(ub, "key-cache-size:", conf->cache_size / 4, err) < 0 ||
	    set_number(ub, "outgoing-range:", UDP_SOCKETS, err) < 0 ||
	    set_number(ub, "outgoing-num-tcp:", TCP_SOCKETS, err) < 0 ||
	    set_number(ub, "num-queries-per-thread:", 2 * (size_t)conf->limit,
		err) < 0)
		return -1;
	return 0;
}

static int
add_servers(struct ub_ctx *ub, const struct resolver_conf *conf,
    struct err *err)
{
	for (size_t i = 0; i < conf->servers.count; i++) {
		int rc = ub_ctx_set_fwd(ub, conf->servers.text[i]);

		if (rc != 0)
			return failed(err, conf->servers.text[i], rc);
	}
	return 0;
}

static int
add_anchors(struct ub_ctx *ub, struct str text, struct err *err)
{
	struct str record;

	while (servers_next_anchor(&text, &record)) {
		char *line = xstrndup(record.p, record.len);
		int rc = ub_ctx_add_ta(ub, line);

		free(line);
		if (rc != 0)
			return failed(err, "trust anchor", rc);
	}
	return 0;
}

/*
 * Names that libunbound answers itself although the operator's servers may
 * know them. This ends the configuration: the last step.
 */
static int
remove_zones(struct ub_ctx *ub, const struct resolver_conf *conf,
    struct err *err)
{
	static const char loopback6[] =
	    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
	    "0.0.ip6.arpa.";
	static const char *const zones[] = { "test.", "127.in-addr.arpa.",
		loopback6 };
	int rc = 0;

	for (size_t i = 0;
	     conf->is_told && rc == 0 && i < sizeof(zones) / sizeof(zones[0]);
	     i++)
		rc = ub_ctx_zone_remove(ub, zones[i]);
	return rc == 0 ? 0 : failed(err, "local zones", rc);
}

static void
on_answer(void *ctx, int rcode, void *packet, int packet_len, int sec,
    char *why_bogus, int was_ratelimited)
{
	struct resolver_question *question = ctx;
	struct resolver_result result = {
		.rcode = rcode,
		.packet = str_make(packet,
		    packet == NULL || packet_len < 0 ? 0 : (size_t)packet_len),
		.secure = sec == SECURE,
		.bogus = sec == BOGUS,
		.why = why_bogus,
	};

	(void)was_ratelimited;
	question->fn(question->ctx, &result);
}

static void
ignore_answer(void *ctx, const struct resolver_result *result)
{
	(void)ctx;
	(void)result;
}

struct resolver *
resolver_new(struct event_base *base, const struct resolver_conf *conf,
    struct err *err)
{
	struct resolver *resolver = xcalloc(1, sizeof(*resolver));
	struct resolver_question warm_up = { .fn = ignore_answer };

	resolver->ub = ub_ctx_create_event(base);
	if (resolver->ub == NULL) {
		err_set(err, ERR_TEMP, "libunbound: no context");
		free(resolver);
		return NULL;
	}
	/* libunbound answers localhost itself, but makes all it needs. */
	if (set_options(resolver->ub, conf, err) < 0 ||
	    add_servers(resolver->ub, conf, err) < 0 ||
	    add_anchors(resolver->ub, conf->anchors, err) < 0 ||
	    remove_zones(resolver->ub, conf, err) < 0 ||
	    resolver_ask(resolver, &warm_up, "localhost", 1, err) < 0) {
		resolver_free(resolver);
		return NULL;
	}
	return resolver;
}

void
resolver_free(struct resolver *resolver)
{
	if (resolver == NULL)
		return;
	ub_ctx_delete(resolver->ub);
	free(resolver);
}

int
resolver_ask(struct resolver *resolver, struct resolver_question *question,
    const char *name, uint16_t type, struct err *err)
{
	int rc;

	question->id = 0;
	rc = ub_resolve_event(resolver->ub, *name == '\0' ? "." : name, type,
	    ASK_CLASS, question, on_answer, &question->id);
	return rc == 0 ? 0 : failed(err, name, rc);
}

void
resolver_cancel(struct resolver *resolver,
    const struct resolver_question *question)
{
	(void)ub_cancel(resolver->ub, question->id);
}
