#include "stored/undelete.h"

#include "ipc/store_msg.h"
#include "store/row.h"
#include "store/uids.h"
#include "stored/append.h"
#include "stored/bury.h"
#include "stored/grave.h"
#include "stored/mailbox.h"
#include "stored/target.h"

/* What goes on from slice to slice. */
struct progress {
	struct store_uids uids; /* first: see request_progress */
	uint32_t source; /* the mailbox whose graves these are; 0: not known */
	struct kv_key next;
	uint32_t count;
};

struct wish {
	const struct store_undelete *in;
	const struct store_uids *uids;
	uint64_t above; /* without UIDs: expunged under later modseqs */
};

static bool
wants(void *ctx, const struct grave *grave)
{
	const struct wish *wish = ctx;

	if (grave->message.len == 0 || (int64_t)grave->when < wish->in->since)
		return false;
	if (wish->in->uids.len == 0)
		return grave->modseq > wish->above;
	return store_uids_has(wish->uids, grave->uid);
}

/* From where to where. */
struct way {
	struct open_user *user;
	struct open_mbox *from, *to;
};

/* 1; 0 refused: no UID is left; -1. */
static int
restore(struct change *change, struct request *request, const struct way *way,
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
	row.keywords = change_keywords(change, way->to,
	    &way->from->row.keywords, hot.keywords);
	row.sent = hot.sent;
	row.internal = hot.internal;
	row.prefix = hot.prefix;
	ret = append_row(change, way->to, modseq, &row, &uid, err);
	if (ret == 0)
		return append_refuse_full(request, way->to);
	if (ret < 0)
		return -1;
	return grave_release(change, grave, err) < 0 ? -1 : 1;
}

/* A slice: each message is in the mailbox or among the expunged ones. */
static int
slice(struct change *change, struct request *request, const struct way *way,
    struct progress *progress, struct err *err)
{
	struct wish wish = { request->in, &progress->uids,
		way->from->row.was.modseq };
	struct grave *grave =
	    arena_alloc(change->arena, STORE_SLICE * sizeof(*grave));
	struct kv_key before = progress->next;
	uint64_t modseq;
	size_t count;
	bool more;
	int ret = 1;

	if (grave_collect(change, way->from->id, &progress->next, wants, &wish,
		grave, STORE_SLICE, &count, &more, err) < 0)
		return -1;
	if (count > 0 && change_modseq(change, way->to, &modseq, err) < 0)
		ret = -1;
	for (size_t i = 0; ret > 0 && i < count; i++)
		ret = restore(change, request, way, &grave[i], modseq, err);
	if (ret < 0)
		progress->next = before;
	if (ret <= 0)
		return ret;
	progress->count += (uint32_t)count;
	request->is_unfinished = more;
	return 1;
}

/* 1, 0 there is none, -1. */
static int
find_source(struct change *change, const struct store_undelete *in,
    const struct progress *progress, struct way *way, struct err *err)
{
	struct str name = store_name_canonical(in->name);
	struct store_name row;
	int ret = 0;

	if (progress->source != 0)
		return change_mbox(change, progress->source, &way->from, err);
	if (in->deleted == 0)
		ret = store_row_name(change->txn, way->user->row.id, name, &row,
		    err);
	if (ret > 0)
		return change_mbox(change, row.mailbox, &way->from, err);
	return ret < 0 ?
	    -1 :
	    bury_find(change, way->user, in->deleted, name, &way->from, err);
}

/* Made where it is not there. 1, 0 refused, -1. */
static int
find_target(struct change *change, struct request *request, struct way *way,
    struct err *err)
{
	const struct store_undelete *in = request->in;
	struct store_name row;
	struct target place;
	int ret;

	way->to = way->from;
	if (way->from->row.gone == 0)
		return 1;
	ret = store_row_name(change->txn, way->user->row.id,
	    store_name_canonical(in->name), &row, err);
	if (ret > 0)
		return change_mbox(change, row.mailbox, &way->to, err);
	if (ret == 0)
		ret = target_place(change, request, in->user, in->name, &place,
		    err);
	if (ret <= 0)
		return ret;
	return mailbox_make(change, request, &place, STORE_USE_NONE,
	    way->from->row.was.type, &way->to, err);
}

/* 1, 0 refused, -1. */
static int
find_way(struct change *change, struct request *request,
    struct progress *progress, struct way *way, struct err *err)
{
	const struct store_undelete *in = request->in;
	int ret = change_user(change, in->user, &way->user, err);

	if (ret > 0)
		ret = find_source(change, in, progress, way, err);
	if (ret == 0)
		request_refuse(request, ERR_NOENT, "no such mailbox");
	if (ret > 0 && way->from->row.gone != 0 && way->from->row.exists > 0) {
		request_refuse(request, ERR_TEMP, "is still being deleted");
		return 0;
	}
	if (ret > 0)
		ret = find_target(change, request, way, err);
	return ret;
}

int
undelete_run(struct change *change, struct request *request, struct err *err)
{
	const struct store_undelete *in = request->in;
	struct progress *progress =
	    request_progress(request, in->uids, sizeof(*progress), NULL);
	struct store_undeleted *answer;
	struct way way;
	int ret;

	if (progress == NULL)
		return 0;
	ret = find_way(change, request, progress, &way, err);
	if (ret > 0)
		ret = slice(change, request, &way, progress, err);
	if (ret <= 0)
		return ret;
	progress->source = way.from->id;
	if (way.to != way.from && !request->is_unfinished &&
	    in->uids.len == 0 && in->since == INT64_MIN) {
		way.from->row.was.name = STR(""); /* nothing more to list */
		way.from->is_dirty = true;
	}
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

/* 1, 0, -1. */
static int
is_deleted(struct kv_txn *txn, uint32_t user, uint32_t mailbox, struct err *err)
{
	struct store_mbox mbox;
	int ret = store_row_mbox(txn, mailbox, &mbox, err);

	return ret > 0 ? mbox.gone != 0 && mbox.owner == user : ret;
}

static int
find_and_walk(struct kv_txn *txn, void *arg, struct err *err)
{
	struct listing *list = arg;
	struct store_name name;
	struct store_user user;
	int ret = store_row_user(txn, list->in->user, &user, err);

	name.mailbox = list->in->deleted;
	if (ret > 0 && name.mailbox != 0)
		ret = is_deleted(txn, user.id, name.mailbox, err);
	else if (ret > 0)
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
