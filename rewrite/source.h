/*
 * source - records by kind and name: from the cache, or from the directory.
 *
 * Who asks for what is being asked for already waits for the same answer.
 */
#ifndef REWRITE_SOURCE_H
#define REWRITE_SOURCE_H

#include <event2/event.h>

#include "dict/directory_conf.h"
#include "rewrite/record.h"

enum source_kind {
	SOURCE_SITE,    /* name is empty */
	SOURCE_DOMAIN,  /* name in lower case, as all names */
	SOURCE_ADDRESS, /* local@domain, @domain */
	SOURCE_OWNER    /* a user by the mailboxes' owner, or by address */
};

struct source_conf {
	struct directory_conf directory;
	int cache_time; /* seconds */
	int stale_time; /* and how much longer while the directory is away */
	int cache_size;
};

struct source;

/* record is borrowed for the call; NULL: err says why. */
typedef void source_fn(void *ctx, struct record *record, const struct err *err);

/* conf is borrowed and may change between calls (not directory). */
struct source *source_new(struct event_base *base,
    const struct source_conf *conf);
/* Who still waits is not called. */
void source_free(struct source *source);
void source_flush(struct source *source);

/*
 * From the cache, borrowed until the next call; NULL: fetch it. While the
 * directory cannot be asked, what was known of it goes on; not that somebody
 * is not there, since that would refuse mail for good.
 */
struct record *source_get(struct source *source, enum source_kind kind,
    struct str name);
/* fn is called from the loop, exactly once. */
void source_fetch(struct source *source, enum source_kind kind, struct str name,
    source_fn *fn, void *ctx);

#endif
