#include "stored/rename.h"

#include "ipc/store_msg.h"
#include "store/rights.h"
#include "stored/acl.h"
#include "stored/mailbox.h"
#include "stored/rename_inbox.h"
#include "stored/target.h"

/* A name below the one that is renamed, and that itself. */
struct row {
	struct str old, new;
	struct store_name name;
};

struct work {
	struct change *change;
	struct open_user *user;
	struct str from, to;
	struct open_mbox *above; /* nearest to the new name, or NULL */
	struct row *row;         /* in the batch's arena */
	size_t count, cap;
};

static bool
is_below(struct str name, struct str above)
{
	return name.len > above.len && str_starts(name, above) &&
	    name.p[above.len] == '/';
}

/* 1, 0 refused: it grows too long, or another one has it. */
static int
check_new(struct work *work, struct request *request, struct str name,
    struct err *err)
{
	struct store_name found;
	int ret;

	if (store_name_check(name, err) < 0) {
		request_refuse(request, err->kind, "%s", err->text);
		return 0;
	}
	ret = store_row_name(work->change->txn, work->user->row.id, name,
	    &found, err);
	if (ret == 0)
		return 1;
	if (ret > 0)
		request_refuse(request, ERR_EXISTS, "mailbox exists");
	return ret < 0 ? -1 : 0;
}

static struct row *
next_row(struct work *work)
{
	struct row *old = work->row;

	if (work->count == work->cap) {
		work->cap = work->cap * 2 + 16;
		work->row = arena_alloc(work->change->arena,
		    work->cap * sizeof(*work->row));
		if (work->count > 0)
			memcpy(work->row, old, work->count * sizeof(*old));
	}
	return &work->row[work->count];
}

/* All rows to be moved, in arena. 1, 0 refused. */
static int
collect(struct work *work, struct request *request, struct err *err)
{
	struct arena *arena = work->change->arena;
	struct kv_range range;
	struct kv_key prefix;
	struct str key, value;
	int ret;

	store_key_name(&prefix, work->user->row.id, work->from);
	if (kv_range_open_prefix(&range, work->change->txn, STORE_TAB_NAME,
		kv_key_get(&prefix), err) < 0)
		return -1;
	while (work->count < MAILBOX_MAX &&
	    (ret = kv_range_next(&range, &key, &value, err)) > 0) {
		struct str name = str_sub(key, 4, key.len), rest;
		struct row *row;

		if (!str_eq(name, work->from) && !is_below(name, work->from))
			continue;
		row = next_row(work);
		rest = str_sub(name, work->from.len, name.len);
		row->old = arena_str(arena, name);
		row->new = str_of(arena_printf(arena, "%" STR_F "%" STR_F,
		    STR_A(work->to), STR_A(rest)));
		if ((ret = store_name_decode(&row->name, value, err)) < 0)
			break;
		if ((ret = check_new(work, request, row->new, err)) <= 0)
			break;
		work->count++;
	}
	kv_range_close(&range);
	if (ret < 0)
		return -1;
	return request->err.kind == ERR_NONE;
}

/* Parents of the new name; the mailbox made for the name itself goes again. */
static int
make_parents(struct work *work, struct request *request, struct err *err)
{
	struct open_mbox *mbox;
	ptrdiff_t slash = str_rchr(work->to, '/');
	struct store_name found;
	struct str parent;
	int ret;

	if (slash <= 0)
		return 1;
	parent = store_name_canonical(str_sub(work->to, 0, (size_t)slash));
	ret = store_row_name(work->change->txn, work->user->row.id, parent,
	    &found, err);
	if (ret != 0)
		return ret;
	return mailbox_make(work->change, request,
	    &(struct target){ work->user, work->above, parent }, STORE_USE_NONE,
	    STORE_TYPE_MAIL, &mbox, err);
}

static int
move_rights(struct work *work, const struct row *row, struct err *err)
{
	struct open_mbox *mbox;
	int ret = change_mbox(work->change, row->name.mailbox, &mbox, err);

	if (ret > 0)
		ret = acl_rename(work->change, mbox, row->new, err);
	return ret < 0 ? -1 : 0;
}

static int
move_names(struct work *work, struct err *err)
{
	struct change *change = work->change;
	struct kv_key key;
	size_t i;

	for (i = 0; i < work->count; i++) {
		store_key_name(&key, work->user->row.id, work->row[i].old);
		if (change_del(change, STORE_TAB_NAME, &key, err) < 0)
			return -1;
	}
	for (i = 0; i < work->count; i++) {
		store_key_name(&key, work->user->row.id, work->row[i].new);
		store_name_encode(&change->row, &work->row[i].name);
		if (change_put(change, STORE_TAB_NAME, &key,
			buf_str(&change->row), err) < 0 ||
		    move_rights(work, &work->row[i], err) < 0)
			return -1;
		change_notice(change, work->user->row.id,
		    work->row[i].name.mailbox, 0);
	}
	return 1;
}

/* 1, 0 refused. */
static int
check_names(struct work *work, struct request *request, struct err *err)
{
	if (is_below(work->to, work->from)) {
		request_refuse(request, ERR_SYNTAX,
		    "a mailbox cannot go below itself");
		return 0;
	}
	return check_new(work, request, work->to, err);
}

/* From where to where, and may whoever asks? 1, 0 refused, -1. */
static int
find_ends(struct change *change, struct request *request, struct target *from,
    struct target *to, struct err *err)
{
	const struct store_mailbox *in = request->in;
	int ret = target_find(change, request, in->user, in->name,
	    STORE_RIGHT_DELETE, from, err);

	if (ret > 0)
		ret =
		    target_place(change, request, in->user, in->name2, to, err);
	if (ret <= 0)
		return ret;
	if (from->owner != to->owner) {
		request_refuse(request, ERR_SYNTAX,
		    "a mailbox stays with its owner");
		return 0;
	}
	if (store_name_is_inbox(from->name) &&
	    request->who.user != from->owner->row.id &&
	    request->who.user != 0) {
		request_refuse(request, ERR_DENIED, "no right to do that");
		return 0;
	}
	return 1;
}

int
rename_mailbox(struct change *change, struct request *request, struct err *err)
{
	struct store_mailbox_done *out;
	struct work work = { .change = change };
	struct target from, to;
	int ret;

	if (request->phase != 0)
		return rename_inbox_run(change, request, err);
	ret = find_ends(change, request, &from, &to, err);
	if (ret > 0) {
		work.user = from.owner;
		work.from = from.name;
		work.to = to.name;
		work.above = to.mbox;
		ret = check_names(&work, request, err);
	}
	if (ret > 0 && store_name_is_inbox(work.from)) {
		to.owner = from.owner;
		return rename_inbox(change, request, from.mbox, &to, err);
	} else if (ret > 0) {
		ret = collect(&work, request, err);
		if (ret > 0)
			ret = make_parents(&work, request, err);
		if (ret > 0)
			ret = move_names(&work, err);
	}
	if (ret <= 0)
		return ret;
	out = request_answer(request, &store_mailbox_done_msg);
	out->mailbox = from.mbox->id;
	out->uidvalidity = from.mbox->row.uidvalidity;
	return 0;
}
