/*
 * client - hand a message to qmgr and know that it is on disk.
 *
 *	queue_client_begin(&client, &err)	at MAIL FROM: client.id
 *	queue_client_large(...)			only for a long body
 *	queue_client_commit(&client, &req, &err)	0 is 250
 *
 * Blocking, for session daemons; one message at a time. The connection is
 * made when first needed, and again after trouble. Every failure is the
 * error's kind: ERR_TEMP 451, ERR_LIMIT 452. When a commit ends in ERR_TEMP
 * because the connection broke, qmgr may have the message all the same; the
 * client will send it again and it will arrive twice, never not at all.
 */
#ifndef QUEUE_CLIENT_H
#define QUEUE_CLIENT_H

#include "base/arena.h"
#include "ipc/conn.h"
#include "ipc/queue_msg.h"
#include "queue/id.h"

struct queue_client {
	const char *path; /* borrowed: "qmgr" */
	struct ipc_conn conn;
	struct arena *arena;
	char id[QUEUE_ID_MAX + 1];   /* of the transaction, the full form */
	char next[QUEUE_ID_MAX + 1]; /* came with the last commit; "" none */
};

/* Does not connect yet. timeout_ms is for each answer. */
void queue_client_init(struct queue_client *client, const char *path,
    int timeout_ms);
void queue_client_clear(struct queue_client *client);

/*
 * Begin a transaction: client->id is its id. A second begin without a commit
 * keeps the id, since nothing was kept under it. ERR_LIMIT: no room.
 */
int queue_client_begin(struct queue_client *client, struct err *err);

/*
 * A file for a body over queue_inline_limit. *fd is the caller's: write at
 * most *limit bytes, fsync, close, then commit with is_large and large_len.
 * Asked again (before the commit) it is a new, empty file.
 */
int queue_client_large(struct queue_client *client, uint64_t size_hint, int *fd,
    uint64_t *limit, struct err *err);

/*
 * Commit the transaction; request->id is set by this function. When it
 * returns 0 the message is on disk: say 250. After ERR_TEMP or ERR_LIMIT the
 * transaction is over, and the id is not used again.
 */
int queue_client_commit(struct queue_client *client,
    struct queue_commit *request, struct err *err);

#endif
