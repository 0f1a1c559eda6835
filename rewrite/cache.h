/*
 * cache - records by key, for seconds: what is there and what is not.
 *
 * Full, it drops what was used longest ago. Time is the caller's, in
 * microseconds of time_mono().
 */
#ifndef REWRITE_CACHE_H
#define REWRITE_CACHE_H

#include <stdint.h>

#include "rewrite/record.h"

struct cache;

struct cache *cache_new(size_t max);
void cache_free(struct cache *cache);
void cache_flush(struct cache *cache);

/* Borrowed; NULL when it is not there or over its time. */
struct record *cache_get(struct cache *cache, struct str key, int64_t now);
/*
 * The same, but for as long as keep over its time: what is over it stays
 * until room is needed.
 */
struct record *cache_stale(struct cache *cache, struct str key, int64_t now,
    int64_t keep);
/* Takes a reference of its own; replaces what was there. */
void cache_put(struct cache *cache, struct str key, struct record *record,
    int64_t until);
size_t cache_len(const struct cache *cache);

#endif
