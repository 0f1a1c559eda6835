#include "auth/client.h"

enum { ANSWER_MAX = 65536 };

void
auth_client_init(struct auth_client *client, const char *path)
{
	client->path = path;
	client->id = 0;
	client->arena = arena_new(ANSWER_MAX);
	ipc_conn_init(&client->conn, -1, AUTH_CLIENT_TIMEOUT_MS);
	client->conn.out.secret = true;
}

void
auth_client_clear(struct auth_client *client)
{
	ipc_conn_clear(&client->conn);
	arena_free(client->arena);
}

/* The response was typed by somebody: no copy of it stays in the buffer. */
static void
wipe_sent(struct auth_client *client)
{
	buf_clear_secret(&client->conn.out);
}

static int
call(struct auth_client *client, const struct ipc_msg *msg, const void *req,
    struct auth_step *step, struct err *err)
{
	int ret;

	arena_reset(client->arena);
	ret = ipc_conn_call(&client->conn, msg, req, &auth_step_msg, step,
	    client->arena, err);
	wipe_sent(client);
	return ret;
}

int
auth_client_start(struct auth_client *client, struct auth_start *start,
    struct auth_step *step, struct err *err)
{
	bool was_open = client->conn.fd >= 0;

	start->id = ++client->id;
	if (ipc_conn_open(&client->conn, client->path, err) < 0)
		return -1;
	if (call(client, &auth_start_msg, start, step, err) == 0)
		return 0;
	/* authd was started anew since the last exchange: once more. */
	if (client->conn.fd >= 0 || !was_open)
		return -1;
	if (ipc_conn_open(&client->conn, client->path, err) < 0)
		return -1;
	return call(client, &auth_start_msg, start, step, err);
}

static int
next(struct auth_client *client, const struct auth_next *msg,
    struct auth_step *step, struct err *err)
{
	if (client->conn.fd < 0)
		return err_set(err, ERR_TEMP, "authd: connection lost");
	return call(client, &auth_next_msg, msg, step, err);
}

int
auth_client_next(struct auth_client *client, struct str response,
    struct auth_step *step, struct err *err)
{
	struct auth_next msg = { .id = client->id, .response = response };

	if (response.len > AUTH_RESPONSE_MAX)
		return err_set(err, ERR_LIMIT, "response too long");
	return next(client, &msg, step, err);
}

int
auth_client_cancel(struct auth_client *client, struct auth_step *step,
    struct err *err)
{
	struct auth_next msg = { .id = client->id, .cancel = true };

	return next(client, &msg, step, err);
}

void
auth_client_end(struct auth_client *client, struct str session, struct str user)
{
	struct auth_end msg = { .session = session, .user = user };
	struct err err;

	if (client->conn.fd >= 0)
		(void)ipc_conn_send(&client->conn, &auth_end_msg, 0, &msg,
		    &err);
}
