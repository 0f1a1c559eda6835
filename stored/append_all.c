#include "stored/append_all.h"

#include "ipc/store_msg.h"
#include "store/rights.h"
#include "stored/seen.h"

int
append_all_check(struct change *change, struct request *request,
    const struct target *target, struct append_item *item, size_t count)
{
	struct open_mbox *mbox = target->mbox;
	uint32_t rights = request_rights(request, &mbox->row);
	uint64_t bytes = 0;

	for (size_t i = 0; i < count; i++)
		bytes += item[i].row.size;
	if (!target_has_room(request, target->owner, bytes, count))
		return 0;
	for (size_t i = 0; i < count; i++) {
		item[i].row.flags &= store_rights_flags(rights);
		if (rights & STORE_RIGHT_WRITE &&
		    append_keywords(change, request, mbox, item[i].keywords,
			&item[i].row.keywords) == 0)
			return 0;
	}
	if (count > mbox->limit - mbox->row.uidnext)
		return append_refuse_full(request, mbox);
	return 1;
}

static int
put_one(struct change *change, struct open_mbox *mbox, uint64_t modseq,
    const struct append_item *item, struct open_seen *seen, struct err *err)
{
	struct append_row row = item->row;
	uint32_t uid = 0;

	if (seen != NULL)
		row.flags &= (uint16_t)~STORE_FLAG_SEEN;
	if (append_row(change, mbox, modseq, &row, &uid, err) < 0)
		return -1;
	(void)seen_take(seen, uid, item->row.flags, 0);
	return 0;
}

int
append_all_put(struct change *change, struct request *request,
    struct open_mbox *mbox, const struct append_item *item, size_t count,
    uint32_t *first, struct err *err)
{
	struct open_seen *seen;
	uint64_t modseq;

	if (seen_open(change, request, mbox, &seen, err) < 0 ||
	    change_modseq(change, mbox, &modseq, err) < 0)
		return -1;
	*first = mbox->row.uidnext;
	for (size_t i = 0; i < count; i++)
		if (put_one(change, mbox, modseq, &item[i], seen, err) < 0)
			return -1;
	return 0;
}

/* As ipc/store_msg.h has it: flags we know, no more than a batch takes. */
static bool
is_good(const struct store_append_all *in)
{
	const struct store_appendee *message = in->messages.items;
	uint64_t bytes = 0;

	for (size_t i = 0; i < in->messages.count; i++) {
		if (message[i].flags & ~STORE_FLAGS_ALL)
			return false;
		bytes += message[i].digest.len + message[i].body.len;
	}
	return in->messages.count > 0 && in->messages.count <= STORE_SLICE &&
	    bytes <= STORE_MSG_INLINE_MAX;
}

static void
fill(const struct change *change, struct append_item *item,
    const struct store_appendee *message)
{
	*item = (struct append_item){
		.keywords = &message->keywords,
		.row = { .size = (uint32_t)message->body.len,
		    .flags = message->flags,
		    .internal = message->internal == INT64_MIN ?
			(int64_t)change->now :
			message->internal,
		    .prefix = STR("") },
	};
}

/* Room for the one result of the answer; NULL: refused. */
static struct store_append_result *
answer(struct request *request)
{
	struct store_append_result *result =
	    arena_calloc(request->arena, 1, sizeof(*result));
	struct store_appended *out =
	    request_answer(request, &store_appended_msg);

	if (result == NULL || out == NULL) {
		request_refuse(request, ERR_LIMIT, "no room for an answer");
		return NULL;
	}
	result->text = STR("");
	out->results = (struct ipc_list){ result, 1 };
	return result;
}

int
append_all_run(struct change *change, struct request *request, struct err *err)
{
	const struct store_append_all *in = request->in;
	const struct store_appendee *message = in->messages.items;
	size_t count = in->messages.count;
	struct store_append_result *result;
	struct append_item *item;
	struct target target;
	int ret;

	if (!is_good(in))
		return request_refuse(request, ERR_SYNTAX, "not messages");
	ret = target_find(change, request, STR(""), in->name,
	    STORE_RIGHT_INSERT, &target, err);
	if (ret <= 0)
		return ret;
	item = arena_calloc(change->arena, count, sizeof(*item));
	for (size_t i = 0; i < count; i++)
		fill(change, &item[i], &message[i]);
	if (append_all_check(change, request, &target, item, count) == 0 ||
	    (result = answer(request)) == NULL)
		return 0;
	for (size_t i = 0; i < count; i++)
		if (change_blob_new(change, message[i].body, message[i].digest,
			NULL, &item[i].row.blob, err) < 0)
			return -1;
	result->mailbox = target.mbox->id;
	result->uidvalidity = target.mbox->row.uidvalidity;
	return append_all_put(change, request, target.mbox, item, count,
	    &result->uid, err);
}
