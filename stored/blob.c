/*
 * blob - messages on their way to the packs: the part of change.h that
 * counts who refers to them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "store/pack.h"
#include "stored/change.h"

/* One of this batch's own, or NULL. */
static struct new_blob *
find_new(struct change *change, uint64_t blob)
{
	if (blob < change->first_blob ||
	    blob - change->first_blob >= change->new_blobs)
		return NULL;
	return &change->new_blob[blob - change->first_blob];
}

int
change_blob_new(struct change *change, struct str body, struct str digest,
    const char *name, uint64_t *blob, struct err *err)
{
	struct new_blob *made;
	struct kv_key key;

	if (change->new_blobs == change->new_blob_cap) {
		change->new_blob_cap = change->new_blob_cap * 2 + 64;
		change->new_blob = xreallocarray(change->new_blob,
		    change->new_blob_cap, sizeof(*change->new_blob));
	}
	made = &change->new_blob[change->new_blobs++];
	*made = (struct new_blob){ .body = body };
	*blob = ++change->state.blob;
	made->row.length = (uint32_t)body.len;
	store_guid_make(made->row.guid, body);
	if (name != NULL) {
		made->is_own_file = true;
		if (engine_name_large(change->engine, name, *blob, err) < 0)
			return -1;
	}
	if (digest.len == 0)
		return 0;
	if (digest.len > STORE_COLD_MAX) {
		made->digest = digest;
		made->cold.length = (uint32_t)digest.len;
		store_guid_make(made->cold.guid, digest);
		return 0;
	}
	store_key_blob(&key, *blob);
	store_cold_encode(&change->row, digest, NULL);
	return change_put(change, STORE_TAB_COLD, &key, buf_str(&change->row),
	    err);
}

/* Nobody refers to it any more: rows and file go, bytes in packs stay. */
static int
drop(struct change *change, uint64_t blob, bool is_own_file, struct err *err)
{
	struct kv_key key;

	if (is_own_file) {
		struct large *large = xcalloc(1, sizeof(*large));

		store_large_name(large->name, blob);
		list_push(&change->engine->unlink, &large->link);
	}
	store_key_blob(&key, blob);
	if (change_del(change, STORE_TAB_COLD, &key, err) < 0)
		return -1;
	return change_del(change, STORE_TAB_BLOB, &key, err);
}

int
change_blob_row(struct change *change, uint64_t blob, struct store_blob *out,
    struct err *err)
{
	struct new_blob *made = find_new(change, blob);

	if (made == NULL)
		return store_row_blob(change->txn, blob, out, err);
	*out = made->row;
	return made->row.references > 0;
}

int
change_blob_ref(struct change *change, uint64_t blob, int by, struct err *err)
{
	struct new_blob *made = find_new(change, blob);
	struct store_blob row;
	struct kv_key key;
	int ret;

	if (made != NULL) {
		made->row.references += (uint32_t)by;
		if (made->row.references > 0)
			return 0;
		return drop(change, blob, made->is_own_file, err);
	}
	ret = store_row_blob(change->txn, blob, &row, err);
	if (ret == 0)
		return err_set(err, ERR_CORRUPT, "blob %llu is not there",
		    (unsigned long long)blob);
	if (ret < 0)
		return -1;
	row.references += (uint32_t)by;
	if (row.references == 0)
		return drop(change, blob, row.pack == 0, err);
	store_key_blob(&key, blob);
	store_blob_encode(&change->row, &row);
	return change_put(change, STORE_TAB_BLOB, &key, buf_str(&change->row),
	    err);
}

void
change_move(struct change *change, const struct store_record *record,
    uint32_t pack, uint64_t offset, struct str bytes)
{
	if (change->moves == change->moved_cap) {
		change->moved_cap = change->moved_cap * 2 + 64;
		change->moved = xreallocarray(change->moved, change->moved_cap,
		    sizeof(*change->moved));
	}
	change->moved[change->moves++] = (struct moved_record){
		.record = *record,
		.pack = pack,
		.offset = offset,
		.bytes = bytes,
	};
}
