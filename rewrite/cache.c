#include "rewrite/cache.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/list.h"

struct entry {
	struct list link; /* by use, the latest last */
	struct str key;   /* owned */
	struct record *record;
	int64_t until;
};

struct cache {
	struct hash *table;
	struct list used;
	size_t max;
};

struct cache *
cache_new(size_t max)
{
	struct cache *cache = xcalloc(1, sizeof(*cache));

	cache->table = hash_new();
	cache->max = max;
	list_init(&cache->used);
	return cache;
}

static void
drop(struct cache *cache, struct entry *entry)
{
	(void)hash_remove(cache->table, entry->key);
	list_remove(&entry->link);
	record_unref(entry->record);
	free((char *)(uintptr_t)entry->key.p);
	free(entry);
}

void
cache_flush(struct cache *cache)
{
	while (!list_is_empty(&cache->used))
		drop(cache, LIST_ITEM(cache->used.next, struct entry, link));
}

void
cache_free(struct cache *cache)
{
	cache_flush(cache);
	hash_free(cache->table);
	free(cache);
}

struct record *
cache_stale(struct cache *cache, struct str key, int64_t now, int64_t keep)
{
	struct entry *entry = hash_get(cache->table, key);

	if (entry == NULL || entry->until + keep <= now)
		return NULL;
	list_remove(&entry->link);
	list_push(&cache->used, &entry->link);
	return entry->record;
}

struct record *
cache_get(struct cache *cache, struct str key, int64_t now)
{
	return cache_stale(cache, key, now, 0);
}

void
cache_put(struct cache *cache, struct str key, struct record *record,
    int64_t until)
{
	struct entry *entry = hash_get(cache->table, key);

	if (cache->max == 0)
		return;
	if (entry != NULL)
		drop(cache, entry);
	if (hash_len(cache->table) >= cache->max)
		drop(cache, LIST_ITEM(cache->used.next, struct entry, link));
	entry = xcalloc(1, sizeof(*entry));
	entry->key = str_make(xmemdup(key.p, key.len), key.len);
	entry->record = record_ref(record);
	entry->until = until;
	(void)hash_put(cache->table, key, entry);
	list_push(&cache->used, &entry->link);
}

size_t
cache_len(const struct cache *cache)
{
	return hash_len(cache->table);
}
