#include "stored/mailbox.h"

#include "ipc/store_msg.h"
#include "store/rights.h"
#include "stored/acl.h"
#include "stored/bury.h"
#include "stored/copy.h"
#include "stored/expunge.h"
#include "stored/grave.h"
#include "stored/quota.h"
#include "stored/rename.h"
#include "stored/seen.h"
#include "stored/stage.h"
#include "stored/target.h"

int
mailbox_subscribe(struct change *change, struct open_user *user,
    struct str name, bool on, struct err *err)
{
	struct kv_key key;

	store_key_name(&key, user->row.id, store_name_canonical(name));
	change_notice(change, user->row.id, 0, 0);
	if (!on)
		return change_del(change, STORE_TAB_SUB, &key, err) < 0 ? -1 :
									  1;
	store_sub_encode(&change->row);
	return change_put(change, STORE_TAB_SUB, &key, buf_str(&change->row),
		   err) < 0 ?
	    -1 :
	    1;
}

/* Give a mailbox its name. */
static int
put_name(struct change *change, const struct open_user *user, struct str name,
    const struct store_name *row, struct err *err)
{
	struct kv_key key;

	store_key_name(&key, user->row.id, name);
	store_name_encode(&change->row, row);
	return change_put(change, STORE_TAB_NAME, &key, buf_str(&change->row),
	    err);
}

static int
make_one(struct change *change, struct open_user *user, struct str name,
    enum store_use use, enum store_type type, const struct open_mbox *above,
    struct open_mbox **out, struct err *err)
{
	struct store_name row = { 0, (uint8_t)use, (uint8_t)type };

	*out = change_mbox_new(change, user->row.id);
	row.mailbox = (*out)->id;
	change_notice(change, user->row.id, (*out)->id, 0);
	if (acl_inherit(change, *out, name, above, err) < 0)
		return -1;
	return put_name(change, user, name, &row, err);
}

int
mailbox_make_defaults(struct change *change, struct open_user *user,
    struct err *err)
{
	static const struct {
		const char *name;
		enum store_use use;
	} boxes[] = {
		{ "INBOX", STORE_USE_NONE },
		{ "Drafts", STORE_USE_DRAFTS },
		{ "Sent", STORE_USE_SENT },
		{ "Junk", STORE_USE_JUNK },
		{ "Trash", STORE_USE_TRASH },
		{ "Archive", STORE_USE_ARCHIVE },
	};
	struct open_mbox *mbox;

	for (size_t i = 0; i < NELEMS(boxes); i++) {
		struct str name = str_of(boxes[i].name);

		if (make_one(change, user, name, boxes[i].use, STORE_TYPE_MAIL,
			NULL, &mbox, err) < 0 ||
		    mailbox_subscribe(change, user, name, true, err) < 0)
			return -1;
	}
	return 0;
}

/* How many rows a user has in a table of names, up to MAILBOX_MAX. */
static int
count_names(struct change *change, enum store_table table,
    const struct open_user *user, size_t *count, struct err *err)
{
	struct kv_range range;
	struct kv_key prefix;
	struct str key, row;
	int ret = 0;

	*count = 0;
	kv_key_init(&prefix);
	kv_key_u32(&prefix, user->row.id);
	if (kv_range_open_prefix(&range, change->txn, table,
		kv_key_get(&prefix), err) < 0)
		return -1;
	while (*count < MAILBOX_MAX &&
	    (ret = kv_range_next(&range, &key, &row, err)) > 0)
		++*count;
	kv_range_close(&range);
	return ret < 0 ? -1 : 0;
}

/* 1 there is room for another, 0 refused, -1. */
static int
has_room(struct change *change, struct request *request, enum store_table table,
    const struct open_user *user, size_t more, struct err *err)
{
	size_t count;

	if (count_names(change, table, user, &count, err) < 0)
		return -1;
	if (count + more <= MAILBOX_MAX)
		return 1;
	request_refuse(request, ERR_LIMIT, "too many mailboxes");
	return 0;
}

static bool
is_good_name(struct request *request, struct str name)
{
	struct err err;

	if (store_name_check(name, &err) == 0)
		return true;
	request_refuse(request, err.kind, "%s", err.text);
	return false;
}

/* There is one already: who may not know of it hears only that they may not. */
static int
refuse_existing(struct change *change, struct request *request,
    uint32_t mailbox, struct err *err)
{
	struct open_mbox *mbox;
	int ret = change_mbox(change, mailbox, &mbox, err);

	if (ret < 0)
		return -1;
	if (ret > 0 &&
	    request_rights(request, &mbox->row) & STORE_RIGHTS_VISIBLE)
		request_refuse(request, ERR_EXISTS, "mailbox exists");
	else
		request_refuse(request, ERR_DENIED, "no right to do that");
	return 0;
}

int
mailbox_make(struct change *change, struct request *request,
    const struct target *place, enum store_use use, enum store_type type,
    struct open_mbox **out, struct err *err)
{
	struct open_user *user = place->owner;
	struct str name = place->name, part;
	struct store_name found;
	int ret = store_row_name(change->txn, user->row.id, name, &found, err);

	if (ret > 0)
		return refuse_existing(change, request, found.mailbox, err);
	if (ret == 0)
		ret = has_room(change, request, STORE_TAB_NAME, user,
		    STORE_DEPTH_MAX, err);
	if (ret <= 0)
		return ret;
	for (size_t i = 1; i < name.len; i++) {
		if (name.p[i] != '/')
			continue;
		part = store_name_canonical(str_sub(name, 0, i));
		ret = store_row_name(change->txn, user->row.id, part, &found,
		    err);
		if (ret == 0)
			ret = make_one(change, user, part, STORE_USE_NONE, type,
			    place->mbox, out, err);
		if (ret < 0)
			return -1;
	}
	return make_one(change, user, name, use, type, place->mbox, out, err) <
		0 ?
	    -1 :
	    1;
}

static int
answer(struct request *request, const struct open_mbox *mbox)
{
	struct store_mailbox_done *out =
	    request_answer(request, &store_mailbox_done_msg);

	if (mbox != NULL) {
		out->mailbox = mbox->id;
		out->uidvalidity = mbox->row.uidvalidity;
	}
	return 0;
}

static int
create(struct change *change, struct request *request, struct err *err)
{
	const struct store_mailbox *in = request->in;
	struct target place;
	struct open_mbox *mbox;
	int ret;

	if (in->use > STORE_USE_LAST || in->type > STORE_TYPE_LAST)
		return request_refuse(request, ERR_SYNTAX, "not a use or type");
	ret = target_place(change, request, in->user, in->name, &place, err);
	if (ret > 0)
		ret = mailbox_make(change, request, &place, in->use, in->type,
		    &mbox, err);
	if (ret <= 0)
		return ret;
	return answer(request, mbox);
}

/*
 * Empty a mailbox a slice at a time. The last slice takes it along, unless it
 * is to be kept (stored/bury.h): then its messages become graves.
 */
static int
empty(struct change *change, struct request *request, struct err *err)
{
	struct expunge_row *row;
	struct open_mbox *mbox;
	uint64_t modseq = 0;
	bool left;
	size_t count;
	int ret = change_mbox(change, request->work_mailbox, &mbox, err);

	if (ret <= 0)
		return ret;
	if (expunge_collect(change, mbox, NULL, false, &request->next_uid, &row,
		&count, err) < 0)
		return -1;
	if (mbox->row.gone != 0 && count > 0 &&
	    change_modseq(change, mbox, &modseq, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (expunge_row(change, mbox, &row[i], modseq,
			mbox->row.gone != 0 ? EXPUNGE_KEEP : EXPUNGE_WHOLLY,
			err) < 0)
			return -1;
	mbox->is_dirty = true;
	request->is_unfinished = request->next_uid != 0;
	if (request->is_unfinished)
		return 0;
	if (mbox->row.gone != 0)
		return seen_drop(change, mbox->id, err) < 0 ? -1 : 0;
	request->is_unfinished = true;
	/* Tombstones of earlier expunges. */
	ret = grave_dig(change, mbox->id, &left, err);
	if (ret < 0)
		return -1;
	if (left)
		return 0;
	/* Rows of a COPY into it, which finds no name now, go before it. */
	ret = stage_is_into(change, mbox, err);
	if (ret != 0)
		return ret < 0 ? -1 : 0;
	if (seen_drop(change, mbox->id, err) < 0)
		return -1;
	mbox->is_gone = true;
	request->is_unfinished = false;
	return 0;
}

int
mailbox_empty_run(struct change *change, struct request *request,
    struct err *err)
{
	const struct store_recent *in = request->in;

	request->work_mailbox = in->mailbox;
	if (empty(change, request, err) < 0)
		return -1;
	return request->is_unfinished ? 0 : answer(request, NULL);
}

/*
 * The name goes with the first slice, so that nobody finds the mailbox any
 * more; answered when the last message is gone, or in its grave.
 */
static int delete (struct change *change, struct request *request,
    struct err *err)
{
	const struct store_mailbox *in = request->in;
	struct target target;
	struct store_name name;
	struct kv_key key;
	int ret;

	if (request->phase == 0) {
		ret = target_find(change, request, in->user, in->name,
		    STORE_RIGHT_DELETE, &target, err);
		if (ret <= 0)
			return ret;
		if (store_name_is_inbox(target.name))
			return request_refuse(request, ERR_SYNTAX,
			    "INBOX stays");
		if (store_row_name(change->txn, target.owner->row.id,
			target.name, &name, err) < 0)
			return -1;
		if (!(in->wholly && request->is_trusted) &&
		    bury_is_wanted(change, target.mbox))
			bury_begin(change, target.mbox, target.name, name.type);
		store_key_name(&key, target.owner->row.id, target.name);
		change_notice(change, target.owner->row.id, target.mbox->id, 0);
		if (change_del(change, STORE_TAB_NAME, &key, err) < 0 ||
		    acl_drop(change, target.mbox, err) < 0)
			return -1;
		request->work_mailbox = target.mbox->id;
		request->phase = 1;
	}
	if (empty(change, request, err) < 0)
		return -1;
	return request->is_unfinished ? 0 : answer(request, NULL);
}

/* Names need not exist (RFC 3501 section 6.3.6). */
static int
subscribe(struct change *change, struct request *request, struct err *err)
{
	const struct store_mailbox *in = request->in;
	bool on = in->op == STORE_SUBSCRIBE;
	struct open_user *user;
	int ret = target_user(change, request, in->user, &user, err);

	if (ret <= 0)
		return ret;
	if (!is_good_name(request, in->name))
		return 0;
	if (on) {
		ret = has_room(change, request, STORE_TAB_SUB, user, 1, err);
		if (ret <= 0)
			return ret;
	}
	if (mailbox_subscribe(change, user, in->name, on, err) < 0)
		return -1;
	return answer(request, NULL);
}

int
mailbox_run(struct change *change, struct request *request, struct err *err)
{
	static request_fn *const ops[] = {
		[STORE_CREATE] = create,
		[STORE_DELETE] = delete,
		[STORE_RENAME] = rename_mailbox,
		[STORE_SUBSCRIBE] = subscribe,
		[STORE_UNSUBSCRIBE] = subscribe,
		[STORE_PURGE] = bury_purge_run,
	};
	const struct store_mailbox *in = request->in;

	if (in->op >= NELEMS(ops))
		return request_refuse(request, ERR_SYNTAX, "mailbox: op %u",
		    in->op);
	return ops[in->op](change, request, err);
}

int
hello_run(struct change *change, struct request *request, struct err *err)
{
	const struct store_hello *in = request->in;
	struct store_welcome *out;
	struct open_user *user;
	int ret = target_user(change, request, in->user, &user, err);

	if (ret <= 0)
		return ret;
	if (request->has_quota)
		quota_set(change, user, request->quota,
		    request->quota_messages);
	out = request_answer(request, &store_welcome_msg);
	out->user = user->row.id;
	out->incarnation = str_make(change->engine->meta.incarnation,
	    sizeof(change->engine->meta.incarnation));
	out->epoch_fd = out->pin_fd = -1;
	return 0;
}
