#include "stored/target.h"

#include "store/rights.h"
#include "stored/mailbox.h"

int
target_user(struct change *change, struct request *request, struct str name,
    struct open_user **out, struct err *err)
{
	int ret;

	if (name.len == 0)
		name = request->who.name;
	if (!request->is_trusted && !str_eq(name, request->who.name)) {
		request_refuse(request, ERR_DENIED, "another user's mailbox");
		return 0;
	}
	if (!store_user_name_is_valid(name)) {
		request_refuse(request, ERR_SYNTAX, "not a user's name");
		return 0;
	}
	ret = change_user(change, name, out, err);
	if (ret != 0)
		return ret;
	if (change_user_new(change, name, out, err) < 0)
		return -1;
	/* What a domain shares is made by hand. */
	if (!store_who_is_shared(name) &&
	    mailbox_make_defaults(change, *out, err) < 0)
		return -1;
	return 1;
}

int
target_mbox(struct change *change, struct request *request, uint32_t mailbox,
    uint32_t rights, struct open_mbox **out, struct err *err)
{
	int ret = change_mbox(change, mailbox, out, err);

	if (ret < 0)
		return -1;
	if (ret == 0 || (*out)->row.gone != 0) {
		request_refuse(request, ERR_NOENT, "no such mailbox");
		return 0;
	}
	if ((request_rights(request, &(*out)->row) & rights) != rights) {
		request_refuse(request, ERR_DENIED, "no right to do that");
		return 0;
	}
	return 1;
}

/* By the owner's words: the trusted, and one's own. 1, 0 there is none. */
static int
find_of(struct change *change, struct target *out, struct err *err)
{
	struct store_name row;
	int ret = 0;

	if (out->name.len > 0 && out->name.len <= STORE_NAME_MAX)
		ret = store_row_name(change->txn, out->owner->row.id, out->name,
		    &row, err);
	return ret <= 0 ? ret :
			  change_mbox(change, row.mailbox, &out->mbox, err);
}

/* By the words of whoever asks. 1, 0 there is none for them. */
static int
find_for(struct change *change, const struct request *request, struct str name,
    struct target *out, struct err *err)
{
	struct store_found found;
	struct store_path path;
	int ret = store_find(change->txn, &request->who, name, &found, err);

	if (ret <= 0)
		return ret;
	store_path_parse(&path, name, &request->who);
	out->name = arena_str(change->arena, path.name);
	ret = change_user_id(change, found.owner, &out->owner, err);
	return ret <= 0 ?
	    ret :
	    change_mbox(change, found.name.mailbox, &out->mbox, err);
}

int
target_find(struct change *change, struct request *request, struct str user,
    struct str name, uint32_t rights, struct target *out, struct err *err)
{
	int ret;

	*out = (struct target){ .name = store_name_canonical(name) };
	if (user.len == 0) {
		ret = find_for(change, request, name, out, err);
	} else {
		ret = target_user(change, request, user, &out->owner, err);
		if (ret <= 0)
			return ret;
		out->name = arena_str(change->arena, out->name);
		ret = find_of(change, out, err);
	}
	if (ret < 0)
		return -1;
	if (ret == 0) {
		request_refuse(request, ERR_NOENT, "no such mailbox");
		return 0;
	}
	if ((request_rights(request, &out->mbox->row) & rights) == rights)
		return 1;
	request_refuse(request, ERR_DENIED, "no right to do that");
	return 0;
}

/* The name above, in place. false: there is none. */
static bool
go_up(struct str *name)
{
	ptrdiff_t slash = str_rchr(*name, '/');

	if (slash <= 0)
		return false;
	name->len = (size_t)slash;
	return true;
}

/* The nearest mailbox above that whoever asks knows of. 1, 0, -1. */
static int
find_above_for(struct change *change, const struct request *request,
    struct str name, struct target *out, struct err *err)
{
	int ret = 0;

	while (ret == 0 && go_up(&name))
		ret = find_for(change, request, name, out, err);
	return ret;
}

static int
find_above_of(struct change *change, struct target *out, struct err *err)
{
	struct target above = *out;
	int ret = 0;

	while (ret == 0 && go_up(&above.name)) {
		above.name = store_name_canonical(above.name);
		ret = find_of(change, &above, err);
	}
	out->mbox = ret > 0 ? above.mbox : NULL;
	return ret < 0 ? -1 : 0;
}

/*
 * In somebody else's tree: first what whoever asks may know decides, then
 * what there is, which may be a mailbox in between that is hidden from them.
 */
static int
place_for(struct change *change, struct request *request, struct str text,
    struct str name, struct target *out, struct err *err)
{
	int ret = find_above_for(change, request, text, out, err);

	if (ret > 0) {
		out->name = name;
		ret = find_above_of(change, out, err) < 0 ? -1 : 1;
	}
	if (ret < 0)
		return -1;
	if (ret > 0 && out->mbox != NULL &&
	    request_rights(request, &out->mbox->row) & STORE_RIGHT_CREATE)
		return 1;
	request_refuse(request, ERR_DENIED, "no right to do that");
	return 0;
}

int
target_place(struct change *change, struct request *request, struct str user,
    struct str name, struct target *out, struct err *err)
{
	struct store_path path = { .kind = STORE_PATH_OWN,
		.name = store_name_canonical(name) };
	struct err wrong;
	int ret;

	*out = (struct target){ .mbox = NULL };
	if (user.len == 0)
		store_path_parse(&path, name, &request->who);
	if (path.kind == STORE_PATH_NODE) {
		request_refuse(request, ERR_DENIED, "no right to do that");
		return 0;
	}
	if (store_name_check(path.name, &wrong) < 0) {
		request_refuse(request, wrong.kind, "%s", wrong.text);
		return 0;
	}
	out->name = arena_str(change->arena, path.name);
	if (path.kind == STORE_PATH_OTHER)
		return place_for(change, request, name, out->name, out, err);
	ret = target_user(change, request, user, &out->owner, err);
	if (ret <= 0)
		return ret;
	if (find_above_of(change, out, err) < 0)
		return -1;
	if (out->mbox == NULL ||
	    request_rights(request, &out->mbox->row) & STORE_RIGHT_CREATE)
		return 1;
	request_refuse(request, ERR_DENIED, "no right to do that");
	return 0;
}

static bool
refuse_quota(struct request *request)
{
	(void)request_refuse(request, ERR_LIMIT, "over quota");
	request->err.cause = ERR_CAUSE_QUOTA;
	return false;
}

bool
target_has_room(struct request *request, const struct open_user *user,
    uint64_t bytes, uint64_t messages)
{
	const struct store_user *row = &user->row;

	if (row->limit_bytes != 0 &&
	    (bytes > row->limit_bytes || row->bytes > row->limit_bytes - bytes))
		return refuse_quota(request);
	if (row->limit_messages != 0 &&
	    (messages > row->limit_messages ||
		row->messages > row->limit_messages - messages))
		return refuse_quota(request);
	return true;
}
