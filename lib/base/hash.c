#include "base/hash.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/alloc.h"
#include "base/rand.h"

/*
 * Open addressing with linear probing. A removed slot keeps a tombstone
 * (key NULL, value set to the slot itself), swept out when the table is
 * rebuilt.
 */
struct slot {
	char *key;
	size_t len;
	uint64_t hash;
	void *value; /* key NULL: free when NULL too, else a tombstone */
};

struct hash {
	struct slot *slot;
	size_t cap, len, used; /* cap a power of two; used counts tombstones */
	uint64_t seed;
};

enum { HASH_FIRST = 16 };

uint64_t
hash_checksum(uint64_t seed, const void *bytes, size_t len)
{
	return XXH3_64bits_withSeed(bytes, len, seed);
}

uint64_t
hash_checksum_iov(uint64_t seed, const struct iovec *iov, int count)
{
	XXH3_state_t state;

	XXH3_INITSTATE(&state);
	XXH3_64bits_reset_withSeed(&state, seed);
	for (int i = 0; i < count; i++)
		XXH3_64bits_update(&state, iov[i].iov_base, iov[i].iov_len);
	return XXH3_64bits_digest(&state);
}

struct hash *
hash_new(void)
{
	struct hash *table = xcalloc(1, sizeof(*table));

	table->cap = HASH_FIRST;
	table->slot = xcalloc(table->cap, sizeof(*table->slot));
	table->seed = rand_u64();
	return table;
}

void
hash_free(struct hash *table)
{
	if (table == NULL)
		return;
	for (size_t i = 0; i < table->cap; i++)
		free(table->slot[i].key);
	free(table->slot);
	free(table);
}

/* The slot that holds key, or the free one where the search ended. */
static struct slot *
find(const struct hash *table, struct str key, uint64_t hash)
{
	size_t mask = table->cap - 1;

	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		struct slot *slot = &table->slot[i];

		if (slot->key == NULL && slot->value == NULL)
			return slot;
		if (slot->key != NULL && slot->hash == hash &&
		    str_eq(str_make(slot->key, slot->len), key))
			return slot;
	}
}

static void
rebuild(struct hash *table)
{
	struct slot *old = table->slot;
	size_t cap = table->cap;

	while (table->len * 4 >= table->cap * 2)
		table->cap *= 2;
	table->slot = xcalloc(table->cap, sizeof(*table->slot));
	for (size_t i = 0; i < cap; i++) {
		if (old[i].key != NULL)
			*find(table, str_make(old[i].key, old[i].len),
			    old[i].hash) = old[i];
	}
	table->used = table->len;
	free(old);
}

void *
hash_get(const struct hash *table, struct str key)
{
	uint64_t hash = hash_checksum(table->seed, key.p, key.len);
	struct slot *slot = find(table, key, hash);

	return slot->key == NULL ? NULL : slot->value;
}

void *
hash_put(struct hash *table, struct str key, void *value)
{
	uint64_t hash = hash_checksum(table->seed, key.p, key.len);
	struct slot *slot = find(table, key, hash);
	void *old;

	if (slot->key != NULL) {
		old = slot->value;
		slot->value = value;
		return old;
	}
	if ((table->used + 1) * 4 > table->cap * 3) {
		rebuild(table);
		slot = find(table, key, hash);
	}
	*slot = (struct slot){
		.key = xstrndup(key.p, key.len),
		.len = key.len,
		.hash = hash,
		.value = value,
	};
	table->len++;
	table->used++;
	return NULL;
}

void *
hash_remove(struct hash *table, struct str key)
{
	uint64_t hash = hash_checksum(table->seed, key.p, key.len);
	struct slot *slot = find(table, key, hash);
	void *old;

	if (slot->key == NULL)
		return NULL;
	old = slot->value;
	free(slot->key);
	*slot = (struct slot){ .value = slot };
	table->len--;
	return old;
}

size_t
hash_len(const struct hash *table)
{
	return table->len;
}

bool
hash_next(const struct hash *table, size_t *it, struct str *key, void **value)
{
	for (; *it < table->cap; (*it)++) {
		const struct slot *slot = &table->slot[*it];

		if (slot->key == NULL)
			continue;
		*key = str_make(slot->key, slot->len);
		*value = slot->value;
		(*it)++;
		return true;
	}
	return false;
}
