#include "t/crash/mixed_look.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/log.h"
#include "kv/cursor.h"
#include "store/acl.h"
#include "store/row.h"
#include "stored/check.h"

/* What the store has, in the model's terms. */
struct look {
	struct engine *engine;
	struct mixed *found;
};

/* The message's number, if its bytes are those of that number. */
static int
look_at_message(struct look *look, struct kv_txn *txn, struct str key,
    struct str row, struct mixed_box *box, struct err *err)
{
	static char body[MIXED_BODY_MAX];
	struct mixed_message *message;
	uint32_t uid = store_hot_uid(key);
	struct store_blob blob;
	struct store_hot hot;
	struct str found;
	char *bytes;
	unsigned number = 0;

	if (store_hot_decode(&hot, row, err) < 0 ||
	    store_row_blob(txn, hot.blob, &blob, err) <= 0 ||
	    check_read(look->engine, hot.blob, &blob, &bytes, &found, err) < 0)
		return -1;
	(void)sscanf(found.p, "%9u\r\n", &number);
	if (number == 0 ||
	    !str_eq(found, str_make(body, mixed_body(body, number))))
		fatal("UID %u has other bytes", uid);
	free(bytes);
	if (uid > MIXED_MESSAGES)
		fatal("UID %u was never given", uid);
	if (uid > box->uids)
		box->uids = uid;
	message = &box->message[uid - 1];
	*message = (struct mixed_message){ number, hot.flags };
	return 0;
}

static int
look_at_box(struct look *look, struct kv_txn *txn, uint32_t mailbox,
    struct mixed_box *box, struct err *err)
{
	struct kv_key prefix;
	struct kv_range hots;
	struct store_mbox mbox;
	struct store_acl acl;
	struct str key, row;
	int ret;

	if (store_row_mbox(txn, mailbox, &mbox, err) <= 0)
		return -1;
	box->exists = true;
	if (mbox.acl.len > 0) {
		if (store_acl_decode(&acl, mbox.acl, STR(""), err) < 0)
			return -1;
		box->shared = store_acl_find(&acl, STR("bob@a.test")) != NULL;
	}
	store_key_mbox(&prefix, mailbox);
	if (kv_range_open_prefix(&hots, txn, STORE_TAB_HOT, kv_key_get(&prefix),
		err) < 0)
		return -1;
	while ((ret = kv_range_next(&hots, &key, &row, err)) > 0)
		if ((ret = look_at_message(look, txn, key, row, box, err)) < 0)
			break;
	kv_range_close(&hots);
	return ret < 0 ? -1 : 0;
}

static int
look_at_store(struct kv_txn *txn, void *arg, struct err *err)
{
	struct look *look = arg;

	for (unsigned i = 0; i < MIXED_BOXES; i++) {
		struct mixed_box *box = &look->found->box[i];
		struct str name = str_of(mixed_name(i)), value;
		struct store_name row;
		struct kv_key key;
		int ret = store_row_name(txn, MIXED_USER, name, &row, err);

		box->exists = box->shared = false;
		if (ret < 0 ||
		    (ret > 0 &&
			look_at_box(look, txn, row.mailbox, box, err) < 0))
			return -1;
		store_key_name(&key, MIXED_USER, name);
		ret = kv_get(txn, STORE_TAB_SUB, kv_key_get(&key), &value, err);
		if (ret < 0)
			return -1;
		box->subscribed = ret > 0;
	}
	return 0;
}

void
mixed_look(struct mixed *found, struct engine *engine)
{
	struct look look = { engine, found };
	struct err err;

	if (kv_view(engine->kv, look_at_store, &look, &err) < 0)
		fatal("look: %s", err.text);
}

static bool
is_same_message(const struct mixed_box *a, const struct mixed_box *b,
    uint32_t uid)
{
	static const struct mixed_message none = { 0, 0 };
	struct mixed_message x = uid <= a->uids ? a->message[uid - 1] : none;
	struct mixed_message y = uid <= b->uids ? b->message[uid - 1] : none;

	return x.number == y.number && (x.number == 0 || x.flags == y.flags);
}

static uint32_t
last_uid(const struct mixed_box *a, const struct mixed_box *b)
{
	return a->uids > b->uids ? a->uids : b->uids;
}

static bool
is_same_box(const struct mixed_box *a, const struct mixed_box *b)
{
	return a->exists == b->exists && a->subscribed == b->subscribed &&
	    a->shared == b->shared;
}

/* Is it all as in want? what is NULL: only ask. */
bool
mixed_is_as(const struct mixed *found, const struct mixed *want,
    const char *what)
{
	for (unsigned i = 0; i < MIXED_BOXES; i++) {
		const struct mixed_box *a = &found->box[i], *b = &want->box[i];

		if (!is_same_box(a, b)) {
			if (what != NULL)
				log_error("%s: %s is (exists %d, subscribed "
					  "%d, shared %d) not (%d, %d, %d)",
				    what, mixed_name(i), a->exists,
				    a->subscribed, a->shared, b->exists,
				    b->subscribed, b->shared);
			return false;
		}
		for (uint32_t uid = 1; a->exists && uid <= last_uid(a, b);
		     uid++) {
			if (is_same_message(a, b, uid))
				continue;
			if (what != NULL)
				log_error("%s: UID %u of %s is not as it was "
					  "promised",
				    what, uid, mixed_name(i));
			return false;
		}
	}
	return true;
}

static size_t
count_all(const struct mixed *mixed)
{
	size_t count = 0;

	for (unsigned i = 0; i < MIXED_BOXES; i++)
		for (uint32_t uid = 1;
		     mixed->box[i].exists && uid <= mixed->box[i].uids; uid++)
			count += mixed->box[i].message[uid - 1].number != 0;
	return count;
}

/* Each message is as before or as after; what moves is in one place. */
bool
mixed_is_between(const struct mixed *found, const struct mixed *before,
    const struct mixed *after, const struct mixed_op *op)
{
	for (unsigned i = 0; i < MIXED_BOXES; i++) {
		const struct mixed_box *a = &found->box[i];

		if (!is_same_box(a, &before->box[i]))
			return false;
		for (uint32_t uid = 1;
		     a->exists && uid <= last_uid(a, &after->box[i]); uid++)
			if (!is_same_message(a, &before->box[i], uid) &&
			    !is_same_message(a, &after->box[i], uid))
				return false;
	}
	return op->kind != MIXED_MOVE || count_all(found) == count_all(before);
}

/* A sum over each table's rows, whatever their order. */
static int
sum_tables(struct kv_txn *txn, void *arg, struct err *err)
{
	uint64_t *sum = arg;

	for (unsigned table = 0; table < STORE_TABLES; table++) {
		struct kv_range all;
		struct str key, value;
		int ret;

		sum[table] = 0;
		if (table == STORE_TAB_META) /* LSN, and the index's own name */
			continue;
		if (kv_range_open_prefix(&all, txn, table, STR(""), err) < 0)
			return -1;
		while ((ret = kv_range_next(&all, &key, &value, err)) > 0)
			sum[table] +=
			    hash_checksum(hash_checksum(0, key.p, key.len),
				value.p, value.len);
		kv_range_close(&all);
		if (ret < 0)
			return -1;
	}
	return 0;
}

void
mixed_sum(uint64_t sum[STORE_TABLES], struct engine *engine)
{
	struct err err;

	if (kv_view(engine->kv, sum_tables, sum, &err) < 0)
		fatal("sum: %s", err.text);
}
