#include "stored/bury.h"

#include "ipc/store_msg.h"
#include "stored/grave.h"
#include "stored/seen.h"
#include "stored/stage.h"

bool
bury_is_wanted(const struct change *change, const struct open_mbox *mbox)
{
	/* Modseq 0: nothing has ever been in it. */
	return change->engine->conf.expunge_keep > 0 && mbox->row.modseq != 0;
}

void
bury_begin(struct change *change, struct open_mbox *mbox, struct str name,
    enum store_type type)
{
	struct store_mbox *row = &mbox->row;

	row->gone = change->now > 0 ? change->now : 1;
	row->was.type = (uint8_t)type;
	row->was.exists = row->exists;
	row->was.bytes = row->bytes;
	row->was.modseq = row->modseq;
	row->was.name = arena_str(change->arena, name);
	mbox->is_dirty = true;
}

int
bury_next(struct kv_txn *txn, uint32_t owner, uint32_t *number,
    struct store_mbox *out, struct err *err)
{
	struct kv_range range;
	struct kv_key from;
	struct str key, value;
	int ret;

	store_key_mbox(&from, *number);
	if (kv_range_open(&range, txn, STORE_TAB_MBOX, kv_key_get(&from),
		STR(""), err) < 0)
		return -1;
	while ((ret = kv_range_next(&range, &key, &value, err)) > 0) {
		if ((ret = store_mbox_decode(out, value, err)) < 0)
			break;
		ret = 1;
		if (out->gone != 0 && (owner == 0 || out->owner == owner) &&
		    kv_key_take_u32(&key, number))
			break;
	}
	kv_range_close(&range);
	return ret;
}

/* As this batch has it so far, too. 1, 0, -1. */
static int
open_gone(struct change *change, const struct open_user *user, uint32_t number,
    struct open_mbox **out, struct err *err)
{
	int ret = change_mbox(change, number, out, err);

	if (ret > 0 &&
	    ((*out)->row.gone == 0 || (*out)->row.owner != user->row.id))
		return 0;
	return ret;
}

int
bury_find(struct change *change, const struct open_user *user, uint32_t number,
    struct str name, struct open_mbox **out, struct err *err)
{
	uint32_t at, found = 0, when = 0;
	struct store_mbox row;
	int ret;

	if (number != 0)
		return open_gone(change, user, number, out, err);
	/* Of two in one second, the younger one. */
	for (at = 1;
	     (ret = bury_next(change->txn, user->row.id, &at, &row, err)) > 0;
	     at++) {
		if (row.gone < when || !str_eq(row.was.name, name))
			continue;
		found = at;
		when = row.gone;
	}
	if (ret < 0 || found == 0)
		return ret;
	return open_gone(change, user, found, out, err);
}

/* A slice of its graves, and with the last one all that is left. */
static int
dig(struct change *change, struct open_mbox *mbox, bool *left, struct err *err)
{
	int ret = grave_dig(change, mbox->id, left, err);

	if (ret < 0 || *left)
		return ret;
	/* Rows of a COPY into it, which finds no name now, go before it. */
	ret = stage_is_into(change, mbox, err);
	*left = ret > 0;
	if (ret != 0)
		return ret < 0 ? -1 : 0;
	mbox->is_gone = true;
	return seen_drop(change, mbox->id, err) < 0 ? -1 : 0;
}

int
bury_dig(struct change *change, uint32_t owner, uint32_t before, uint32_t *next,
    bool *more, struct err *err)
{
	struct open_mbox *mbox;
	struct store_mbox row;
	int ret;

	*more = false;
	while ((ret = bury_next(change->txn, owner, next, &row, err)) > 0) {
		uint32_t number = (*next)++;
		bool left;

		ret = change_mbox(change, number, &mbox, err);
		if (ret < 0)
			return -1;
		if (ret == 0 || mbox->row.gone >= before ||
		    mbox->row.exists > 0)
			continue;
		if (dig(change, mbox, &left, err) < 0)
			return -1;
		if (left)
			*next = number;
		*more = true;
		return 0;
	}
	return ret;
}

int
bury_purge_run(struct change *change, struct request *request, struct err *err)
{
	const struct store_mailbox *in = request->in;
	uint32_t next = request->next_uid;
	struct open_user *user;
	int ret;

	if (!request->is_trusted)
		return request_refuse(request, ERR_DENIED,
		    "no right to do that");
	ret = change_user(change, in->user, &user, err);
	if (ret == 0)
		request_refuse(request, ERR_NOENT, "no such user");
	if (ret <= 0)
		return ret;
	if (bury_dig(change, user->row.id, UINT32_MAX, &next,
		&request->is_unfinished, err) < 0)
		return -1;
	request->next_uid = next;
	if (!request->is_unfinished)
		(void)request_answer(request, &store_mailbox_done_msg);
	return 0;
}
