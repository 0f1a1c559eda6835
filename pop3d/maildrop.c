#include "pop3d/maildrop.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/log.h"

enum { FIRST = 64 };

void
maildrop_clear(struct maildrop *drop)
{
	free(drop->item);
	drop->item = NULL;
	drop->count = 0;
}

/* The array has room for a power of two of at least FIRST. */
static bool
is_at_capacity(size_t count)
{
	return count == 0 || (count >= FIRST && (count & (count - 1)) == 0);
}

void
maildrop_add(struct maildrop *drop, uint32_t uid, uint32_t size, bool seen)
{
	if (is_at_capacity(drop->count))
		drop->item = xreallocarray(drop->item,
		    drop->count == 0 ? FIRST : drop->count * 2,
		    sizeof(*drop->item));
	drop->item[drop->count++] = (struct maildrop_item){
		.uid = uid,
		.size = size,
		.seen = seen,
	};
}

struct maildrop_item *
maildrop_get(struct maildrop *drop, uint64_t n)
{
	if (n == 0 || n > drop->count || drop->item[n - 1].deleted)
		return NULL;
	return &drop->item[n - 1];
}

size_t
maildrop_stat(const struct maildrop *drop, uint64_t *octets)
{
	size_t count = 0;

	*octets = 0;
	for (size_t i = 0; i < drop->count; i++) {
		if (drop->item[i].deleted)
			continue;
		count++;
		*octets += drop->item[i].size;
	}
	return count;
}

void
maildrop_reset(struct maildrop *drop)
{
	for (size_t i = 0; i < drop->count; i++)
		drop->item[i].deleted = false;
}

static void
collect(const struct maildrop *drop, struct store_uids *gone,
    struct store_uids *seen)
{
	for (size_t i = 0; i < drop->count; i++) {
		const struct maildrop_item *item = &drop->item[i];

		if (item->deleted || (item->old && (item->read || item->seen)))
			store_uids_append(gone, item->uid, item->uid);
		else if (item->read && !item->seen)
			store_uids_append(seen, item->uid, item->uid);
	}
}

int
maildrop_update(struct maildrop *drop, bool mark_seen, struct err *err)
{
	struct store_uids gone = { 0 }, seen = { 0 };
	struct err seen_err;
	int ret = 0;

	collect(drop, &gone, &seen);
	if (gone.len > 0)
		ret = drop->ops->remove(drop->ctx, &gone, err);
	/* Nothing that was asked for is missing when this is. */
	if (ret == 0 && mark_seen && seen.len > 0 &&
	    drop->ops->mark_seen(drop->ctx, &seen, &seen_err) < 0)
		log_warn("mark messages as seen: %s", seen_err.text);
	store_uids_clear(&gone);
	store_uids_clear(&seen);
	return ret;
}
