#include "stored/undelete.h"

#include "ipc/store_msg.h"
#include "store/row.h"
#include "store/uids.h"
#include "stored/append.h"
#include "stored/grave.h"

/* What goes on from slice to slice. */
struct progress {
	struct store_uids uids; /* first: see request_progress */
	struct kv_key next;
	uint32_t count;
};

struct wish {
	const struct store_undelete *in;
	const struct store_uids *uids;
};

static bool
wants(void *ctx, const struct grave *grave)
{
	const struct wish *wish = ctx;

	return grave->message.len > 0 &&
	    (int64_t)grave->when >= wish->in->since &&
	    (wish->in->uids.len == 0 || store_uids_has(wish->uids, grave->uid));
}

/* 1; 0 refused: no UID is left; -1. */
static int
restore(struct change *change, struct request *request, struct open_mbox *mbox,
    const struct grave *grave, uint64_t modseq, struct err *err)
{
	struct append_row row = { .blob = grave->blob };
	struct store_hot hot;
	uint32_t uid;
	int ret;

	if (store_hot_decode(&hot, grave->message, err) < 0)
		return -1;
	row.size = hot.size;
	row.flags = hot.flags & (uint16_t)~STORE_FLAG_DELETED;
	row.keywords = hot.keywords;
	row.sent = hot.sent;
	row.internal = hot.internal;
	row.prefix = hot.prefix;
	ret = append_row(change, mbox, modseq, &row, &uid, err);
	if (ret == 0)
		return append_refuse_full(request, mbox);
	if (ret < 0)
		return -1;
	return grave_release(change, grave, err) < 0 ? -1 : 1;
}

/* A slice: each message is in the mailbox or among the expunged ones. */
static int
slice(struct change *change, struct request *request, struct open_mbox *mbox,
    struct progress *progress, struct err *err)
{
	struct wish wish = { request->in, &progress->uids };
	struct grave *grave =
	    arena_alloc(change->arena, STORE_SLICE * sizeof(*grave));
	struct kv_key before = progress->next;
	uint64_t modseq;
	size_t count;
	bool more;
	int ret = 1;

	if (grave_collect(change, mbox->id, &progress->next, wants, &wish,
		grave, STORE_SLICE, &count, &more, err) < 0)
		return -1;
	if (count > 0 && change_modseq(change, mbox, &modseq, err) < 0)
		ret = -1;
	for (size_t i = 0; ret > 0 && i < count; i++)
		ret = restore(change, request, mbox, &grave[i], modseq, err);
	if (ret < 0)
		progress->next = before;
	if (ret <= 0)
		return ret;
	progress->count += (uint32_t)count;
	request->is_unfinished = more;
	return 1;
}

int
undelete_run(struct change *change, struct request *request, struct err *err)
{
	const struct store_undelete *in = request->in;
	struct progress *progress =
	    request_progress(request, in->uids, sizeof(*progress), NULL);
	struct store_undeleted *answer;
	struct open_user *user;
	struct open_mbox *mbox;
	struct store_name name;
	int ret;

	if (progress == NULL)
		return 0;
	ret = change_user(change, in->user, &user, err);
	if (ret > 0)
		ret = store_row_name(change->txn, user->row.id,
		    store_name_canonical(in->name), &name, err);
	if (ret > 0)
		ret = change_mbox(change, name.mailbox, &mbox, err);
	if (ret == 0)
		request_refuse(request, ERR_NOENT, "no such mailbox");
	if (ret > 0)
		ret = slice(change, request, mbox, progress, err);
	if (ret <= 0)
		return ret;
	answer = request_answer(request, &store_undeleted_msg);
	answer->count = progress->count;
	return 0;
}

struct listing {
	const struct store_graves *in;
	struct arena *arena;
	struct store_grave *grave;
	size_t count;
	bool more;
};

/* Its digest, where that is in its row. */
static int
take_digest(struct kv_txn *txn, struct listing *list, uint64_t blob,
    struct str *out, struct err *err)
{
	struct store_cold_place place;
	struct str row, digest;
	struct kv_key key;
	int ret;

	*out = STR("");
	store_key_blob(&key, blob);
	ret = kv_get(txn, STORE_TAB_COLD, kv_key_get(&key), &row, err);
	if (ret > 0 && store_cold_decode(&digest, &place, row, err) == 0 &&
	    digest.p != NULL)
		*out = arena_str(list->arena, digest);
	return ret < 0 ? -1 : 0;
}

static int
add(struct kv_txn *txn, struct listing *list, struct str key, struct str value,
    struct err *err)
{
	struct store_grave *grave = &list->grave[list->count];
	struct store_hot hot;
	struct store_mod mod;

	if (store_mod_decode(&mod, value, err) < 0)
		return -1;
	if (mod.message.len == 0)
		return 0;
	if (store_hot_decode(&hot, mod.message, err) < 0)
		return -1;
	*grave = (struct store_grave){ .uid = store_mod_uid(key),
		.modseq = store_mod_modseq(key),
		.when = mod.when,
		.internal = hot.internal,
		.size = hot.size,
		.flags = hot.flags };
	list->count++;
	return take_digest(txn, list, mod.blob, &grave->digest, err);
}

static int
walk(struct kv_txn *txn, struct listing *list, uint32_t mailbox,
    struct err *err)
{
	struct kv_key from, to;
	struct kv_range range;
	struct str key, value;
	int ret;

	store_key_mod(&from, mailbox, list->in->modseq, list->in->uid);
	store_key_mod(&to, mailbox, UINT64_MAX, UINT32_MAX);
	if (kv_range_open(&range, txn, STORE_TAB_MOD, kv_key_get(&from),
		kv_key_get(&to), err) < 0)
		return -1;
	while ((ret = kv_range_next(&range, &key, &value, err)) > 0) {
		if (str_eq(key, kv_key_get(&from)))
			continue;
		if (list->count == STORE_MSG_GRAVES_MAX) {
			list->more = true;
			break;
		}
		if ((ret = add(txn, list, key, value, err)) < 0)
			break;
	}
	kv_range_close(&range);
	return ret < 0 ? -1 : 0;
}

static int
find_and_walk(struct kv_txn *txn, void *arg, struct err *err)
{
	struct listing *list = arg;
	struct store_name name;
	struct store_user user;
	int ret = store_row_user(txn, list->in->user, &user, err);

	if (ret > 0)
		ret = store_row_name(txn, user.id,
		    store_name_canonical(list->in->name), &name, err);
	if (ret == 0)
		return err_set(err, ERR_NOENT, "no such mailbox");
	return ret < 0 ? -1 : walk(txn, list, name.mailbox, err);
}

void
undelete_list(struct client *client, uint16_t tag,
    const struct store_graves *in)
{
	struct listing list = { .in = in, .arena = arena_new(0) };
	struct store_graves_are out;
	struct err err;

	list.grave =
	    arena_alloc(list.arena, STORE_MSG_GRAVES_MAX * sizeof(*list.grave));
	if (kv_view(client->stored->engine->kv, find_and_walk, &list, &err) <
	    0) {
		ipc_peer_error(client->peer, tag, &err);
	} else {
		out = (struct store_graves_are){ { list.grave, list.count },
			list.more };
		ipc_peer_send(client->peer, &store_graves_are_msg, tag, &out);
	}
	arena_free(list.arena);
}
