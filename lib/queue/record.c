#include "queue/record.h"

#include "base/attr.h"
#include "base/num.h"
#include "ipc/queue_msg.h"

/* The head: all of it big-endian. */
enum {
	AT_MAGIC = 0,
	AT_VERSION = 4,
	AT_KIND = 5,
	AT_TABLE = 8,   /* length of what the codec wrote */
	AT_PREFIX = 12, /* length */
	HEAD = 24,
	VERSION = 3,
	VERSION_OLD = 2, /* recipients had no forwarder */
};

static const uint32_t magic = 0x43515243; /* "CQRC" */

enum { ADDRESS = 320, NAME = 512 };

#define M struct queue_recipient
static const struct ipc_field recipient_fields[] = {
	IPC_FIELD(M, STR, address, ADDRESS), IPC_FIELD(M, STR, orcpt, 600),
	IPC_FIELD(M, STR, original, ADDRESS), IPC_FIELD(M, STR, transport, 64),
	IPC_FIELD(M, STR, nexthop, ADDRESS), IPC_FIELD(M, STR, sender, ADDRESS),
	IPC_FIELD(M, U8, notify, 0), IPC_FIELD(M, U8, state, 0),
	IPC_FIELD(M, STR, forwarder, ADDRESS), /* since version 3: the last */
};
#undef M
static const struct ipc_msg recipient_item =
    IPC_MSG(queue_recipient, 0, recipient_fields);
static const struct ipc_msg recipient_old_item = {
	.name = "queue_recipient",
	.size = sizeof(struct queue_recipient),
	.fields = recipient_fields,
	.count = NELEMS(recipient_fields) - 1,
};

#define M struct queue_record
static const struct ipc_field record_fields[] = {
	IPC_FIELD(M, U64, queue, 0),
	IPC_FIELD(M, U32, epoch, 0),
	IPC_FIELD(M, U32, counter, 0),
	IPC_FIELD(M, U64, arrival, 0),
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
	IPC_FIELD(M, BOOL, held, 0),
	IPC_FIELD(M, BOOL, warned, 0),
	IPC_FIELD(M, STR, hold, QUEUE_HOLD_MAX),
	IPC_FIELD(M, BOOL, is_large, 0),
	IPC_FIELD(M, U64, header_len, 0),
	IPC_FIELD(M, U64, body_len, 0),
	IPC_ITEMS(M, rcpts, QUEUE_RCPTS_MAX, &recipient_item),
};
#undef M
static const struct ipc_msg record_msg =
    IPC_MSG(queue_record, QUEUE_MESSAGE, record_fields);

#define M struct queue_change
static const struct ipc_field change_fields[] = {
	IPC_FIELD(M, U64, queue, 0),
	IPC_FIELD(M, U32, epoch, 0),
	IPC_FIELD(M, U32, counter, 0),
	IPC_FIELD(M, U32, number, 0),
	IPC_FIELD(M, U8, state, 0),
};
#undef M
static const struct ipc_msg change_item =
    IPC_MSG(queue_change, 0, change_fields);

struct queue_changes {
	struct ipc_list changes;
};

static const struct ipc_field changes_fields[] = {
	IPC_ITEMS(struct queue_changes, changes, QUEUE_CHANGES_MAX,
	    &change_item),
};
static const struct ipc_msg changes_msg =
    IPC_MSG(queue_changes, QUEUE_CHANGES, changes_fields);

/* The head with room for its lengths, then the table. */
static int
encode(struct buf *out, enum queue_kind kind, const struct ipc_msg *msg,
    const void *in, uint32_t prefix_len, struct err *err)
{
	struct ipc_fds none = { .count = 0 };
	size_t at = out->len, table;
	char head[HEAD] = { 0 };

	num_put_u32(head + AT_MAGIC, magic);
	head[AT_VERSION] = VERSION;
	head[AT_KIND] = (char)kind;
	num_put_u32(head + AT_PREFIX, prefix_len);
	if (buf_add(out, head, sizeof(head)) < 0)
		return err_set(err, ERR_LIMIT, "queue record too large");
	if (ipc_encode(out, &none, msg, in, err) < 0)
		return -1;
	if (out->full)
		return err_set(err, ERR_LIMIT, "queue record too large");
	table = out->len - at - HEAD;
	num_put_u32(out->p + at + AT_TABLE, (uint32_t)table);
	return 0;
}

int
queue_record_kind(struct str bytes, enum queue_kind *kind, struct err *err)
{
	if (bytes.len < HEAD || num_get_u32(bytes.p + AT_MAGIC) != magic)
		return err_set(err, ERR_CORRUPT, "not a record of the queue");
	if (bytes.p[AT_VERSION] != VERSION &&
	    bytes.p[AT_VERSION] != VERSION_OLD)
		return err_set(err, ERR_SYNTAX,
		    "queue record version %u is not known",
		    (unsigned char)bytes.p[AT_VERSION]);
	*kind = (enum queue_kind)bytes.p[AT_KIND];
	if (*kind != QUEUE_MESSAGE && *kind != QUEUE_CHANGES)
		return err_set(err, ERR_CORRUPT, "unknown kind of record");
	return 0;
}

/* Split bytes into table, prefix and the rest, and read the table. */
static int
parse(void *out, const struct ipc_msg *msg, enum queue_kind want,
    struct str bytes, struct str *prefix, struct str *rest, struct arena *arena,
    struct err *err)
{
	struct ipc_fds none = { .count = 0 };
	enum queue_kind kind;
	uint64_t table, prefix_len;

	if (queue_record_kind(bytes, &kind, err) < 0)
		return -1;
	if (kind != want)
		return err_set(err, ERR_CORRUPT, "another kind of record");
	table = num_get_u32(bytes.p + AT_TABLE);
	prefix_len = num_get_u32(bytes.p + AT_PREFIX);
	if (table > bytes.len - HEAD || prefix_len > bytes.len - HEAD - table)
		return err_set(err, ERR_CORRUPT, "queue record is cut short");
	*prefix = str_sub(bytes, HEAD + table, HEAD + table + prefix_len);
	*rest = str_sub(bytes, HEAD + table + prefix_len, bytes.len);
	return ipc_decode(out, msg, str_sub(bytes, HEAD, HEAD + table), &none,
	    arena, err);
}

/* The same of a message, whichever version it has. */
static int
parse_message(struct queue_record *record, struct str bytes, struct str *body,
    struct arena *arena, struct err *err)
{
	struct ipc_field fields[NELEMS(record_fields)];
	struct ipc_msg msg = record_msg;
	struct str prefix = { NULL, 0 };

	memcpy(fields, record_fields, sizeof(fields));
	msg.fields = fields;
	if (bytes.len >= HEAD && bytes.p[AT_VERSION] == VERSION_OLD)
		fields[NELEMS(fields) - 1].item = &recipient_old_item;
	if (parse(record, &msg, QUEUE_MESSAGE, bytes, &prefix, body, arena,
		err) < 0)
		return -1;
	record->prefix = prefix;
	return 0;
}

int
queue_record_encode(struct buf *out, const struct queue_record *record,
    struct err *err)
{
	if (record->prefix.len > QUEUE_PREFIX_MAX)
		return err_set(err, ERR_LIMIT, "prefix too long");
	return encode(out, QUEUE_MESSAGE, &record_msg, record,
	    (uint32_t)record->prefix.len, err);
}

int
queue_record_parse(struct queue_record *record, struct str *body,
    struct str bytes, struct arena *arena, struct err *err)
{
	const struct queue_recipient *rcpt;

	*record = (struct queue_record){ 0 };
	if (parse_message(record, bytes, body, arena, err) < 0)
		return -1;
	rcpt = record->rcpts.items;
	for (size_t i = 0; i < record->rcpts.count; i++) {
		if (rcpt[i].state > QUEUE_REMOVED)
			return err_set(err, ERR_CORRUPT,
			    "unknown state of a recipient");
	}
	if (record->header_len > record->body_len || record->arrival < 0 ||
	    body->len != (record->is_large ? 0 : record->body_len))
		return err_set(err, ERR_CORRUPT, "queue record is cut short");
	return 0;
}

int
queue_changes_encode(struct buf *out, const struct queue_change *change,
    size_t count, struct err *err)
{
	struct queue_changes changes = {
		.changes = { (void *)(uintptr_t)change, count },
	};

	return encode(out, QUEUE_CHANGES, &changes_msg, &changes, 0, err);
}

int
queue_changes_parse(struct queue_change **change, size_t *count,
    struct str bytes, struct arena *arena, struct err *err)
{
	struct str prefix = { NULL, 0 }, rest = { NULL, 0 };
	struct queue_changes changes = { { NULL, 0 } };

	if (parse(&changes, &changes_msg, QUEUE_CHANGES, bytes, &prefix, &rest,
		arena, err) < 0)
		return -1;
	*change = changes.changes.items;
	*count = changes.changes.count;
	for (size_t i = 0; i < *count; i++) {
		if ((*change)[i].state >= QUEUE_STATES)
			return err_set(err, ERR_CORRUPT, "unknown state");
	}
	return prefix.len + rest.len == 0 ?
	    0 :
	    err_set(err, ERR_CORRUPT, "bytes behind the changes");
}
