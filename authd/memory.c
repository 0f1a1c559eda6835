#include "authd/memory.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/log.h"
#include "base/rand.h"

enum { DIGEST = 32 };

struct entry {
	struct list link;
	unsigned char digest[DIGEST];
	char *owner, *stamp;
	struct facts facts;
	int64_t fresh, until;
};

struct memory {
	unsigned char key[DIGEST];
	struct hash *table;
	struct list used;
	size_t max;
};

struct memory *
memory_new(size_t max)
{
	struct memory *memory = xcalloc(1, sizeof(*memory));

	rand_bytes(memory->key, sizeof(memory->key));
	memory->table = hash_new();
	memory->max = max;
	list_init(&memory->used);
	return memory;
}

static void
drop(struct memory *memory, struct entry *entry)
{
	(void)hash_remove(memory->table, str_make(entry->digest, DIGEST));
	list_remove(&entry->link);
	free(entry->owner);
	free(entry->stamp);
	facts_clear(&entry->facts);
	free(entry);
}

void
memory_forget(struct memory *memory, struct str owner)
{
	LIST_FOREACH(link, &memory->used)
	{
		struct entry *entry = LIST_ITEM(link, struct entry, link);

		if (owner.p == NULL || str_ieqz(owner, entry->owner))
			drop(memory, entry);
	}
}

void
memory_free(struct memory *memory)
{
	if (memory == NULL)
		return;
	memory_forget(memory, (struct str){ NULL, 0 });
	hash_free(memory->table);
	free_secret(memory, sizeof(*memory));
}

/* Lengths first, so that no two credentials give the same bytes. */
static void
digest(const struct memory *memory, struct str user, struct str password,
    unsigned char out[DIGEST])
{
	uint64_t lens[2] = { user.len, password.len };
	size_t len = sizeof(lens) + user.len + password.len;
	unsigned char *bytes = xmalloc(len);
	unsigned out_len = DIGEST;

	memcpy(bytes, lens, sizeof(lens));
	memcpy(bytes + sizeof(lens), user.p, user.len);
	if (password.len > 0)
		memcpy(bytes + sizeof(lens) + user.len, password.p,
		    password.len);
	if (HMAC(EVP_sha256(), memory->key, DIGEST, bytes, len, out,
		&out_len) == NULL)
		panic("HMAC");
	free_secret(bytes, len);
}

bool
memory_find(struct memory *memory, struct str user, struct str password,
    int64_t now, struct memory_hit *hit)
{
	unsigned char key[DIGEST];
	struct entry *entry;

	digest(memory, user, password, key);
	entry = hash_get(memory->table, str_make(key, DIGEST));
	if (entry == NULL)
		return false;
	if (entry->until <= now) {
		drop(memory, entry);
		return false;
	}
	hit->owner = str_of(entry->owner);
	hit->stamp = str_of(entry->stamp);
	hit->is_fresh = entry->fresh > now;
	hit->facts = &entry->facts;
	return true;
}

void
memory_add(struct memory *memory, struct str user, struct str password,
    const struct memory_hit *hit, int64_t fresh, int64_t until)
{
	unsigned char key[DIGEST];
	struct entry *entry, *old;

	if (memory->max == 0)
		return;
	entry = xcalloc(1, sizeof(*entry));
	entry->owner = xstrndup(hit->owner.p, hit->owner.len);
	entry->stamp = xstrndup(hit->stamp.p, hit->stamp.len);
	facts_copy(&entry->facts, hit->facts);
	entry->fresh = fresh;
	entry->until = until;
	digest(memory, user, password, key);
	memcpy(entry->digest, key, DIGEST);
	old = hash_get(memory->table, str_make(key, DIGEST));
	if (old != NULL)
		drop(memory, old);
	if (hash_len(memory->table) >= memory->max)
		drop(memory, LIST_ITEM(memory->used.next, struct entry, link));
	(void)hash_put(memory->table, str_make(key, DIGEST), entry);
	list_push(&memory->used, &entry->link);
}
