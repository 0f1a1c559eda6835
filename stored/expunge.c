#include "stored/expunge.h"

#include "base/num.h"
#include "ipc/store_msg.h"
#include "store/rights.h"
#include "stored/rows.h"
#include "stored/target.h"

/* The tombstone of a message that can be had back: its blob stays. */
static int
keep(struct change *change, const struct open_mbox *mbox,
    const struct expunge_row *row, uint64_t modseq, struct err *err)
{
	struct store_mod mod = { STORE_MOD_EXPUNGED, change->now, row->blob,
		STR("") };
	unsigned char number[8];
	struct kv_key key;
	int ret;

	store_key_hot(&key, mbox->id, row->uid);
	ret = kv_get(change->txn, STORE_TAB_HOT, kv_key_get(&key), &mod.message,
	    err);
	if (ret <= 0)
		return err_set(err, ERR_CORRUPT, "message is not there");
	store_mod_encode(&change->row, &mod);
	store_key_mod(&key, mbox->id, modseq, row->uid);
	if (change_put(change, STORE_TAB_MOD, &key, buf_str(&change->row),
		err) < 0)
		return -1;
	num_put_u64(number, modseq);
	store_key_place(&key, row->blob, mbox->id, row->uid);
	return change_put(change, STORE_TAB_PLACE, &key, str_make(number, 8),
	    err);
}

/* Nothing of it stays but, perhaps, its number. */
static int
drop(struct change *change, const struct open_mbox *mbox,
    const struct expunge_row *row, uint64_t modseq, enum expunge_trace trace,
    struct err *err)
{
	struct kv_key key;

	store_key_place(&key, row->blob, mbox->id, row->uid);
	if (change_del(change, STORE_TAB_PLACE, &key, err) < 0)
		return -1;
	if (trace != EXPUNGE_WHOLLY &&
	    change_put_mod(change, mbox->id, modseq, row->uid,
		STORE_MOD_EXPUNGED, row->blob, err) < 0)
		return -1;
	return change_blob_ref(change, row->blob, -1, err);
}

int
expunge_rows(struct change *change, const struct open_mbox *mbox,
    const struct expunge_row *row, uint64_t modseq, enum expunge_trace trace,
    struct err *err)
{
	struct kv_key key;
	int ret;

	if (trace == EXPUNGE_KEEP && change->engine->conf.expunge_keep > 0)
		ret = keep(change, mbox, row, modseq, err);
	else
		ret = drop(change, mbox, row, modseq, trace, err);
	if (ret < 0)
		return -1;
	store_key_hot(&key, mbox->id, row->uid);
	if (change_del(change, STORE_TAB_HOT, &key, err) < 0)
		return -1;
	store_key_mod(&key, mbox->id, row->modseq, row->uid);
	return change_del(change, STORE_TAB_MOD, &key, err);
}

int
expunge_row(struct change *change, struct open_mbox *mbox,
    const struct expunge_row *row, uint64_t modseq, enum expunge_trace trace,
    struct err *err)
{
	if (expunge_rows(change, mbox, row, modseq, trace, err) < 0)
		return -1;
	mbox->row.unseen -= !(row->flags & STORE_FLAG_SEEN);
	mbox->row.deleted -= (row->flags & STORE_FLAG_DELETED) != 0;
	return change_use(change, mbox, -(int64_t)row->size, -1, err);
}

int
expunge_collect(struct change *change, const struct open_mbox *mbox,
    const struct store_uids *uids, bool deleted_only, uint32_t *next,
    struct expunge_row **out, size_t *count, struct err *err)
{
	size_t room =
	    mbox->row.exists < STORE_SLICE ? mbox->row.exists : STORE_SLICE;
	struct store_hot row;
	struct rows rows;
	uint32_t uid;
	int ret;

	if (room == 0)
		room = 1; /* its row is damaged if there are any */
	*out = arena_alloc(change->arena, room * sizeof(**out));
	*count = 0;
	rows_begin(&rows, change, mbox, uids, *next);
	*next = 0;
	while ((ret = rows_next(&rows, &uid, &row, err)) > 0) {
		if (deleted_only && !(row.flags & STORE_FLAG_DELETED))
			continue;
		if (*count == room) {
			*next = uid;
			break;
		}
		(*out)[(*count)++] = (struct expunge_row){ row.blob, row.modseq,
			uid, row.size, row.flags };
	}
	rows_end(&rows);
	return ret < 0 ? -1 : 0;
}

struct progress {
	struct store_uids uids; /* first: see request_progress */
	uint64_t modseq;
	uint32_t count;
};

static int
slice(struct change *change, struct request *request, struct open_mbox *mbox,
    struct progress *progress, struct err *err)
{
	const struct store_expunge *in = request->in;
	const struct store_uids *uids =
	    in->uids.len == 0 ? NULL : &progress->uids;
	struct expunge_row *row;
	uint64_t modseq = 0;
	size_t count;

	if (expunge_collect(change, mbox, uids, in->deleted_only,
		&request->next_uid, &row, &count, err) < 0)
		return -1;
	if (count > 0 && change_modseq(change, mbox, &modseq, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (expunge_row(change, mbox, &row[i], modseq, EXPUNGE_KEEP,
			err) < 0)
			return -1;
	request->is_unfinished = request->next_uid != 0;
	progress->count += (uint32_t)count;
	if (modseq != 0)
		progress->modseq = modseq;
	return 0;
}

int
expunge_run(struct change *change, struct request *request, struct err *err)
{
	const struct store_expunge *in = request->in;
	struct store_expunged *answer;
	struct progress *progress =
	    request_progress(request, in->uids, sizeof(*progress), NULL);
	struct open_mbox *mbox;
	int ret;

	if (progress == NULL)
		return 0;
	ret = target_mbox(change, request, in->mailbox,
	    in->deleted_only ? STORE_RIGHT_EXPUNGE :
			       STORE_RIGHT_EXPUNGE | STORE_RIGHT_FLAG_DELETED,
	    &mbox, err);
	if (ret <= 0)
		return ret;
	if (slice(change, request, mbox, progress, err) < 0)
		return -1;
	answer = request_answer(request, &store_expunged_msg);
	answer->modseq = progress->modseq;
	answer->count = progress->count;
	return 0;
}
