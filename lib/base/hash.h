/*
 * hash - XXH3 over bytes, and a table from byte strings to pointers.
 *
 * Tables are seeded at random per process, so that peers who choose the keys
 * cannot choose the collisions. The checksum takes its seed from the caller:
 * formats keep theirs in a superblock.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/str.h"

uint64_t hash_checksum(uint64_t seed, const void *bytes, size_t len);
/* The same over the pieces as if they stood in one run of bytes. */
uint64_t hash_checksum_iov(uint64_t seed, const struct iovec *iov, int count);

struct hash; /* owns copies of its keys; values are borrowed */

struct hash *hash_new(void);
void hash_free(struct hash *table); /* not the values */

void *hash_get(const struct hash *table, struct str key); /* NULL: absent */
/* Set key to value (not NULL). Returns the value that was there, or NULL. */
void *hash_put(struct hash *table, struct str key, void *value);
/* Returns the value that was there, or NULL. */
void *hash_remove(struct hash *table, struct str key);
size_t hash_len(const struct hash *table);

/*
 * Walk in no order: for (it = 0; hash_next(table, &it, &key, &value);).
 * The entry just returned may be removed during the walk, nothing added.
 */
bool hash_next(const struct hash *table, size_t *it, struct str *key,
    void **value);

#endif
