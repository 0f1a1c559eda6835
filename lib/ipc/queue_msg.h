/*
 * queue_msg - smtpd to qmgr: a message to be kept.
 *
 * When a transaction begins smtpd has an id: from queue_begin, or from the
 * answer to the commit before. A body up to queue_inline_limit comes inside
 * queue_commit; a larger one goes into the file that queue_large opens, is
 * synced there by smtpd, and is then named in queue_commit. The answer
 * queue_done is the promise: the message is on disk and 250 may be said.
 * Errors are ipc_error: ERR_TEMP (451) and ERR_LIMIT (452, disk nearly full).
 */
#ifndef IPC_QUEUE_MSG_H
#define IPC_QUEUE_MSG_H

#include "ipc/codec.h"

enum {
	QUEUE_ID_MAX = 64,
	QUEUE_INLINE_MAX = 2 << 20, /* queue_inline_limit's upper bound */
	QUEUE_PREFIX_MAX = 65536,
	QUEUE_RCPTS_MAX = 50000,
	QUEUE_HOLD_MAX = 200, /* why a message is on hold */
	QUEUE_BEGIN = 40,
	QUEUE_BEGUN = 41,
	QUEUE_LARGE = 42,
	QUEUE_LARGE_OPEN = 43,
	QUEUE_COMMIT = 44,
	QUEUE_DONE = 45,
};

/* How the hold of a message in quarantine begins. */
#define QUEUE_QUARANTINE "quarantine: "

enum queue_body { QUEUE_7BIT, QUEUE_8BITMIME, QUEUE_BINARYMIME };

struct queue_begin {
	uint8_t unused;
};
extern const struct ipc_msg queue_begin_msg;

struct queue_begun {
	struct str id;
};
extern const struct ipc_msg queue_begun_msg;

/* Room for a body too large for the ring, please. */
struct queue_large {
	struct str id;
	uint64_t size_hint; /* from SIZE=, 0 if the client gave none */
};
extern const struct ipc_msg queue_large_msg;

/* Write here, sync it, then name it in queue_commit. */
struct queue_large_open {
	uint64_t limit; /* more than this is refused at commit */
	int fd;
};
extern const struct ipc_msg queue_large_open_msg;

struct queue_rcpt {
	struct str address;  /* final recipient */
	struct str orcpt;    /* ORCPT as given, "rfc822;a+2Bb@c.d", or "" */
	struct str original; /* address of RCPT TO, before expansion */
	/*
	 * RFC 3461 bits as in queue/record.h; 0: not given. Of an address that
	 * stands for several, success is not asked of these: the first has
	 * QUEUE_NOTIFY_EXPANDED instead (RFC 3461 section 5.2.7.3 c).
	 */
	uint8_t notify;
	struct str transport, nexthop;
	struct str sender;    /* instead of the message's (SRS); "" as it is */
	struct str forwarder; /* named by Delivered-To on its copy; or "" */
};

struct queue_commit {
	struct str id;
	struct str sender; /* "" is the null sender */
	uint8_t body_type; /* enum queue_body */
	bool smtputf8;
	uint8_t ret;      /* RFC 3461: 0 not given, 1 FULL, 2 HDRS */
	struct str envid; /* as given, in xtext */
	struct str client_addr, client_name, helo, protocol, sasl_user;
	/*
	 * Not "": the message is taken, but waits for the operator, who is
	 * shown this reason (a HOLD action, a quarantine).
	 */
	struct str hold;
	struct ipc_list rcpts; /* struct queue_rcpt */
	struct str prefix;     /* header fields we add on top */
	uint64_t header_len;   /* of the body: up to and with the empty line */
	bool is_large;
	uint64_t large_len;
	struct str body; /* header and body as received; "" when large */
};
extern const struct ipc_msg queue_commit_msg;

struct queue_done {
	struct str next_id; /* for the next transaction */
};
extern const struct ipc_msg queue_done_msg;

#endif
