#include "store/verify_share.h"

#include "store/acl.h"
#include "store/row.h"
#include "store/uids.h"
#include "store/verify_mbox.h"

int
store_verify_acl(struct store_verify *verify, struct kv_txn *txn,
    uint32_t mailbox, const struct store_mbox *mbox, struct err *err)
{
	struct store_acl acl;
	struct kv_key key;
	struct str row;

	if (mbox->acl.len == 0)
		return 0;
	if (store_acl_decode(&acl, mbox->acl, STR(""), err) < 0) {
		store_verify_problem(verify, "mailbox %u: %s", mailbox,
		    err->text);
		return 0;
	}
	for (size_t i = 0; i < acl.count; i++) {
		int ret;

		store_key_share(&key, acl.entry[i].identity, mbox->owner,
		    mailbox);
		ret = kv_get(txn, STORE_TAB_SHARE, kv_key_get(&key), &row, err);
		if (ret < 0)
			return -1;
		if (ret == 0)
			store_verify_problem(verify,
			    "mailbox %u: entry %zu of its rights has no share",
			    mailbox, i);
	}
	return 0;
}

/* Is the row what the mailbox's list and its name say? */
static bool
is_right(struct kv_txn *txn, struct str identity, uint32_t owner,
    uint32_t mailbox, const struct store_share *share, struct err *err)
{
	const struct store_acl_entry *entry;
	struct store_mbox mbox;
	struct store_acl acl;
	struct store_name name;

	if (store_row_mbox(txn, mailbox, &mbox, err) <= 0 ||
	    mbox.owner != owner || mbox.acl.len == 0 ||
	    store_acl_decode(&acl, mbox.acl, STR(""), err) < 0)
		return false;
	entry = store_acl_find(&acl, identity);
	return entry != NULL && entry->given == share->given &&
	    entry->denied == share->denied &&
	    store_row_name(txn, owner, share->name, &name, err) > 0 &&
	    name.mailbox == mailbox;
}

int
store_verify_share(struct store_verify *verify, struct kv_txn *txn,
    struct str key, struct str row, struct err *err)
{
	uint32_t owner = 0, mailbox = 0;
	struct store_share share;
	struct str identity;

	if (!store_share_key(key, &identity, &owner, &mailbox) ||
	    store_share_decode(&share, row, err) < 0 ||
	    !is_right(txn, identity, owner, mailbox, &share, err))
		store_verify_problem(verify,
		    "share of mailbox %u: not what its list says", mailbox);
	return 0;
}

int
store_verify_seen(struct store_verify *verify, struct kv_txn *txn,
    struct str key, struct str row, struct err *err)
{
	uint32_t mailbox = 0, user = 0;
	struct store_mbox mbox;
	struct store_uids uids;
	struct kv_key id;
	struct str name, runs;
	int ret;

	(void)kv_key_take_u32(&key, &mailbox);
	(void)kv_key_take_u32(&key, &user);
	ret = store_row_mbox(txn, mailbox, &mbox, err);
	store_key_user_id(&id, user);
	if (ret > 0)
		ret = kv_get(txn, STORE_TAB_USER, kv_key_get(&id), &name, err);
	if (ret <= 0 || user == mbox.owner ||
	    store_seen_decode(&runs, row, err) < 0 ||
	    store_uids_decode(&uids, runs, err) < 0) {
		store_verify_problem(verify,
		    "seen of user %u in mailbox %u: not a row of anybody's",
		    user, mailbox);
		return 0;
	}
	if (store_uids_last(&uids) >= mbox.uidnext)
		store_verify_problem(verify,
		    "seen of user %u in mailbox %u: UIDs to come", user,
		    mailbox);
	store_uids_clear(&uids);
	return 0;
}
