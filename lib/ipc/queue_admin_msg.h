/*
 * queue_admin_msg - ctl to qmgr: what the operator asks of the queue.
 *
 * Messages are named by the short queue id. Lists come in pages: ask again
 * with the last id as after. An id that does not exist is ERR_NOENT.
 */
#ifndef IPC_QUEUE_ADMIN_MSG_H
#define IPC_QUEUE_ADMIN_MSG_H

#include "ipc/codec.h"

enum {
	QUEUE_PAGE_MAX = 200,         /* messages in one answer */
	QUEUE_PAGE_RCPTS_MAX = 50,    /* recipients of each in a list */
	QUEUE_SHOWN_RCPTS_MAX = 5000, /* and of one that is shown */
	QUEUE_CAT_MAX = 1 << 20,
	QUEUE_LIST = 80,
	QUEUE_LISTED = 81,
	QUEUE_SHOW = 82,
	QUEUE_CAT = 83,
	QUEUE_CAT_PART = 84,
	QUEUE_ACT = 85,
	QUEUE_ACTED = 86,
};

/*
 * Which messages: those for which all that is given is true. In the texts "*"
 * stands for anything and "?" for one byte; letters compare without case; ""
 * is not given, and "<>" as sender the null sender.
 */
struct queue_pattern {
	struct str sender;
	struct str recipient; /* of somebody left, or as it was written */
	struct str site;      /* next hop of somebody left */
	uint32_t older;       /* seconds it has been here; 0: not given */
};

struct queue_list {
	struct str after; /* "" from the beginning: the oldest first */
	struct queue_pattern pattern;
};
extern const struct ipc_msg queue_list_msg;

enum queue_listing_state {
	QUEUE_LISTING_ACTIVE,   /* being delivered, or about to be */
	QUEUE_LISTING_DEFERRED, /* waits for next_try */
	QUEUE_LISTING_HELD,
};

struct queue_listing_rcpt {
	struct str address, original, transport, nexthop;
	uint8_t state;     /* enum queue_state */
	struct str reason; /* why it was put off last */
};

struct queue_listing {
	struct str id, full_id;
	uint8_t state; /* enum queue_listing_state */
	struct str sender, client_addr, client_name, sasl_user;
	int64_t arrival, next_try; /* seconds since 1970; 0: now */
	uint64_t size;
	uint32_t attempts, rcpts_left, rcpts_all;
	bool spooled;
	struct str hold;       /* why it came in on hold, or "" */
	struct ipc_list rcpts; /* struct queue_listing_rcpt, those left first */
};

struct queue_listed {
	struct ipc_list messages; /* struct queue_listing */
	bool more;                /* ask again with last as after */
	struct str last;          /* looked at; "" none */
	uint64_t total;           /* messages in the queue */
};
extern const struct ipc_msg queue_listed_msg;

/* One message, with its recipients: answered by queue_listed. */
struct queue_show {
	struct str id;
};
extern const struct ipc_msg queue_show_msg;

/* The message as it is sent, from this byte on. */
struct queue_cat {
	struct str id;
	uint64_t from;
};
extern const struct ipc_msg queue_cat_msg;

struct queue_cat_part {
	struct str bytes; /* "" at the end */
};
extern const struct ipc_msg queue_cat_part_msg;

enum queue_act_op {
	QUEUE_ACT_HOLD,
	QUEUE_ACT_RELEASE,
	QUEUE_ACT_REQUEUE, /* release, ask anew where it goes, try now */
	QUEUE_ACT_DELETE,
	QUEUE_ACT_FLUSH, /* try now */
};

struct queue_act {
	uint8_t op;       /* enum queue_act_op */
	struct str id;    /* "" is every message of the pattern, ... */
	struct str after; /* ... from here on, as in a list */
	struct queue_pattern pattern;
};
extern const struct ipc_msg queue_act_msg;

struct queue_acted {
	uint64_t count; /* messages it was true for; durable */
	bool more;      /* as in a list */
	struct str last;
};
extern const struct ipc_msg queue_acted_msg;

#endif
