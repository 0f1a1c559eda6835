#include "verb/purge.h"

#include "ipc/auth_msg.h"
#include "ipc/conn.h"
#include "store/client.h"

enum { KICK_TIMEOUT_MS = 5000, PURGE_TIMEOUT_MS = 600000 };

/* INBOX cannot be deleted: its messages move here first. */
static const struct str REST = { "purged INBOX", 12 };

int
purge_sessions(struct verb_call *call, struct str user, struct err *err)
{
	struct auth_kick kick = { .user = user };
	struct arena *arena = arena_new(65536);
	struct auth_void done;
	struct ipc_conn conn;
	int fd = verb_connect(call, "authd", err), ret = -1;

	if (fd >= 0) {
		ipc_conn_init(&conn, fd, KICK_TIMEOUT_MS);
		ret = ipc_conn_call(&conn, &auth_kick_msg, &kick,
		    &auth_void_msg, &done, arena, err);
		ipc_conn_clear(&conn);
	}
	arena_free(arena);
	return ret < 0 ? err_prefix(err, "authd") : 0;
}

/* All of one answer's mailboxes but INBOX. *deleted: there was one. */
static int
delete_listed(struct store_client *client, struct str user,
    const struct store_listed *listed, bool *deleted, struct err *err)
{
	const struct store_listing *row = listed->mailboxes.items;

	*deleted = false;
	for (size_t i = 0; i < listed->mailboxes.count; i++) {
		if (str_ieqz(row[i].name, "INBOX"))
			continue;
		if (store_client_delete_wholly(client, user, row[i].name, err) <
			0 &&
		    err->kind != ERR_NOENT)
			return -1;
		*deleted = true;
	}
	return 0;
}

static int
delete_all(struct store_client *client, struct str user, struct err *err)
{
	bool deleted = true;
	int ret = 0;

	while (ret == 0 && deleted) {
		struct arena *arena = arena_new(0);
		struct store_listed listed;

		ret = store_client_list(client, user, STR(""), arena, &listed,
		    err);
		if (ret == 0)
			ret =
			    delete_listed(client, user, &listed, &deleted, err);
		arena_free(arena);
	}
	return ret;
}

static int
forget_rights(struct store_client *client, struct str identity, struct err *err)
{
	struct store_acl_change req = { .op = STORE_ACL_FORGET,
		.identifier = identity };
	struct arena *arena = arena_new(0);
	struct store_acl_list answer;
	int ret = store_client_acl(client, &req, arena, &answer, err);

	arena_free(arena);
	return ret;
}

int
purge_rights(struct verb_call *call, struct str identity, struct err *err)
{
	struct store_client *client;
	int fd = verb_connect(call, "stored", err), ret;

	if (fd < 0)
		return -1;
	client = store_client_new(fd, PURGE_TIMEOUT_MS);
	ret = forget_rights(client, identity, err);
	store_client_free(client);
	return ret;
}

int
purge_mailboxes(struct verb_call *call, struct str user, struct err *err)
{
	struct store_client *client;
	int fd = verb_connect(call, "stored", err), ret;

	if (fd < 0)
		return -1;
	client = store_client_new(fd, PURGE_TIMEOUT_MS);
	ret = delete_all(client, user, err);
	if (ret == 0)
		ret =
		    store_client_rename(client, user, STR("INBOX"), REST, err);
	if (ret == 0)
		ret = delete_all(client, user, err);
	if (ret == 0)
		ret = store_client_purge(client, user, err);
	if (ret < 0 && err->kind == ERR_NOENT)
		ret = 0; /* never had any mail */
	if (ret == 0)
		ret = forget_rights(client, user, err);
	store_client_free(client);
	return ret;
}
