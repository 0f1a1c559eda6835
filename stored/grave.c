#include "stored/grave.h"

static int
decode(struct str key, struct str value, struct grave *grave, bool *is_one,
    struct err *err)
{
	struct store_mod mod;

	if (store_mod_decode(&mod, value, err) < 0)
		return -1;
	*is_one = mod.kind == STORE_MOD_EXPUNGED;
	*grave = (struct grave){ .uid = store_mod_uid(key),
		.modseq = store_mod_modseq(key),
		.when = mod.when,
		.blob = mod.blob,
		.message = mod.message };
	(void)kv_key_take_u32(&key, &grave->mailbox);
	return 0;
}

/* The two keys live as long as the range does. */
static int
open_range(struct change *change, uint32_t mailbox, struct kv_key *from,
    struct kv_key *to, struct kv_range *range, struct err *err)
{
	if (mailbox == 0)
		return kv_range_open(range, change->txn, STORE_TAB_MOD,
		    kv_key_get(from), STR(""), err);
	if (kv_key_get(from).len == 0)
		store_key_mod(from, mailbox, 0, 0);
	store_key_mod(to, mailbox, UINT64_MAX, UINT32_MAX);
	return kv_range_open(range, change->txn, STORE_TAB_MOD,
	    kv_key_get(from), kv_key_get(to), err);
}

int
grave_collect(struct change *change, uint32_t mailbox, struct kv_key *next,
    grave_fn *want, void *ctx, struct grave *out, size_t max, size_t *count,
    bool *more, struct err *err)
{
	struct kv_key from = *next, to;
	unsigned left = STORE_SLICE;
	struct kv_range range;
	struct str key, value;
	bool is_one;
	int ret;

	*count = 0;
	*more = false;
	if (open_range(change, mailbox, &from, &to, &range, err) < 0)
		return -1;
	while ((ret = kv_range_next(&range, &key, &value, err)) > 0) {
		if (left-- == 0 || *count == max) {
			kv_key_init(next);
			kv_key_str(next, key);
			*more = true;
			break;
		}
		ret = decode(key, value, &out[*count], &is_one, err);
		if (ret < 0)
			break;
		if (!is_one || !want(ctx, &out[*count]))
			continue;
		out[*count].message =
		    arena_str(change->arena, out[*count].message);
		++*count;
	}
	kv_range_close(&range);
	return ret < 0 ? -1 : 0;
}

static int
let_go(struct change *change, const struct grave *grave, struct err *err)
{
	struct kv_key key;

	if (grave->message.len == 0)
		return 0;
	store_key_place(&key, grave->blob, grave->mailbox, grave->uid);
	if (change_del(change, STORE_TAB_PLACE, &key, err) < 0)
		return -1;
	return change_blob_ref(change, grave->blob, -1, err);
}

int
grave_release(struct change *change, const struct grave *grave, struct err *err)
{
	struct store_mod mod = { STORE_MOD_EXPUNGED, grave->when, grave->blob,
		STR("") };
	struct kv_key key;

	if (let_go(change, grave, err) < 0)
		return -1;
	store_key_mod(&key, grave->mailbox, grave->modseq, grave->uid);
	store_mod_encode(&change->row, &mod);
	return change_put(change, STORE_TAB_MOD, &key, buf_str(&change->row),
	    err);
}

int
grave_remove(struct change *change, const struct grave *grave, struct err *err)
{
	struct kv_key key;

	if (let_go(change, grave, err) < 0)
		return -1;
	store_key_mod(&key, grave->mailbox, grave->modseq, grave->uid);
	return change_del(change, STORE_TAB_MOD, &key, err);
}

static bool
any(void *ctx, const struct grave *grave)
{
	(void)ctx;
	(void)grave;
	return true;
}

int
grave_dig(struct change *change, uint32_t mailbox, bool *more, struct err *err)
{
	struct grave *grave =
	    arena_alloc(change->arena, STORE_SLICE * sizeof(*grave));
	struct kv_key next;
	size_t count;

	kv_key_init(&next);
	if (grave_collect(change, mailbox, &next, any, NULL, grave, STORE_SLICE,
		&count, more, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (grave_remove(change, &grave[i], err) < 0)
			return -1;
	return 0;
}
