#include "stored/acl.h"

#include "ipc/store_msg.h"
#include "store/acl.h"
#include "store/rights.h"
#include "stored/target.h"

enum { DROP_MAX = 10000 /* mailboxes that one identity is in */ };

static int
put_share(struct change *change, const struct open_mbox *mbox, struct str name,
    const struct store_acl_entry *entry, struct err *err)
{
	struct store_share row = { entry->given, entry->denied, name };
	struct kv_key key;

	store_key_share(&key, entry->identity, mbox->row.owner, mbox->id);
	store_share_encode(&change->row, &row);
	return change_put(change, STORE_TAB_SHARE, &key, buf_str(&change->row),
	    err);
}

static int
del_share(struct change *change, const struct open_mbox *mbox,
    struct str identity, struct err *err)
{
	struct kv_key key;

	store_key_share(&key, identity, mbox->row.owner, mbox->id);
	return change_del(change, STORE_TAB_SHARE, &key, err);
}

/* The list of a mailbox that has one, in the batch's arena. 1, 0 none. */
static int
get_list(struct change *change, const struct open_mbox *mbox,
    struct store_acl **out, struct err *err)
{
	if (mbox->row.acl.len == 0)
		return 0;
	*out = arena_alloc(change->arena, sizeof(**out));
	return store_acl_decode(*out, mbox->row.acl, STR(""), err) < 0 ? -1 : 1;
}

int
acl_rename(struct change *change, struct open_mbox *mbox, struct str name,
    struct err *err)
{
	struct store_acl *acl;
	int ret = get_list(change, mbox, &acl, err);

	for (size_t i = 0; ret > 0 && i < acl->count; i++)
		if (put_share(change, mbox, name, &acl->entry[i], err) < 0)
			return -1;
	return ret < 0 ? -1 : 0;
}

int
acl_inherit(struct change *change, struct open_mbox *mbox, struct str name,
    const struct open_mbox *from, struct err *err)
{
	if (from == NULL || from->row.acl.len == 0)
		return 0;
	mbox->row.acl = arena_str(change->arena, from->row.acl);
	mbox->is_dirty = true;
	return acl_rename(change, mbox, name, err);
}

int
acl_drop(struct change *change, struct open_mbox *mbox, struct err *err)
{
	struct store_acl *acl;
	int ret = get_list(change, mbox, &acl, err);

	for (size_t i = 0; ret > 0 && i < acl->count; i++)
		if (del_share(change, mbox, acl->entry[i].identity, err) < 0)
			return -1;
	mbox->row.acl = STR("");
	mbox->is_dirty = true;
	return ret < 0 ? -1 : 0;
}

/* The new rights where there were old ones. */
static uint16_t
modify(uint8_t mode, uint16_t old, uint32_t rights)
{
	switch (mode) {
	case STORE_ACL_ADD:
		return (uint16_t)(old | rights);
	case STORE_ACL_REMOVE:
		return (uint16_t)(old & ~rights);
	default:
		return (uint16_t)rights;
	}
}

/* Keep the list, and tell who may lose or gain the mailbox by it. */
static void
put_list(struct change *change, struct open_mbox *mbox,
    const struct store_acl *acl)
{
	store_acl_encode(&change->row, acl);
	mbox->row.acl = arena_str(change->arena, buf_str(&change->row));
	mbox->is_dirty = true;
	change_notice(change, mbox->row.owner, mbox->id, 0);
}

static int
set_entry(struct change *change, struct request *request,
    const struct target *target, struct store_acl *acl, struct err *err)
{
	const struct store_acl_entry *old;
	const struct store_acl_change *in = request->in;
	struct store_acl_entry entry = { .given = 0 };
	bool denied, is_new = target->mbox->row.acl.len == 0;
	struct err wrong;
	uint16_t *field;

	if (in->mode > STORE_ACL_REMOVE || in->rights & ~STORE_RIGHTS_ALL)
		return request_refuse(request, ERR_SYNTAX, "not rights");
	if (store_identity_parse(&entry.identity, &denied, in->identifier,
		target->owner->name, change->arena, &wrong) < 0)
		return request_refuse(request, wrong.kind, "%s", wrong.text);
	old = store_acl_find(acl, entry.identity);
	if (old != NULL)
		entry = *old;
	field = denied ? &entry.denied : &entry.given;
	*field = modify(in->mode, *field, in->rights);
	if (store_acl_set(acl, &entry, &wrong) < 0)
		return request_refuse(request, wrong.kind, "%s", wrong.text);
	/* What was meant without a list now stands in one. */
	for (size_t i = 0; is_new && i < acl->count; i++)
		if (put_share(change, target->mbox, target->name,
			&acl->entry[i], err) < 0)
			return -1;
	if ((entry.given | entry.denied) == 0) {
		if (del_share(change, target->mbox, entry.identity, err) < 0)
			return -1;
	} else if (put_share(change, target->mbox, target->name, &entry, err) <
	    0) {
		return -1;
	}
	put_list(change, target->mbox, acl);
	return 0;
}

static int
answer(struct request *request, const struct open_user *owner,
    const struct store_acl *acl)
{
	struct store_acl_list *out =
	    request_answer(request, &store_acl_list_msg);
	struct store_acl_item *item =
	    arena_calloc(request->arena, acl->count + 1, sizeof(*item));

	if (item == NULL)
		return request_refuse(request, ERR_LIMIT, "list is too long");
	for (size_t i = 0; i < acl->count; i++) {
		item[i].identifier = arena_str(request->arena,
		    store_identity_shown(acl->entry[i].identity, owner->name));
		item[i].given = acl->entry[i].given;
		item[i].denied = acl->entry[i].denied;
	}
	out->items = (struct ipc_list){ item, acl->count };
	return 0;
}

/* One mailbox an identity is in. */
struct place {
	uint32_t mailbox;
};

static int
collect(struct change *change, struct str identity, struct place *place,
    size_t *count, struct err *err)
{
	struct str key, row, name;
	struct kv_range range;
	struct kv_key prefix;
	uint32_t owner;
	int ret = 0;

	*count = 0;
	store_key_shares(&prefix, identity, 0);
	if (kv_range_open_prefix(&range, change->txn, STORE_TAB_SHARE,
		kv_key_get(&prefix), err) < 0)
		return -1;
	while (*count < DROP_MAX &&
	    (ret = kv_range_next(&range, &key, &row, err)) > 0)
		*count +=
		    store_share_key(key, &name, &owner, &place[*count].mailbox);
	kv_range_close(&range);
	return ret < 0 ? -1 : 0;
}

static int
take_out(struct change *change, struct open_mbox *mbox, struct str identity,
    struct err *err)
{
	struct store_acl_entry none = { identity, 0, 0 };
	struct store_acl *acl;
	int ret = get_list(change, mbox, &acl, err);

	if (ret <= 0)
		return ret;
	if (store_acl_set(acl, &none, err) < 0 ||
	    del_share(change, mbox, identity, err) < 0)
		return -1;
	put_list(change, mbox, acl);
	return 0;
}

/* Who is called that is no more: out of every list. */
static int
forget(struct change *change, struct request *request, struct err *err)
{
	static const struct store_acl empty = { .count = 0 };
	const struct store_acl_change *in = request->in;
	struct open_user nobody = { .name = STR("") };
	struct open_mbox *mbox;
	struct place *place;
	size_t count;

	if (!request->is_trusted)
		return request_refuse(request, ERR_DENIED, "not for you");
	place = arena_alloc(change->arena, DROP_MAX * sizeof(*place));
	if (collect(change, in->identifier, place, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		int ret = change_mbox(change, place[i].mailbox, &mbox, err);

		if (ret > 0)
			ret = take_out(change, mbox, in->identifier, err);
		if (ret < 0)
			return -1;
	}
	return answer(request, &nobody, &empty);
}

int
acl_run(struct change *change, struct request *request, struct err *err)
{
	const struct store_acl_change *in = request->in;
	struct target target;
	struct store_acl *acl;
	int ret;

	if (in->op == STORE_ACL_FORGET)
		return forget(change, request, err);
	if (in->op > STORE_ACL_FORGET)
		return request_refuse(request, ERR_SYNTAX, "acl: op %u",
		    in->op);
	ret = target_find(change, request, in->user, in->name,
	    STORE_RIGHT_ADMIN, &target, err);
	if (ret <= 0)
		return ret;
	acl = arena_alloc(change->arena, sizeof(*acl));
	if (store_acl_decode(acl, target.mbox->row.acl, target.owner->name,
		err) < 0)
		return -1;
	if (in->op == STORE_ACL_SET &&
	    (set_entry(change, request, &target, acl, err) < 0))
		return -1;
	if (request->err.kind != ERR_NONE)
		return 0;
	return answer(request, target.owner, acl);
}
