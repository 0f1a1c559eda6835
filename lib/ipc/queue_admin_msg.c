#include "ipc/queue_admin_msg.h"

#include "ipc/queue_msg.h"

enum { ADDRESS = 320, NAME = 512, REASON = 1000, SHORT_ID = 20 };

#define PATTERN(type)                                                          \
	IPC_FIELD(type, STR, pattern.sender, ADDRESS),                         \
	    IPC_FIELD(type, STR, pattern.recipient, ADDRESS),                  \
	    IPC_FIELD(type, STR, pattern.site, ADDRESS),                       \
	    IPC_FIELD(type, U32, pattern.older, 0)

static const struct ipc_field list_fields[] = {
	IPC_FIELD(struct queue_list, STR, after, SHORT_ID),
	PATTERN(struct queue_list),
};
const struct ipc_msg queue_list_msg =
    IPC_MSG(queue_list, QUEUE_LIST, list_fields);

#define M struct queue_listing_rcpt
static const struct ipc_field rcpt_fields[] = {
	IPC_FIELD(M, STR, address, ADDRESS),
	IPC_FIELD(M, STR, original, ADDRESS),
	IPC_FIELD(M, STR, transport, 64),
	IPC_FIELD(M, STR, nexthop, ADDRESS),
	IPC_FIELD(M, U8, state, 0),
	IPC_FIELD(M, STR, reason, REASON),
};
#undef M
static const struct ipc_msg rcpt_item =
    IPC_MSG(queue_listing_rcpt, 0, rcpt_fields);

#define M struct queue_listing
static const struct ipc_field listing_fields[] = {
	IPC_FIELD(M, STR, id, SHORT_ID),
	IPC_FIELD(M, STR, full_id, QUEUE_ID_MAX),
	IPC_FIELD(M, U8, state, 0),
	IPC_FIELD(M, STR, sender, ADDRESS),
	IPC_FIELD(M, STR, client_addr, 64),
	IPC_FIELD(M, STR, client_name, NAME),
	IPC_FIELD(M, STR, sasl_user, ADDRESS),
	IPC_FIELD(M, U64, arrival, 0),
	IPC_FIELD(M, U64, next_try, 0),
	IPC_FIELD(M, U64, size, 0),
	IPC_FIELD(M, U32, attempts, 0),
	IPC_FIELD(M, U32, rcpts_left, 0),
	IPC_FIELD(M, U32, rcpts_all, 0),
	IPC_FIELD(M, BOOL, spooled, 0),
	IPC_FIELD(M, STR, hold, QUEUE_HOLD_MAX),
	IPC_ITEMS(M, rcpts, QUEUE_SHOWN_RCPTS_MAX, &rcpt_item),
};
#undef M
static const struct ipc_msg listing_item =
    IPC_MSG(queue_listing, 0, listing_fields);

#define M struct queue_listed
static const struct ipc_field listed_fields[] = {
	IPC_ITEMS(M, messages, QUEUE_PAGE_MAX, &listing_item),
	IPC_FIELD(M, BOOL, more, 0),
	IPC_FIELD(M, STR, last, SHORT_ID),
	IPC_FIELD(M, U64, total, 0),
};
#undef M
const struct ipc_msg queue_listed_msg =
    IPC_MSG(queue_listed, QUEUE_LISTED, listed_fields);

static const struct ipc_field show_fields[] = {
	IPC_FIELD(struct queue_show, STR, id, SHORT_ID),
};
const struct ipc_msg queue_show_msg =
    IPC_MSG(queue_show, QUEUE_SHOW, show_fields);

static const struct ipc_field cat_fields[] = {
	IPC_FIELD(struct queue_cat, STR, id, SHORT_ID),
	IPC_FIELD(struct queue_cat, U64, from, 0),
};
const struct ipc_msg queue_cat_msg = IPC_MSG(queue_cat, QUEUE_CAT, cat_fields);

static const struct ipc_field part_fields[] = {
	IPC_FIELD(struct queue_cat_part, STR, bytes, QUEUE_CAT_MAX),
};
const struct ipc_msg queue_cat_part_msg =
    IPC_MSG(queue_cat_part, QUEUE_CAT_PART, part_fields);

static const struct ipc_field act_fields[] = {
	IPC_FIELD(struct queue_act, U8, op, 0),
	IPC_FIELD(struct queue_act, STR, id, SHORT_ID),
	IPC_FIELD(struct queue_act, STR, after, SHORT_ID),
	PATTERN(struct queue_act),
};
const struct ipc_msg queue_act_msg = IPC_MSG(queue_act, QUEUE_ACT, act_fields);

static const struct ipc_field acted_fields[] = {
	IPC_FIELD(struct queue_acted, U64, count, 0),
	IPC_FIELD(struct queue_acted, BOOL, more, 0),
	IPC_FIELD(struct queue_acted, STR, last, SHORT_ID),
};
const struct ipc_msg queue_acted_msg =
    IPC_MSG(queue_acted, QUEUE_ACTED, acted_fields);
