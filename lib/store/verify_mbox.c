#include "store/verify_mbox.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "kv/cursor.h"
#include "store/row.h"

/* A mailbox as its messages say it is. */
struct tally {
	struct store_verify *verify;
	struct kv_txn *txn;
	uint32_t mailbox;
	const struct store_mbox *mbox;
	struct store_task copy; /* into this mailbox; mailbox 0: none */
	uint32_t exists, unseen, deleted, changed;
	uint64_t bytes;
};

/* What a COPY under way has put down, which is there for nobody yet. */
static bool
is_staged(const struct tally *t, uint32_t uid, uint64_t modseq)
{
	return t->copy.mailbox == t->mailbox && modseq == t->copy.modseq &&
	    uid >= t->copy.first && uid < t->copy.end;
}

static int
find_copy(struct tally *t, struct err *err)
{
	int ret = store_row_task(t->txn, t->mbox->owner, STORE_TASK_COPY,
	    &t->copy, err);

	if (ret <= 0)
		t->copy = (struct store_task){ 0 };
	if (ret > 0 && t->copy.mailbox == t->mailbox &&
	    (t->copy.first < t->mbox->uidnext || t->copy.end < t->copy.first ||
		t->copy.modseq <= t->mbox->modseq))
		store_verify_problem(t->verify,
		    "mailbox %u: a copy under way is not out of sight",
		    t->mailbox);
	return ret < 0 ? -1 : 0;
}

static int
check_refs(struct tally *t, uint32_t uid, const struct store_hot *hot,
    struct err *err)
{
	struct store_blob blob;
	struct store_mod mod;
	struct kv_key key;
	struct str row;
	int ret;

	store_key_mod(&key, t->mailbox, hot->modseq, uid);
	ret = kv_get(t->txn, STORE_TAB_MOD, kv_key_get(&key), &row, err);
	if (ret < 0)
		return -1;
	if (ret == 0 || store_mod_decode(&mod, row, err) < 0 ||
	    mod.kind != STORE_MOD_CHANGED || mod.blob != hot->blob)
		store_verify_problem(t->verify,
		    "mailbox %u uid %u: no mod of modseq %" PRIu64, t->mailbox,
		    uid, hot->modseq);
	store_key_place(&key, hot->blob, t->mailbox, uid);
	ret = kv_get(t->txn, STORE_TAB_PLACE, kv_key_get(&key), &row, err);
	if (ret == 0)
		store_verify_problem(t->verify, "mailbox %u uid %u: no place",
		    t->mailbox, uid);
	if (ret < 0)
		return -1;
	ret = store_row_blob(t->txn, hot->blob, &blob, err);
	if (ret == 0)
		store_verify_problem(t->verify, "mailbox %u uid %u: no blob",
		    t->mailbox, uid);
	else if (ret > 0 && hot->size != blob.length + hot->prefix.len)
		store_verify_problem(t->verify,
		    "mailbox %u uid %u: size %u, bytes %zu", t->mailbox, uid,
		    hot->size, blob.length + hot->prefix.len);
	return ret < 0 ? -1 : 0;
}

static int
check_hot(struct tally *t, uint32_t uid, struct str value, struct err *err)
{
	const struct store_mbox *mbox = t->mbox;
	struct store_hot hot;
	uint64_t known = 0;

	store_verify_count(t->verify, 1);
	if (store_hot_decode(&hot, value, err) < 0) {
		store_verify_problem(t->verify, "mailbox %u uid %u: %s",
		    t->mailbox, uid, err->text);
		return 0;
	}
	if (mbox->keywords.count > 0)
		known = UINT64_MAX >> (64 - mbox->keywords.count);
	if (hot.flags & ~STORE_FLAGS_ALL || hot.keywords & ~known ||
	    (!is_staged(t, uid, hot.modseq) &&
		(uid == 0 || uid >= mbox->uidnext ||
		    hot.modseq > mbox->modseq)))
		store_verify_problem(t->verify,
		    "mailbox %u uid %u: uid, modseq or flags are out of bounds",
		    t->mailbox, uid);
	if (is_staged(t, uid, hot.modseq))
		return check_refs(t, uid, &hot, err);
	t->exists++;
	t->unseen += !(hot.flags & STORE_FLAG_SEEN);
	t->deleted += (hot.flags & STORE_FLAG_DELETED) != 0;
	t->bytes += hot.size;
	return check_refs(t, uid, &hot, err);
}

static int
check_mod(struct tally *t, struct str key, struct str value, struct err *err)
{
	bool staged = is_staged(t, store_mod_uid(key), store_mod_modseq(key));
	uint32_t uid = store_mod_uid(key);
	struct store_hot hot;
	struct store_mod mod;
	struct kv_key place;
	struct str row;
	int ret;

	store_verify_count(t->verify, 1);
	ret = store_row_hot(t->txn, t->mailbox, uid, &hot, err);
	if (ret < 0)
		return -1;
	if (store_mod_decode(&mod, value, err) < 0 ||
	    (store_mod_modseq(key) > t->mbox->modseq && !staged) ||
	    (mod.kind == STORE_MOD_CHANGED) != (ret > 0))
		store_verify_problem(t->verify,
		    "mailbox %u uid %u: mod does not fit the message",
		    t->mailbox, uid);
	t->changed += mod.kind == STORE_MOD_CHANGED && !staged;
	if (mod.message.len == 0)
		return 0;
	store_key_place(&place, mod.blob, t->mailbox, uid);
	ret = kv_get(t->txn, STORE_TAB_PLACE, kv_key_get(&place), &row, err);
	if (ret == 0 || (ret > 0 && row.len == 0))
		store_verify_problem(t->verify,
		    "mailbox %u uid %u: no place of the kept message",
		    t->mailbox, uid);
	return ret < 0 ? -1 : 0;
}

static int
walk(struct tally *t, enum store_table table, struct err *err)
{
	struct kv_range range;
	struct kv_key prefix;
	struct str key, row;
	int ret;

	store_key_mbox(&prefix, t->mailbox);
	if (kv_range_open_prefix(&range, t->txn, table, kv_key_get(&prefix),
		err) < 0)
		return -1;
	while ((ret = kv_range_next(&range, &key, &row, err)) > 0) {
		if (table == STORE_TAB_HOT)
			ret = check_hot(t, store_hot_uid(key), row, err);
		else
			ret = check_mod(t, key, row, err);
		if (ret < 0)
			break;
	}
	kv_range_close(&range);
	return ret;
}

int
store_verify_mbox(struct store_verify *verify, struct kv_txn *txn,
    uint32_t mailbox, const struct store_mbox *mbox, struct err *err)
{
	struct tally t = { .verify = verify,
		.txn = txn,
		.mailbox = mailbox,
		.mbox = mbox };

	if (find_copy(&t, err) < 0 || walk(&t, STORE_TAB_HOT, err) < 0 ||
	    walk(&t, STORE_TAB_MOD, err) < 0)
		return -1;
	if (t.exists != mbox->exists || t.unseen != mbox->unseen ||
	    t.deleted != mbox->deleted || t.bytes != mbox->bytes)
		store_verify_problem(verify,
		    "mailbox %u: counts %u/%u/%u and %" PRIu64
		    " bytes, has %u/%u/%u and %" PRIu64,
		    mailbox, mbox->exists, mbox->unseen, mbox->deleted,
		    mbox->bytes, t.exists, t.unseen, t.deleted, t.bytes);
	if (t.changed != t.exists)
		store_verify_problem(verify,
		    "mailbox %u: %u messages, %u rows of mod", mailbox,
		    t.exists, t.changed);
	if (mbox->recent > mbox->uidnext || mbox->uidvalidity == 0)
		store_verify_problem(verify, "mailbox %u: recent, uidvalidity",
		    mailbox);
	return 0;
}

struct use {
	uint64_t bytes, messages, modseq;
};

static int
sum_mboxes(struct kv_txn *txn, struct hash *users, struct err *err)
{
	struct kv_range range;
	struct store_mbox mbox;
	struct str key, row;
	int ret;

	if (kv_range_open(&range, txn, STORE_TAB_MBOX, STR(""), STR(""), err) <
	    0)
		return -1;
	while ((ret = kv_range_next(&range, &key, &row, err)) > 0) {
		struct str id;
		struct use *use;

		if (store_mbox_decode(&mbox, row, err) < 0)
			continue; /* said already */
		id = str_make(&mbox.owner, sizeof(mbox.owner));
		use = hash_get(users, id);
		if (use == NULL) {
			use = xcalloc(1, sizeof(*use));
			(void)hash_put(users, id, use);
		}
		use->bytes += mbox.bytes;
		use->messages += mbox.exists;
		if (mbox.modseq > use->modseq)
			use->modseq = mbox.modseq;
	}
	kv_range_close(&range);
	return ret;
}

static int
compare_users(struct store_verify *verify, struct kv_txn *txn,
    struct hash *users, struct err *err)
{
	static const struct use none = { 0, 0, 0 };
	struct kv_range range;
	struct store_user user;
	struct str key, row;
	int ret;

	if (kv_range_open(&range, txn, STORE_TAB_USER, STR("\1"), STR(""),
		err) < 0)
		return -1;
	while ((ret = kv_range_next(&range, &key, &row, err)) > 0) {
		const struct use *use;

		if (store_user_decode(&user, row, err) < 0)
			continue;
		use = hash_get(users, str_make(&user.id, sizeof(user.id)));
		if (use == NULL)
			use = &none;
		if (use->bytes != user.bytes ||
		    use->messages != user.messages || use->modseq > user.modseq)
			store_verify_problem(verify,
			    "user %u: uses %" PRIu64 " bytes, mailboxes have "
			    "%" PRIu64,
			    user.id, user.bytes, use->bytes);
	}
	kv_range_close(&range);
	return ret;
}

int
store_verify_use(struct store_verify *verify, struct kv_txn *txn,
    struct err *err)
{
	struct hash *users = hash_new();
	struct str id;
	void *use;
	int ret = sum_mboxes(txn, users, err);

	if (ret == 0)
		ret = compare_users(verify, txn, users, err);
	for (size_t it = 0; hash_next(users, &it, &id, &use);)
		free(use);
	hash_free(users);
	return ret;
}
