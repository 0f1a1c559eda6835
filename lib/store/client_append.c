/*
 * client_append - appends, one after the other or many under way: the part of
 * store/client.h that brings messages.
 */
#include <poll.h>
#include <unistd.h>

#include "base/fsutil.h"
#include "store/client_impl.h"

/* Put a long body into a file of stored's and name that in *req. */
static int
send_large(struct store_client *client, struct store_append *req,
    struct err *err)
{
	struct store_large_open room;
	int ret = -1;

	if (store_client_large(client, req->body.len, &room, err) < 0)
		return -1;
	if (req->body.len > room.limit)
		err_set(err, ERR_LIMIT, "message is too large");
	else if (fs_write_all(room.fd, req->body.p, req->body.len, err) < 0 ||
	    fdatasync(room.fd) < 0)
		err_set(err, ERR_TEMP, "cannot write a large message");
	else
		ret = 0;
	(void)close(room.fd);
	req->large = room.token;
	req->large_len = req->body.len;
	req->body = STR("");
	return ret;
}

/* The answer's texts into the arena. */
static void
keep(struct arena *arena, struct store_appended *answer)
{
	struct store_append_result *result = answer->results.items;

	for (size_t i = 0; i < answer->results.count; i++)
		result[i].text = arena_str(arena, result[i].text);
}

int
store_client_append(struct store_client *client, const struct store_append *req,
    struct arena *arena, struct store_appended *answer, struct err *err)
{
	struct store_append copy = *req;

	if (req->body.len > STORE_MSG_INLINE_MAX &&
	    send_large(client, &copy, err) < 0)
		return -1;
	if (client_call(client, arena, &store_append_msg, &copy,
		&store_appended_msg, answer, err) < 0)
		return -1;
	if (answer->results.count != req->targets.count)
		return client_broken(client, err);
	keep(arena, answer);
	return 0;
}

/* Send one of those that may be many under way. */
static int
begin(struct store_client *client, const struct ipc_msg *msg, const void *req,
    uint16_t *tag, struct err *err)
{
	if (client_send(client, msg, req, err) < 0) {
		client->pending = 0;
		return -1;
	}
	*tag = client->conn.tag;
	client->pending++;
	return 0;
}

int
store_client_append_begin(struct store_client *client,
    const struct store_append *req, uint16_t *tag, struct err *err)
{
	return begin(client, &store_append_msg, req, tag, err);
}

int
store_client_append_all_begin(struct store_client *client,
    const struct store_append_all *req, uint16_t *tag, struct err *err)
{
	return begin(client, &store_append_all_msg, req, tag, err);
}

unsigned
store_client_pending(const struct store_client *client)
{
	return client->pending;
}

/* Has a frame come, or its beginning? */
static bool
is_answered(const struct store_client *client)
{
	struct pollfd poller = { client->conn.fd, POLLIN, 0 };

	return client->conn.in.len > client->conn.in_taken ||
	    poll(&poller, 1, 0) > 0;
}

int
store_client_append_end(struct store_client *client, bool wait,
    struct arena *arena, uint16_t *tag, struct store_appended *answer,
    struct err *result, struct err *err)
{
	struct frame frame;

	if (client->pending == 0)
		return 0;
	if (!wait && !is_answered(client))
		return 0;
	if (client_receive(client, &frame, err) < 0) {
		client->pending = 0;
		return -1;
	}
	if (client_decode(client, &frame, arena, &store_appended_msg, answer,
		result, err) < 0)
		return -1;
	if (result->kind == ERR_NONE)
		keep(arena, answer);
	*tag = frame.tag;
	client->pending--;
	return 1;
}

int
store_client_adopt(struct store_client *client, const struct store_adopt *req,
    struct store_adopted *answer, struct err *err)
{
	arena_reset(client->arena);
	return client_call(client, client->arena, &store_adopt_msg, req,
	    &store_adopted_msg, answer, err);
}
