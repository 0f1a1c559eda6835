#include "stored/orphan.h"

#include "kv/cursor.h"
#include "store/row.h"
#include "stored/mailbox.h"

struct search {
	struct stored *stored;
	struct hash *named;
};

static int
collect_named(struct kv_txn *txn, struct search *search, struct err *err)
{
	struct kv_range range;
	struct store_name row;
	struct str key, value;
	int ret;

	if (kv_range_open(&range, txn, STORE_TAB_NAME, STR(""), STR(""), err) <
	    0)
		return -1;
	while ((ret = kv_range_next(&range, &key, &value, err)) > 0) {
		if ((ret = store_name_decode(&row, value, err)) < 0)
			break;
		(void)hash_put(search->named,
		    str_make(&row.mailbox, sizeof(row.mailbox)), search);
	}
	kv_range_close(&range);
	return ret;
}

static int
empty(struct stored *stored, uint32_t mailbox, struct err *err)
{
	struct store_recent in = { mailbox };
	struct request *request =
	    request_new(mailbox_empty_run, &store_recent_msg, &in, 4096, err);

	if (request == NULL)
		return -1;
	serve_add(stored, request, LANE_BULK);
	return 0;
}

static int
find(struct kv_txn *txn, void *arg, struct err *err)
{
	struct search *search = arg;
	struct kv_range range;
	struct store_mbox mbox;
	struct str key, value;
	uint32_t mailbox;
	int ret;

	if (collect_named(txn, search, err) < 0 ||
	    kv_range_open(&range, txn, STORE_TAB_MBOX, STR(""), STR(""), err) <
		0)
		return -1;
	while ((ret = kv_range_next(&range, &key, &value, err)) > 0) {
		if (!kv_key_take_u32(&key, &mailbox) ||
		    hash_get(search->named,
			str_make(&mailbox, sizeof(mailbox))) != NULL)
			continue;
		if ((ret = store_mbox_decode(&mbox, value, err)) < 0)
			break;
		/* Deleted, and all its messages in their graves. */
		if (mbox.gone != 0 && mbox.exists == 0)
			continue;
		if ((ret = empty(search->stored, mailbox, err)) < 0)
			break;
	}
	kv_range_close(&range);
	return ret;
}

int
orphan_start(struct stored *stored, struct err *err)
{
	struct search search = { stored, hash_new() };
	int ret = kv_view(stored->engine->kv, find, &search, err);

	hash_free(search.named);
	return ret;
}
