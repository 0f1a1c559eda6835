/*
 * record - the queue's records in its segment logs.
 *
 *	message		a head of 24 bytes, the envelope, the header fields
 *			we added (prefix), header and body as received unless
 *			they are in a file of their own
 *	changes		what became of recipients and messages since
 *
 * The head has magic, version, kind and the lengths of the parts; envelope
 * and changes are written by ipc/codec tables. A copy of a message carries
 * the state of its recipients at that time, so that earlier changes need not
 * be kept with it.
 *
 * Version 3 has forwarder in a recipient, which version 2 had not: both are
 * read, 3 is written.
 *
 * Parsing is total; strings are borrowed from the bytes, lists from the
 * arena. Bounds are those of ipc/queue_msg.h.
 */
#ifndef QUEUE_RECORD_H
#define QUEUE_RECORD_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "ipc/codec.h"
#include "queue/id.h"

enum queue_state {
	QUEUE_LIVE,      /* still to be delivered */
	QUEUE_DELIVERED, /* from here on: retired */
	QUEUE_BOUNCED,
	QUEUE_EXPIRED,
	QUEUE_REMOVED, /* by the operator */
	/* of a message as a whole, in changes only */
	QUEUE_MOVED, /* lives on in the other pool */
	QUEUE_HELD,
	QUEUE_RELEASED,
	QUEUE_WARNED, /* the sender was told of the delay */
	QUEUE_STATES
};

struct queue_recipient {
	struct str address;  /* final recipient */
	struct str orcpt;    /* ORCPT as given, or "" */
	struct str original; /* before expansion */
	struct str transport, nexthop;
	struct str sender; /* instead of the record's; "" as it is */
	/* who passed it on: Delivered-To goes on top of this copy; or "" */
	struct str forwarder;
	uint8_t notify; /* RFC 3461 bits; 0: not given */
	uint8_t state;  /* enum queue_state, up to QUEUE_REMOVED */
};

/* RFC 3461 section 4.1, as in ipc/queue_msg.h */
enum {
	QUEUE_NOTIFY_NEVER = 1,
	QUEUE_NOTIFY_SUCCESS = 2,
	QUEUE_NOTIFY_FAILURE = 4,
	QUEUE_NOTIFY_DELAY = 8,
	/* success was asked of original, which stands for several */
	QUEUE_NOTIFY_EXPANDED = 16,
};

struct queue_record {
	uint64_t queue;
	uint32_t epoch, counter; /* with queue: the id */
	int64_t arrival;         /* us since 1970 */
	struct str sender;       /* "" is the null sender */
	uint8_t body_type;       /* enum queue_body */
	bool smtputf8;
	uint8_t ret;      /* RFC 3461: 0 not given, 1 FULL, 2 HDRS */
	struct str envid; /* as given, in xtext */
	struct str client_addr, client_name, helo, protocol, sasl_user;
	bool held;
	bool warned;           /* the sender was told of the delay */
	struct str hold;       /* why it was taken on hold; "": it was not */
	bool is_large;         /* header and body are in a file */
	uint64_t header_len;   /* of the body, with the empty line */
	uint64_t body_len;     /* header and body */
	struct ipc_list rcpts; /* struct queue_recipient */
	struct str prefix;     /* behind the envelope, not in its table */
};

static inline struct queue_id
queue_record_id(const struct queue_record *record)
{
	return (
	    struct queue_id){ record->queue, record->epoch, record->counter };
}

enum queue_kind { QUEUE_MESSAGE = 1, QUEUE_CHANGES = 2 };

/*
 * Append head and envelope; prefix and body follow them in the log. ERR_LIMIT:
 * something is over its bound.
 */
int queue_record_encode(struct buf *out, const struct queue_record *record,
    struct err *err);
/* body: what stands behind; "" when it is large. ERR_CORRUPT. */
int queue_record_parse(struct queue_record *record, struct str *body,
    struct str bytes, struct arena *arena, struct err *err);

enum {
	QUEUE_WHOLE = 0xffffffff, /* number: the message, not a recipient */
	QUEUE_CHANGES_MAX = 10000,
};

struct queue_change {
	uint64_t queue;
	uint32_t epoch, counter;
	uint32_t number; /* of the recipient in its record, or QUEUE_WHOLE */
	uint8_t state;   /* enum queue_state */
};

/* At most QUEUE_CHANGES_MAX a record. */
int queue_changes_encode(struct buf *out, const struct queue_change *change,
    size_t count, struct err *err);
/* *change is the arena's. ERR_CORRUPT. */
int queue_changes_parse(struct queue_change **change, size_t *count,
    struct str bytes, struct arena *arena, struct err *err);

/* Which kind of record bytes are. ERR_CORRUPT, ERR_SYNTAX: unknown version. */
int queue_record_kind(struct str bytes, enum queue_kind *kind, struct err *err);

#endif
