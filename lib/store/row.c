#include "store/row.h"

#include "base/num.h"

int
store_row_user(struct kv_txn *txn, struct str name, struct store_user *out,
    struct err *err)
{
	struct kv_key key;
	struct str row;
	int ret;

	store_key_user(&key, name);
	ret = kv_get(txn, STORE_TAB_USER, kv_key_get(&key), &row, err);
	if (ret > 0 && store_user_decode(out, row, err) < 0)
		return -1;
	return ret;
}

int
store_row_name(struct kv_txn *txn, uint32_t user, struct str name,
    struct store_name *out, struct err *err)
{
	struct kv_key key;
	struct str row;
	int ret;

	store_key_name(&key, user, name);
	ret = kv_get(txn, STORE_TAB_NAME, kv_key_get(&key), &row, err);
	if (ret > 0 && store_name_decode(out, row, err) < 0)
		return -1;
	return ret;
}

int
store_row_mbox(struct kv_txn *txn, uint32_t mailbox, struct store_mbox *out,
    struct err *err)
{
	struct kv_key key;
	struct str row;
	int ret;

	store_key_mbox(&key, mailbox);
	ret = kv_get(txn, STORE_TAB_MBOX, kv_key_get(&key), &row, err);
	if (ret > 0 && store_mbox_decode(out, row, err) < 0)
		return -1;
	return ret;
}

int
store_row_hot(struct kv_txn *txn, uint32_t mailbox, uint32_t uid,
    struct store_hot *out, struct err *err)
{
	struct kv_key key;
	struct str row;
	int ret;

	store_key_hot(&key, mailbox, uid);
	ret = kv_get(txn, STORE_TAB_HOT, kv_key_get(&key), &row, err);
	if (ret > 0 && store_hot_decode(out, row, err) < 0)
		return -1;
	return ret;
}

int
store_row_blob(struct kv_txn *txn, uint64_t blob, struct store_blob *out,
    struct err *err)
{
	struct kv_key key;
	struct str row;
	int ret;

	store_key_blob(&key, blob);
	ret = kv_get(txn, STORE_TAB_BLOB, kv_key_get(&key), &row, err);
	if (ret > 0 && store_blob_decode(out, row, err) < 0)
		return -1;
	return ret;
}

int
store_row_meta(struct kv_txn *txn, struct store_meta *out, struct err *err)
{
	struct kv_key key;
	struct str row;
	int ret;

	store_key_meta(&key, STORE_META_FORMAT);
	ret = kv_get(txn, STORE_TAB_META, kv_key_get(&key), &row, err);
	if (ret > 0 && store_meta_decode(out, row, err) < 0)
		return -1;
	return ret;
}

int
store_row_state(struct kv_txn *txn, struct store_state *out, struct err *err)
{
	struct kv_key key;
	struct str row;
	int ret;

	store_key_meta(&key, STORE_META_STATE);
	ret = kv_get(txn, STORE_TAB_META, kv_key_get(&key), &row, err);
	if (ret > 0 && store_state_decode(out, row, err) < 0)
		return -1;
	return ret;
}

int
store_row_task(struct kv_txn *txn, uint32_t user, enum store_task_kind kind,
    struct store_task *out, struct err *err)
{
	struct kv_key key;
	struct str row;
	int ret;

	store_key_task(&key, user, kind);
	ret = kv_get(txn, STORE_TAB_META, kv_key_get(&key), &row, err);
	if (ret > 0 && store_task_decode(out, row, err) < 0)
		return -1;
	return ret;
}

uint32_t
store_hot_uid(struct str key)
{
	return key.len < 8 ? 0 : num_get_u32(key.p + 4);
}

uint64_t
store_mod_modseq(struct str key)
{
	return key.len < 16 ? 0 : num_get_u64(key.p + 4);
}

uint32_t
store_mod_uid(struct str key)
{
	return key.len < 16 ? 0 : num_get_u32(key.p + 12);
}
