#include "ipc/queue_msg.h"

enum { ADDRESS = 320, NAME = 512 };

static const struct ipc_field begin_fields[] = {
	IPC_FIELD(struct queue_begin, U8, unused, 0),
};
const struct ipc_msg queue_begin_msg =
    IPC_MSG(queue_begin, QUEUE_BEGIN, begin_fields);

static const struct ipc_field begun_fields[] = {
	IPC_FIELD(struct queue_begun, STR, id, QUEUE_ID_MAX),
};
const struct ipc_msg queue_begun_msg =
    IPC_MSG(queue_begun, QUEUE_BEGUN, begun_fields);

static const struct ipc_field large_fields[] = {
	IPC_FIELD(struct queue_large, STR, id, QUEUE_ID_MAX),
	IPC_FIELD(struct queue_large, U64, size_hint, 0),
};
const struct ipc_msg queue_large_msg =
    IPC_MSG(queue_large, QUEUE_LARGE, large_fields);

static const struct ipc_field large_open_fields[] = {
	IPC_FIELD(struct queue_large_open, U64, limit, 0),
	IPC_FIELD(struct queue_large_open, FD, fd, 0),
};
const struct ipc_msg queue_large_open_msg =
    IPC_MSG(queue_large_open, QUEUE_LARGE_OPEN, large_open_fields);

#define M struct queue_rcpt
static const struct ipc_field rcpt_fields[] = {
	IPC_FIELD(M, STR, address, ADDRESS),
	IPC_FIELD(M, STR, orcpt, 600),
	IPC_FIELD(M, STR, original, ADDRESS),
	IPC_FIELD(M, U8, notify, 0),
	IPC_FIELD(M, STR, transport, 64),
	IPC_FIELD(M, STR, nexthop, ADDRESS),
	IPC_FIELD(M, STR, sender, ADDRESS),
	IPC_FIELD(M, STR, forwarder, ADDRESS),
};
#undef M
static const struct ipc_msg rcpt_item = IPC_MSG(queue_rcpt, 0, rcpt_fields);

#define M struct queue_commit
static const struct ipc_field commit_fields[] = {
	IPC_FIELD(M, STR, id, QUEUE_ID_MAX),
	IPC_FIELD(M, STR, sender, ADDRESS),
	IPC_FIELD(M, U8, body_type, 0),
	IPC_FIELD(M, BOOL, smtputf8, 0),
	IPC_FIELD(M, U8, ret, 0),
	IPC_FIELD(M, STR, envid, 200),
	IPC_FIELD(M, STR, client_addr, 64),
	IPC_FIELD(M, STR, client_name, NAME),
	IPC_FIELD(M, STR, helo, NAME),
	IPC_FIELD(M, STR, protocol, 32),
	IPC_FIELD(M, STR, sasl_user, ADDRESS),
	IPC_FIELD(M, STR, hold, QUEUE_HOLD_MAX),
	IPC_ITEMS(M, rcpts, QUEUE_RCPTS_MAX, &rcpt_item),
	IPC_FIELD(M, STR, prefix, QUEUE_PREFIX_MAX),
	IPC_FIELD(M, U64, header_len, 0),
	IPC_FIELD(M, BOOL, is_large, 0),
	IPC_FIELD(M, U64, large_len, 0),
	IPC_FIELD(M, STR, body, QUEUE_INLINE_MAX),
};
#undef M
const struct ipc_msg queue_commit_msg =
    IPC_MSG(queue_commit, QUEUE_COMMIT, commit_fields);

static const struct ipc_field done_fields[] = {
	IPC_FIELD(struct queue_done, STR, next_id, QUEUE_ID_MAX),
};
const struct ipc_msg queue_done_msg =
    IPC_MSG(queue_done, QUEUE_DONE, done_fields);
