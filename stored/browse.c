#include "stored/browse.h"

#include "kv/cursor.h"
#include "store/row.h"

struct browse {
	const struct store_browse *in;
	struct arena *arena;
	struct store_browsed out;
};

static int
add(struct kv_txn *txn, struct browse *browse, uint32_t uid, struct str value,
    struct err *err)
{
	struct store_browsed_message *message = browse->out.messages.items;
	struct store_blob blob;
	struct store_hot hot;
	int ret;

	if (store_hot_decode(&hot, value, err) < 0)
		return -1;
	ret = store_row_blob(txn, hot.blob, &blob, err);
	if (ret == 0)
		return err_set(err, ERR_CORRUPT, "message has no blob");
	if (ret < 0)
		return -1;
	message[browse->out.messages.count++] = (struct store_browsed_message){
		.uid = uid,
		.flags = hot.flags,
		.keywords = hot.keywords,
		.internal = hot.internal,
		.prefix = arena_str(browse->arena, hot.prefix),
		.blob = hot.blob,
		.pack = blob.pack,
		.length = blob.length,
		.offset = blob.offset,
		.guid = arena_str(browse->arena,
		    str_make(blob.guid, STORE_GUID_SIZE)),
	};
	return 0;
}

static void
put_keywords(struct browse *browse, const struct store_mbox *mbox)
{
	struct store_word *word;

	word = arena_alloc(browse->arena, STORE_KEYWORDS_MAX * sizeof(*word));
	for (unsigned i = 0; i < mbox->keywords.count; i++)
		word[i].word =
		    arena_str(browse->arena, mbox->keywords.keyword[i]);
	browse->out.keywords = (struct ipc_list){ word, mbox->keywords.count };
}

static int
walk(struct kv_txn *txn, struct browse *browse, uint32_t mailbox,
    struct err *err)
{
	struct store_mbox mbox;
	struct kv_key from, to;
	struct kv_range range;
	struct str key, value;
	int ret = store_row_mbox(txn, mailbox, &mbox, err);

	if (ret <= 0)
		return ret;
	put_keywords(browse, &mbox);
	if (browse->in->after >= mbox.uidnext - 1)
		return 1;
	store_key_hot(&from, mailbox, browse->in->after + 1);
	store_key_hot(&to, mailbox, mbox.uidnext - 1);
	if (kv_range_open(&range, txn, STORE_TAB_HOT, kv_key_get(&from),
		kv_key_get(&to), err) < 0)
		return -1;
	while ((ret = kv_range_next(&range, &key, &value, err)) > 0) {
		if (browse->out.messages.count == STORE_MSG_BROWSE_MAX) {
			browse->out.more = true;
			break;
		}
		ret = add(txn, browse, store_hot_uid(key), value, err);
		if (ret < 0)
			break;
	}
	kv_range_close(&range);
	return ret < 0 ? -1 : 1;
}

static int
find_and_walk(struct kv_txn *txn, void *arg, struct err *err)
{
	struct browse *browse = arg;
	struct store_name name;
	struct store_user user;
	int ret = store_row_user(txn, browse->in->user, &user, err);

	if (ret > 0)
		ret = store_row_name(txn, user.id,
		    store_name_canonical(browse->in->name), &name, err);
	if (ret > 0)
		ret = walk(txn, browse, name.mailbox, err);
	if (ret == 0)
		return err_set(err, ERR_NOENT, "no such mailbox");
	return ret < 0 ? -1 : 0;
}

void
browse_answer(struct client *client, uint16_t tag,
    const struct store_browse *in)
{
	struct browse browse = { .in = in, .arena = arena_new(0) };
	struct err err;

	browse.out.messages.items = arena_alloc(browse.arena,
	    STORE_MSG_BROWSE_MAX * sizeof(struct store_browsed_message));
	if (kv_view(client->stored->engine->kv, find_and_walk, &browse, &err) <
	    0)
		ipc_peer_error(client->peer, tag, &err);
	else
		ipc_peer_send(client->peer, &store_browsed_msg, tag,
		    &browse.out);
	arena_free(browse.arena);
}
