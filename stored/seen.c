#include "stored/seen.h"

#include "store/access.h"
#include "store/journal.h"

static struct open_seen *
find(const struct change *change, uint32_t mailbox, uint32_t user)
{
	struct open_seen *seen = change->seen_list;

	while (seen != NULL && (seen->mailbox != mailbox || seen->user != user))
		seen = seen->next;
	return seen;
}

int
seen_open(struct change *change, const struct request *request,
    const struct open_mbox *mbox, struct open_seen **out, struct err *err)
{
	uint32_t user = request->who.user;
	struct open_seen *seen;
	struct str runs;

	*out = NULL;
	if (user == 0 || user == mbox->row.owner)
		return 0;
	*out = find(change, mbox->id, user);
	if (*out != NULL)
		return 0;
	if (store_access_seen(change->txn, mbox->id, user, &runs, err) < 0)
		return -1;
	seen = arena_calloc(change->arena, 1, sizeof(*seen));
	seen->mailbox = mbox->id;
	seen->user = user;
	if (store_uids_decode(&seen->uids, runs, err) < 0)
		return err_set(err, ERR_CORRUPT, "row of seen is damaged");
	seen->next = change->seen_list;
	change->seen_list = *out = seen;
	return 0;
}

uint16_t
seen_flags(const struct open_seen *seen, uint32_t uid, uint16_t flags)
{
	if (seen == NULL)
		return flags;
	flags &= (uint16_t)~STORE_FLAG_SEEN;
	if (store_uids_has(&seen->uids, uid))
		flags |= STORE_FLAG_SEEN;
	return flags;
}

uint16_t
seen_take(struct open_seen *seen, uint32_t uid, uint16_t flags, uint16_t row)
{
	if (seen == NULL)
		return flags;
	if (flags & STORE_FLAG_SEEN)
		seen->is_dirty |= store_uids_add(&seen->uids, uid);
	else
		seen->is_dirty |= store_uids_remove(&seen->uids, uid);
	flags &= (uint16_t)~STORE_FLAG_SEEN;
	return flags | (row & STORE_FLAG_SEEN);
}

void
seen_take_runs(struct open_seen *seen, const struct store_uids *uids)
{
	for (size_t i = 0; i < uids->len; i++)
		store_uids_append(&seen->uids, uids->run[i].first,
		    uids->run[i].last);
	seen->is_dirty |= uids->len > 0;
}

static int
flush_one(struct change *change, struct open_seen *seen, struct err *err)
{
	struct open_mbox *mbox;
	struct kv_key key;
	int ret = change_mbox(change, seen->mailbox, &mbox, err);

	if (ret <= 0) /* it went in this batch */
		return ret;
	store_key_seen(&key, seen->mailbox, seen->user);
	if (seen->uids.len == 0)
		return change_del(change, STORE_TAB_SEEN, &key, err);
	store_seen_encode(&change->row, &seen->uids);
	return change_put(change, STORE_TAB_SEEN, &key, buf_str(&change->row),
	    err);
}

int
seen_flush(struct change *change, struct err *err)
{
	for (struct open_seen *seen = change->seen_list; seen != NULL;
	     seen = seen->next)
		if (seen->is_dirty && flush_one(change, seen, err) < 0)
			return -1;
	return 0;
}

void
seen_clear(struct change *change)
{
	for (struct open_seen *seen = change->seen_list; seen != NULL;
	     seen = seen->next)
		store_uids_clear(&seen->uids);
	change->seen_list = NULL;
}

int
seen_drop(struct change *change, uint32_t mailbox, struct err *err)
{
	struct kv_range range;
	struct kv_key prefix;
	struct str key, row;
	int ret;

	store_key_mbox(&prefix, mailbox);
	if (kv_range_open_prefix(&range, change->txn, STORE_TAB_SEEN,
		kv_key_get(&prefix), err) < 0)
		return -1;
	while ((ret = kv_range_next(&range, &key, &row, err)) > 0) {
		store_journal_del(&change->journal, STORE_TAB_SEEN, key);
		if ((ret = kv_range_del(&range, err)) < 0)
			break;
	}
	kv_range_close(&range);
	return ret;
}
