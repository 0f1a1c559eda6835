#include "stored/prune.h"

#include "base/log.h"
#include "ipc/store_msg.h"

/* Where the next slice goes on. */
struct progress {
	struct kv_key next;
};

/* One old tombstone, found in a slice. */
struct grave {
	uint32_t mailbox, uid;
	uint64_t modseq;
};

static bool
is_old(const struct change *change, const struct store_mod *mod)
{
	uint32_t keep = change->engine->conf.expunge_keep;

	return mod->kind == STORE_MOD_EXPUNGED && change->now > keep &&
	    mod->when < change->now - keep;
}

/* Look at a slice of table mod. more: there is another. */
static int
collect(struct change *change, struct progress *progress, struct grave *grave,
    size_t *count, bool *more, struct err *err)
{
	struct kv_key from = progress->next;
	unsigned left = STORE_SLICE;
	struct kv_range range;
	struct store_mod mod;
	struct str key, row;
	int ret;

	*count = 0;
	*more = false;
	if (kv_range_open(&range, change->txn, STORE_TAB_MOD, kv_key_get(&from),
		STR(""), err) < 0)
		return -1;
	while ((ret = kv_range_next(&range, &key, &row, err)) > 0) {
		if (left-- == 0) {
			kv_key_init(&progress->next);
			kv_key_str(&progress->next, key);
			*more = true;
			break;
		}
		if ((ret = store_mod_decode(&mod, row, err)) < 0)
			break;
		if (!is_old(change, &mod))
			continue;
		grave[*count] = (struct grave){ .uid = store_mod_uid(key),
			.modseq = store_mod_modseq(key) };
		(void)kv_key_take_u32(&key, &grave[(*count)++].mailbox);
	}
	kv_range_close(&range);
	return ret < 0 ? -1 : 0;
}

static int
dig(struct change *change, const struct grave *grave, struct err *err)
{
	struct open_mbox *mbox;
	struct kv_key key;
	int ret = change_mbox(change, grave->mailbox, &mbox, err);

	if (ret > 0 && mbox->row.expunged < grave->modseq) {
		mbox->row.expunged = grave->modseq;
		mbox->is_dirty = true;
	}
	if (ret < 0)
		return -1;
	store_key_mod(&key, grave->mailbox, grave->modseq, grave->uid);
	return change_del(change, STORE_TAB_MOD, &key, err);
}

static int
run(struct change *change, struct request *request, struct err *err)
{
	struct progress before = *(struct progress *)request->progress;
	struct grave *grave =
	    arena_alloc(change->arena, STORE_SLICE * sizeof(*grave));
	size_t count;

	if (collect(change, request->progress, grave, &count,
		&request->is_unfinished, err) < 0)
		goto fail;
	for (size_t i = 0; i < count; i++)
		if (dig(change, &grave[i], err) < 0)
			goto fail;
	(void)request_answer(request, &store_done_msg);
	return 0;

fail:
	*(struct progress *)request->progress = before;
	return -1;
}

struct request *
prune_new(void)
{
	struct store_done in = { 0 };
	struct err err;
	struct request *request =
	    request_new(run, &store_done_msg, &in, 1 << 20, &err);

	if (request == NULL)
		panic("%s", err.text);
	request->progress =
	    arena_calloc(request->arena, 1, sizeof(struct progress));
	return request;
}
