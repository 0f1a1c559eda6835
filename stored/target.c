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
	if (change_user_new(change, name, out, err) < 0 ||
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
	if (ret == 0) {
		request_refuse(request, ERR_NOENT, "no such mailbox");
		return 0;
	}
	if ((request_rights(request, &(*out)->row) & rights) != rights) {
		request_refuse(request, ERR_DENIED, "no right to do that");
		return 0;
	}
	return 1;
}

int
target_name(struct change *change, struct request *request,
    const struct open_user *user, struct str name, struct open_mbox **out,
    struct store_name *name_row, struct err *err)
{
	struct store_name row = { 0 };
	int ret = 0;

	name = store_name_canonical(name);
	if (name.len > 0 && name.len <= STORE_NAME_MAX)
		ret =
		    store_row_name(change->txn, user->row.id, name, &row, err);
	if (ret > 0)
		ret = change_mbox(change, row.mailbox, out, err);
	if (ret < 0)
		return -1;
	if (ret == 0)
		request_refuse(request, ERR_NOENT, "no such mailbox");
	if (name_row != NULL)
		*name_row = row;
	return ret;
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
