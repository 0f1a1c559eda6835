#include "store/changes.h"

#include "kv/cursor.h"
#include "store/row.h"

struct changes {
	uint32_t mailbox;
	uint64_t since;
	uint32_t after;
	struct store_change *out;
	size_t max, count;
};

static int
add(struct kv_txn *txn, struct changes *c, struct str key, struct str value,
    struct err *err)
{
	struct store_change *change = &c->out[c->count];
	struct store_hot hot;
	struct store_mod mod;
	int ret;

	if (store_mod_decode(&mod, value, err) < 0)
		return -1;
	*change = (struct store_change){
		.uid = store_mod_uid(key),
		.expunged = mod.kind == STORE_MOD_EXPUNGED,
		.modseq = store_mod_modseq(key),
	};
	if (!change->expunged) {
		ret = store_row_hot(txn, c->mailbox, change->uid, &hot, err);
		if (ret == 0)
			return err_set(err, ERR_CORRUPT,
			    "mod names uid %u that is not there", change->uid);
		if (ret < 0)
			return -1;
		store_message_fill(&change->message, change->uid, &hot);
	}
	c->since = change->modseq;
	c->after = change->uid;
	c->count++;
	return 0;
}

/* Where to go on: behind (since, after), or behind all of since. */
static void
first_key(struct kv_key *key, const struct changes *c)
{
	if (c->after == 0)
		store_key_mod(key, c->mailbox, c->since + 1, 0);
	else if (c->after == UINT32_MAX)
		store_key_mod(key, c->mailbox, c->since + 1, 0);
	else
		store_key_mod(key, c->mailbox, c->since, c->after + 1);
}

static int
walk(struct kv_txn *txn, void *arg, struct err *err)
{
	struct changes *c = arg, start = *c;
	struct store_mbox mbox;
	struct kv_key from, to;
	struct kv_range range;
	struct str key, value;
	int ret = store_row_mbox(txn, c->mailbox, &mbox, err);

	if (ret < 0)
		return -1;
	if (ret == 0 || c->since < mbox.expunged)
		return err_set(err, ERR_NOENT, "changes are not known");
	c->count = 0;
	first_key(&from, &start);
	store_key_mod(&to, c->mailbox, UINT64_MAX, UINT32_MAX);
	if (kv_range_open(&range, txn, STORE_TAB_MOD, kv_key_get(&from),
		kv_key_get(&to), err) < 0)
		return -1;
	while (c->count < c->max &&
	    (ret = kv_range_next(&range, &key, &value, err)) > 0)
		if ((ret = add(txn, c, key, value, err)) < 0)
			break;
	kv_range_close(&range);
	if (ret < 0) {
		*c = start;
		return -1;
	}
	if (c->count < c->max) {
		c->since = mbox.modseq;
		c->after = 0;
	}
	return 0;
}

int
store_changes(struct store_reader *reader, uint32_t mailbox, uint64_t *since,
    uint32_t *after, struct store_change *out, size_t max, size_t *count,
    struct err *err)
{
	struct changes c = { mailbox, *since, *after, out, max, 0 };

	*count = 0;
	if (store_reader_view(reader, walk, &c, err) < 0)
		return -1;
	*since = c.since;
	*after = c.after;
	*count = c.count;
	return 0;
}
