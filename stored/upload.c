#include "stored/upload.h"

#include "base/log.h"
#include "ipc/store_msg.h"
#include "store/rights.h"
#include "stored/append_all.h"

enum { KEEP_SECONDS = 3600 };

int
upload_hold(struct change *change, struct request *request, struct str body,
    uint64_t *blob, struct err *err)
{
	struct store_upload row = { change->now + KEEP_SECONDS };
	struct open_user *user;
	struct kv_key key;
	int ret = 0;

	if (request->who.user != 0)
		ret = change_user_id(change, request->who.user, &user, err);
	if (ret < 0)
		return -1;
	if (ret == 0)
		return request_refuse(request, ERR_DENIED, "upload of nobody");
	if (!target_has_room(request, user, body.len, 1))
		return 0;
	if (append_blob(change, request, body, blob, err) < 0 ||
	    change_blob_ref(change, *blob, 1, err) < 0)
		return -1;
	store_key_place(&key, *blob, 0, request->who.user);
	if (change_put(change, STORE_TAB_PLACE, &key, STR(""), err) < 0)
		return -1;
	store_key_upload(&key, request->who.user, *blob);
	store_upload_encode(&change->row, &row);
	return change_put(change, STORE_TAB_UPLOAD, &key, buf_str(&change->row),
	    err);
}

/* It is an upload no more: for what takes it there is a place already. */
static int
drop(struct change *change, uint32_t user, uint64_t blob, struct err *err)
{
	struct kv_key key;

	store_key_upload(&key, user, blob);
	if (change_del(change, STORE_TAB_UPLOAD, &key, err) < 0)
		return -1;
	store_key_place(&key, blob, 0, user);
	if (change_del(change, STORE_TAB_PLACE, &key, err) < 0)
		return -1;
	return change_blob_ref(change, blob, -1, err);
}

/* 1 it is one of the user's uploads, and *item is set; 0 refused, -1. */
static int
find(struct change *change, struct request *request,
    const struct store_adoptee *in, struct append_item *item, struct err *err)
{
	struct store_blob blob;
	struct kv_key key;
	struct str row;
	int ret;

	store_key_upload(&key, request->who.user, in->blob);
	ret =
	    kv_get(change->txn, STORE_TAB_UPLOAD, kv_key_get(&key), &row, err);
	if (ret > 0)
		ret = change_blob_row(change, in->blob, &blob, err);
	if (ret < 0)
		return -1;
	if (ret == 0) {
		request_refuse(request, ERR_TEMP, "upload is gone");
		return 0;
	}
	*item = (struct append_item){
		.keywords = &in->keywords,
		.row = { .blob = in->blob,
		    .size = blob.length,
		    .flags = in->flags,
		    .internal = in->internal == INT64_MIN ?
			(int64_t)change->now :
			in->internal,
		    .prefix = STR("") },
	};
	return 1;
}

/* Uploads that are named twice would be adopted once and missed once. */
static bool
is_rising(const struct store_adopt *in)
{
	const struct store_adoptee *item = in->uploads.items;

	for (size_t i = 0; i < in->uploads.count; i++)
		if (item[i].flags & ~STORE_FLAGS_ALL ||
		    (i > 0 && item[i].blob <= item[i - 1].blob))
			return false;
	return in->uploads.count > 0 && in->uploads.count <= STORE_SLICE;
}

static int
drop_all(struct change *change, struct request *request,
    const struct append_item *item, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++)
		if (drop(change, request->who.user, item[i].row.blob, err) < 0)
			return -1;
	return 0;
}

static int
place(struct change *change, struct request *request,
    const struct target *target, struct append_item *item, size_t count,
    struct err *err)
{
	struct open_mbox *mbox = target->mbox;
	struct store_adopted *answer;
	uint32_t first;

	if (append_all_check(change, request, target, item, count) == 0)
		return 0;
	if (append_all_put(change, request, mbox, item, count, &first, err) < 0)
		return -1;
	answer = request_answer(request, &store_adopted_msg);
	*answer = (struct store_adopted){ mbox->id, mbox->row.uidvalidity,
		first, (uint32_t)count };
	return drop_all(change, request, item, count, err);
}

int
adopt_run(struct change *change, struct request *request, struct err *err)
{
	const struct store_adopt *in = request->in;
	const struct store_adoptee *upload = in->uploads.items;
	size_t count = in->uploads.count;
	struct append_item *item;
	struct target target;
	int ret;

	if (!is_rising(in))
		return request_refuse(request, ERR_SYNTAX, "not uploads");
	item = arena_calloc(change->arena, count, sizeof(*item));
	for (size_t i = 0; i < count; i++) {
		ret = find(change, request, &upload[i], &item[i], err);
		if (ret <= 0)
			return ret;
	}
	if (in->name.len == 0) {
		(void)request_answer(request, &store_adopted_msg);
		return drop_all(change, request, item, count, err);
	}
	ret = target_find(change, request, in->user, in->name,
	    STORE_RIGHT_INSERT, &target, err);
	if (ret <= 0)
		return ret;
	return place(change, request, &target, item, count, err);
}

struct old {
	uint32_t user;
	uint64_t blob;
};

/* Those to go, a slice at most. */
static int
collect(struct change *change, bool all, struct old *old, size_t *count,
    struct err *err)
{
	struct store_upload row;
	struct kv_range range;
	struct str key, value;
	int ret;

	*count = 0;
	if (kv_range_open(&range, change->txn, STORE_TAB_UPLOAD, STR(""),
		STR(""), err) < 0)
		return -1;
	while (*count < STORE_SLICE &&
	    (ret = kv_range_next(&range, &key, &value, err)) > 0) {
		if ((ret = store_upload_decode(&row, value, err)) < 0)
			break;
		if (!all && row.expires > change->now)
			continue;
		(void)kv_key_take_u32(&key, &old[*count].user);
		(void)kv_key_take_u64(&key, &old[(*count)++].blob);
	}
	kv_range_close(&range);
	return ret < 0 ? -1 : 0;
}

static int
prune(struct change *change, struct request *request, struct err *err)
{
	const struct store_recent *in = request->in;
	struct old *old =
	    arena_alloc(change->arena, STORE_SLICE * sizeof(*old));
	size_t count;

	if (collect(change, in->mailbox != 0, old, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (drop(change, old[i].user, old[i].blob, err) < 0)
			return -1;
	(void)request_answer(request, &store_done_msg);
	request->is_unfinished = count == STORE_SLICE;
	return 0;
}

struct request *
upload_prune_new(bool all)
{
	struct store_recent in = { all };
	struct err err;
	struct request *request =
	    request_new(prune, &store_recent_msg, &in, 1 << 20, &err);

	if (request == NULL)
		panic("%s", err.text);
	return request;
}
