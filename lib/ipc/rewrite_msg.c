#include "ipc/rewrite_msg.h"

static const struct ipc_field rcpt_fields[] = {
	IPC_FIELD(struct rewrite_rcpt, STR, address, REWRITE_ADDRESS_MAX),
	IPC_FIELD(struct rewrite_rcpt, STR, sender, REWRITE_ADDRESS_MAX),
};
const struct ipc_msg rewrite_rcpt_msg =
    IPC_MSG(rewrite_rcpt, REWRITE_RCPT, rcpt_fields);

#define M struct rewrite_target
static const struct ipc_field target_fields[] = {
	IPC_FIELD(M, STR, address, REWRITE_ADDRESS_MAX),
	IPC_FIELD(M, STR, transport, REWRITE_NAME_MAX),
	IPC_FIELD(M, STR, nexthop, REWRITE_ADDRESS_MAX),
	IPC_FIELD(M, STR, sender, REWRITE_ADDRESS_MAX),
	IPC_FIELD(M, STR, forwarder, REWRITE_ADDRESS_MAX),
};
#undef M
static const struct ipc_msg target_item =
    IPC_MSG(rewrite_target, 0, target_fields);

#define M struct rewrite_rcpt_answer
static const struct ipc_field rcpt_answer_fields[] = {
	IPC_FIELD(M, U8, status, 0),
	IPC_ITEMS(M, targets, REWRITE_TARGETS_MAX, &target_item),
	IPC_FIELD(struct rewrite_rcpt_answer, BOOL, full, 0),
};
#undef M
const struct ipc_msg rewrite_rcpt_answer_msg =
    IPC_MSG(rewrite_rcpt_answer, REWRITE_RCPT_ANSWER, rcpt_answer_fields);

static const struct ipc_field user_fields[] = {
	IPC_FIELD(struct rewrite_user, STR, address, REWRITE_ADDRESS_MAX),
};
const struct ipc_msg rewrite_user_msg =
    IPC_MSG(rewrite_user, REWRITE_USER, user_fields);

#define M struct rewrite_user_answer
static const struct ipc_field user_answer_fields[] = {
	IPC_FIELD(M, U8, status, 0),
	IPC_FIELD(M, STR, user, REWRITE_ADDRESS_MAX),
	IPC_FIELD(M, STR, detail, REWRITE_ADDRESS_MAX),
	IPC_FIELD(M, STR, partition, REWRITE_NAME_MAX),
	IPC_FIELD(M, U64, quota, 0),
	IPC_FIELD(M, U64, quota_messages, 0),
	IPC_FIELD(M, STR, mailbox, REWRITE_MAILBOX_MAX),
};
#undef M
const struct ipc_msg rewrite_user_answer_msg =
    IPC_MSG(rewrite_user_answer, REWRITE_USER_ANSWER, user_answer_fields);

#define M struct rewrite_sender
static const struct ipc_field sender_fields[] = {
	IPC_FIELD(M, STR, user, REWRITE_ADDRESS_MAX),
	IPC_FIELD(M, STR, address, REWRITE_ADDRESS_MAX),
};
#undef M
const struct ipc_msg rewrite_sender_msg =
    IPC_MSG(rewrite_sender, REWRITE_SENDER, sender_fields);

static const struct ipc_field sender_answer_fields[] = {
	IPC_FIELD(struct rewrite_sender_answer, BOOL, allowed, 0),
};
const struct ipc_msg rewrite_sender_answer_msg =
    IPC_MSG(rewrite_sender_answer, REWRITE_SENDER_ANSWER, sender_answer_fields);
