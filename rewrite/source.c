#include "rewrite/source.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/time.h"
#include "dict/escape.h"
#include "dict/ldap_client.h"
#include "rewrite/cache.h"

enum { TROUBLE = 5 * TIME_SECOND };

enum { PIPELINE = 32, KEY_MAX = 400, FILTER_MAX = 8192 };

struct waiter {
	struct list link;
	source_fn *fn;
	void *ctx;
};

/* A search under way and those who wait for it. */
struct fetch {
	struct list link;
	struct source *source;
	enum source_kind kind;
	char *name, *key;
	struct list waiters;
};

struct source {
	const struct source_conf *conf;
	struct ldap_client *client;
	struct cache *cache;
	int64_t trouble_until; /* mono, us: do not ask for what is known */
	struct hash *fetching; /* by key */
	struct list fetches;
};

struct source *
source_new(struct event_base *base, const struct source_conf *conf)
{
	struct ldap_client_conf client = {
		.path = conf->directory.socket,
		.timeout_ms = conf->directory.timeout * 1000,
		.pipeline = PIPELINE,
		.external = true,
	};
	struct source *source = xcalloc(1, sizeof(*source));

	source->conf = conf;
	source->client = ldap_client_new(base, &client);
	source->cache = cache_new((size_t)conf->cache_size);
	source->fetching = hash_new();
	list_init(&source->fetches);
	return source;
}

static void
fetch_free(struct fetch *fetch)
{
	struct list *link;

	while ((link = list_pop(&fetch->waiters)) != NULL)
		free(LIST_ITEM(link, struct waiter, link));
	list_remove(&fetch->link);
	free(fetch->name);
	free(fetch->key);
	free(fetch);
}

void
source_free(struct source *source)
{
	if (source == NULL)
		return;
	ldap_client_free(source->client);
	while (!list_is_empty(&source->fetches))
		fetch_free(LIST_ITEM(source->fetches.next, struct fetch, link));
	cache_free(source->cache);
	hash_free(source->fetching);
	free(source);
}

void
source_flush(struct source *source)
{
	cache_flush(source->cache);
}

/* The kind's letter, then the name. Longer names than are valid are cut. */
static struct str
make_key(char out[KEY_MAX], enum source_kind kind, struct str name)
{
	size_t len = name.len < KEY_MAX - 1 ? name.len : KEY_MAX - 1;

	out[0] = "sdao"[kind];
	memcpy(out + 1, name.p, len);
	return str_make(out, len + 1);
}

/* What was known, for while the directory is away. */
static struct record *
get_stale(struct source *source, enum source_kind kind, struct str key,
    int64_t now)
{
	struct record *record = cache_stale(source->cache, key, now,
	    (int64_t)source->conf->stale_time * TIME_SECOND);

	/* a domain that is not ours stays so; a person may be new */
	if (record == NULL ||
	    (record->kind == RECORD_NONE && kind != SOURCE_DOMAIN))
		return NULL;
	return record;
}

struct record *
source_get(struct source *source, enum source_kind kind, struct str name)
{
	int64_t now = time_mono();
	char space[KEY_MAX];
	struct str key = make_key(space, kind, name);
	struct record *record = cache_get(source->cache, key, now);

	if (record == NULL && now < source->trouble_until)
		record = get_stale(source, kind, key, now);
	return record;
}

static struct record *
make_record(const struct fetch *fetch, const struct ldap_entry *entries,
    size_t count)
{
	switch (fetch->kind) {
	case SOURCE_SITE:
		return record_of_site(entries, count);
	case SOURCE_DOMAIN:
		return record_of_domain(entries, count);
	default:
		return record_of_address(entries, count, str_of(fetch->name));
	}
}

static void
on_answer(void *ctx, const struct ldap_entry *entries, size_t count,
    const struct err *why)
{
	struct fetch *fetch = ctx;
	struct source *source = fetch->source;
	struct record *record = NULL;
	struct list *link;
	struct err err;

	(void)hash_remove(source->fetching, str_of(fetch->key));
	if (why != NULL) {
		err = *why;
		err.kind = ERR_TEMP; /* whatever it is, ask again later */
		err.cause = ERR_CAUSE_DIRECTORY;
		source->trouble_until = time_mono() + TROUBLE;
		record = get_stale(source, fetch->kind, str_of(fetch->key),
		    time_mono());
		if (record != NULL)
			record_ref(record);
	} else if ((record = make_record(fetch, entries, count)) == NULL) {
		(void)err_set(&err, ERR_TEMP, "directory: entry too large");
	} else {
		source->trouble_until = 0;
		cache_put(source->cache, str_of(fetch->key), record,
		    time_mono() +
			(int64_t)source->conf->cache_time * TIME_SECOND);
	}
	while ((link = list_pop(&fetch->waiters)) != NULL) {
		struct waiter *waiter = LIST_ITEM(link, struct waiter, link);

		waiter->fn(waiter->ctx, record, record == NULL ? &err : NULL);
		free(waiter);
	}
	record_unref(record);
	fetch_free(fetch);
}

static void
make_filter(struct buf *out, enum source_kind kind, struct str name)
{
	static const struct {
		const char *before, *between, *after;
	} shapes[] = {
		[SOURCE_SITE] = { "(objectClass=mailSite)", NULL, NULL },
		[SOURCE_DOMAIN] = { "(&(objectClass=mailDomain)"
				    "(associatedDomain=",
		    NULL, "))" },
		[SOURCE_ADDRESS] = { "(|(mail=", ")(mailAlternateAddress=",
		    "))" },
		[SOURCE_OWNER] = { "(&(objectClass=mailUser)(|(mail=",
		    ")(mailboxOwner=", ")))" },
	};

	(void)buf_addz(out, shapes[kind].before);
	if (shapes[kind].after == NULL)
		return;
	(void)escape_filter(out, name);
	if (shapes[kind].between != NULL) {
		(void)buf_addz(out, shapes[kind].between);
		(void)escape_filter(out, name);
	}
	(void)buf_addz(out, shapes[kind].after);
}

static struct fetch *
fetch_new(struct source *source, enum source_kind kind, struct str name)
{
	struct fetch *fetch = xcalloc(1, sizeof(*fetch));
	char key[KEY_MAX];
	struct str k = make_key(key, kind, name);

	fetch->source = source;
	fetch->kind = kind;
	fetch->name = xstrndup(name.p, name.len);
	fetch->key = xstrndup(k.p, k.len);
	list_init(&fetch->waiters);
	list_push(&source->fetches, &fetch->link);
	(void)hash_put(source->fetching, str_of(fetch->key), fetch);
	return fetch;
}

void
source_fetch(struct source *source, enum source_kind kind, struct str name,
    source_fn *fn, void *ctx)
{
	struct waiter *waiter = xcalloc(1, sizeof(*waiter));
	char key[KEY_MAX];
	struct fetch *fetch;
	struct buf filter;

	waiter->fn = fn;
	waiter->ctx = ctx;
	fetch = hash_get(source->fetching, make_key(key, kind, name));
	if (fetch != NULL) {
		list_push(&fetch->waiters, &waiter->link);
		return;
	}
	fetch = fetch_new(source, kind, name);
	list_push(&fetch->waiters, &waiter->link);
	buf_init(&filter, FILTER_MAX);
	make_filter(&filter, kind, name);
	ldap_client_search(source->client, source->conf->directory.suffix,
	    buf_cstr(&filter), record_attrs, on_answer, fetch);
	buf_clear(&filter);
}
