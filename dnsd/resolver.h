/*
 * resolver - libunbound on our event loop: one cache, DNSSEC, and the
 * questions under way in it.
 *
 * libunbound reads files, and makes what it needs of OpenSSL or nettle, at
 * its first question, which resolver_new() asks: the first of a process is
 * made before the jail, later ones inside, of files that the caller kept.
 */
#ifndef DNSD_RESOLVER_H
#define DNSD_RESOLVER_H

#include <event2/event.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "dnsd/servers.h"

struct resolver_conf {
	struct servers servers;
	bool is_told;       /* the servers are the operator's words */
	struct str anchors; /* text of the trust anchor file; none: no DNSSEC */
	size_t cache_size;  /* bytes, of all caches together */
	int limit;          /* questions under way */
};

/* What came: *packet lives until the function returns. */
struct resolver_result {
	int rcode; /* not 0: no packet */
	struct str packet;
	bool secure, bogus;
	const char *why; /* of bogus or of a failure; may be NULL */
};
typedef void resolver_fn(void *ctx, const struct resolver_result *result);

/* One question; its owner keeps it until it is answered or cancelled. */
struct resolver_question {
	resolver_fn *fn;
	void *ctx;
	int id; /* libunbound's */
};

struct resolver;

/* NULL with err. *conf and what it points to is borrowed. */
struct resolver *resolver_new(struct event_base *base,
    const struct resolver_conf *conf, struct err *err);
/* No callbacks any more. Not from inside one. */
void resolver_free(struct resolver *resolver);

/* Ask; fn is called once, perhaps before this returns. */
int resolver_ask(struct resolver *resolver, struct resolver_question *question,
    const char *name, uint16_t type, struct err *err);
/* Before fn was called: it will not be. */
void resolver_cancel(struct resolver *resolver,
    const struct resolver_question *question);

#endif
