#include "queue/client.h"

#include <stdio.h>

/* Keep an id that qmgr sent. */
static void
keep_id(char out[QUEUE_ID_MAX + 1], struct str id)
{
	(void)snprintf(out, QUEUE_ID_MAX + 1, "%" STR_F, STR_A(id));
}

void
queue_client_init(struct queue_client *client, const char *path, int timeout_ms)
{
	*client = (struct queue_client){ .path = path };
	ipc_conn_init(&client->conn, -1, timeout_ms);
	client->arena = arena_new(65536);
}

void
queue_client_clear(struct queue_client *client)
{
	ipc_conn_clear(&client->conn);
	arena_free(client->arena);
	client->arena = NULL;
}

static int
call(struct queue_client *client, const struct ipc_msg *msg, const void *req,
    const struct ipc_msg *answer_msg, void *answer, struct err *err)
{
	if (ipc_conn_open(&client->conn, client->path, err) < 0) {
		err->kind = ERR_TEMP; /* that it is not there will pass */
		return -1;
	}
	arena_reset(client->arena);
	return ipc_conn_call(&client->conn, msg, req, answer_msg, answer,
	    client->arena, err);
}

int
queue_client_begin(struct queue_client *client, struct err *err)
{
	static const struct queue_begin begin = { 0 };
	struct queue_begun begun;

	/* An id dies with the qmgr that gave it. */
	ipc_conn_notice_end(&client->conn);
	if (client->id[0] != '\0' && client->conn.fd >= 0)
		return 0;
	if (client->next[0] != '\0' && client->conn.fd >= 0) {
		memcpy(client->id, client->next, sizeof(client->id));
		client->next[0] = '\0';
		return 0;
	}
	client->id[0] = client->next[0] = '\0';
	if (call(client, &queue_begin_msg, &begin, &queue_begun_msg, &begun,
		err) < 0)
		return -1;
	keep_id(client->id, begun.id);
	return 0;
}

int
queue_client_large(struct queue_client *client, uint64_t size_hint, int *fd,
    uint64_t *limit, struct err *err)
{
	struct queue_large large = { str_of(client->id), size_hint };
	struct queue_large_open answer = { .fd = -1 };

	*fd = -1;
	if (client->conn.fd < 0)
		return err_set(err, ERR_TEMP, "the queue was restarted");
	if (call(client, &queue_large_msg, &large, &queue_large_open_msg,
		&answer, err) < 0)
		return -1;
	if (answer.fd < 0)
		return err_set(err, ERR_CORRUPT, "no file came from the queue");
	*fd = answer.fd;
	*limit = answer.limit;
	return 0;
}

int
queue_client_commit(struct queue_client *client, struct queue_commit *request,
    struct err *err)
{
	struct queue_done done;
	int ret;

	/* a large body's file is known to the connection that made it */
	if (request->is_large && client->conn.fd < 0) {
		client->id[0] = '\0';
		return err_set(err, ERR_TEMP, "the queue was restarted");
	}
	request->id = str_of(client->id);
	ret = call(client, &queue_commit_msg, request, &queue_done_msg, &done,
	    err);
	client->id[0] = client->next[0] = '\0';
	if (ret == 0)
		keep_id(client->next, done.next_id);
	return ret;
}
