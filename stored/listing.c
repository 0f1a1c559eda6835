#include "stored/listing.h"

#include "kv/cursor.h"
#include "store/row.h"
#include "stored/bury.h"

enum { ROWS_MAX = 1000 };

struct listing {
	const struct store_list *in;
	struct arena *arena;
	struct store_listing *row;
	size_t count;
	bool more;
};

/* Room for one more with that name; NULL when the answer is full. */
static struct store_listing *
add(struct listing *list, struct str name)
{
	struct store_listing *row;

	if (list->count == ROWS_MAX) {
		list->more = true;
		return NULL;
	}
	row = &list->row[list->count++];
	*row = (struct store_listing){ .name = arena_str(list->arena, name) };
	return row;
}

static int
list_users(struct kv_txn *txn, struct listing *list, struct err *err)
{
	struct kv_range range;
	struct kv_key from;
	struct store_user user;
	struct str key, value;
	int ret;

	/* Names come behind the rows of ids, which begin with a NUL. */
	store_key_user(&from,
	    list->in->after.len > 0 ? list->in->after : STR("\1"));
	if (kv_range_open(&range, txn, STORE_TAB_USER, kv_key_get(&from),
		STR(""), err) < 0)
		return -1;
	while ((ret = kv_range_next(&range, &key, &value, err)) > 0) {
		struct store_listing *row;

		if (str_eq(key, list->in->after))
			continue;
		if ((ret = store_user_decode(&user, value, err)) < 0 ||
		    (row = add(list, key)) == NULL)
			break;
		row->mailbox = user.id;
		row->exists = (uint32_t)user.messages;
		row->bytes = user.bytes;
	}
	kv_range_close(&range);
	return ret < 0 ? -1 : 0;
}

static int
fill(struct kv_txn *txn, struct store_listing *row, uint32_t user,
    const struct store_name *name, struct err *err)
{
	struct store_mbox mbox;
	struct kv_key key;
	struct str found;
	int ret = store_row_mbox(txn, name->mailbox, &mbox, err);

	if (ret < 0)
		return -1;
	row->mailbox = name->mailbox;
	row->use = name->use;
	row->type = name->type;
	if (ret > 0) {
		row->exists = mbox.exists;
		row->unseen = mbox.unseen;
		row->bytes = mbox.bytes;
	}
	store_key_name(&key, user, row->name);
	ret = kv_get(txn, STORE_TAB_SUB, kv_key_get(&key), &found, err);
	row->subscribed = ret > 0;
	return ret < 0 ? -1 : 0;
}

static int
list_mailboxes(struct kv_txn *txn, struct listing *list, struct err *err)
{
	struct kv_key from, to;
	struct kv_range range;
	struct store_user user;
	struct store_name name;
	struct str key, value;
	int ret = store_row_user(txn, list->in->user, &user, err);

	if (ret < 0)
		return -1;
	if (ret == 0)
		return err_set(err, ERR_NOENT, "no mailboxes of that user");
	store_key_name(&from, user.id, list->in->after);
	store_key_name(&to, user.id + 1, STR(""));
	if (kv_range_open(&range, txn, STORE_TAB_NAME, kv_key_get(&from),
		kv_key_get(&to), err) < 0)
		return -1;
	while ((ret = kv_range_next(&range, &key, &value, err)) > 0) {
		struct store_listing *row;

		if (list->in->after.len > 0 && str_eq(key, kv_key_get(&from)))
			continue;
		if ((ret = store_name_decode(&name, value, err)) < 0 ||
		    (row = add(list, str_sub(key, 4, key.len))) == NULL ||
		    (ret = fill(txn, row, user.id, &name, err)) < 0)
			break;
	}
	kv_range_close(&range);
	return ret < 0 ? -1 : 0;
}

static int
list_deleted(struct kv_txn *txn, struct listing *list, struct err *err)
{
	uint32_t number = list->in->above + 1;
	struct store_user user;
	struct store_mbox mbox;
	int ret = store_row_user(txn, list->in->user, &user, err);

	if (ret == 0)
		return err_set(err, ERR_NOENT, "no mailboxes of that user");
	for (; ret >= 0 &&
	     (ret = bury_next(txn, user.id, &number, &mbox, err)) > 0;
	     number++) {
		struct store_listing *row;

		if (mbox.was.name.len == 0)
			continue;
		if ((row = add(list, mbox.was.name)) == NULL)
			break;
		row->mailbox = number;
		row->type = mbox.was.type;
		row->exists = mbox.was.exists;
		row->bytes = mbox.was.bytes;
		row->when = mbox.gone;
	}
	return ret < 0 ? -1 : 0;
}

static int
list_rows(struct kv_txn *txn, void *arg, struct err *err)
{
	struct listing *list = arg;

	if (list->in->deleted)
		return list_deleted(txn, list, err);
	return list->in->user.len == 0 ? list_users(txn, list, err) :
					 list_mailboxes(txn, list, err);
}

void
listing_answer(struct client *client, uint16_t tag, const struct store_list *in)
{
	struct listing list = { .in = in, .arena = arena_new(0) };
	struct store_listed out;
	struct err err;

	list.row = arena_alloc(list.arena, ROWS_MAX * sizeof(*list.row));
	if (kv_view(client->stored->engine->kv, list_rows, &list, &err) < 0) {
		ipc_peer_error(client->peer, tag, &err);
	} else {
		out = (struct store_listed){ { list.row, list.count },
			list.more };
		ipc_peer_send(client->peer, &store_listed_msg, tag, &out);
	}
	arena_free(list.arena);
}
