#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "ipc/conn.h"
#include "ipc/queue_admin_msg.h"
#include "queue/record.h"
#include "verb/families.h"

enum { TIMEOUT_MS = 60000 };

/* The operator's edge of qmgr, for one verb. */
struct edge {
	struct ipc_conn conn;
	struct arena *arena;
};

static int
edge_open(struct edge *edge, struct verb_call *call, struct err *err)
{
	int fd = verb_connect(call, "qmgr", err);

	if (fd < 0)
		return -1;
	ipc_conn_init(&edge->conn, fd, TIMEOUT_MS);
	edge->arena = arena_new(0);
	return 0;
}

static void
edge_close(struct edge *edge)
{
	ipc_conn_clear(&edge->conn);
	arena_free(edge->arena);
}

static const char *
state_name(uint8_t state)
{
	static const char *const names[] = {
		[QUEUE_LISTING_ACTIVE] = "active",
		[QUEUE_LISTING_DEFERRED] = "deferred",
		[QUEUE_LISTING_HELD] = "hold",
	};

	return state < NELEMS(names) ? names[state] : "unknown";
}

static const char *
rcpt_state_name(uint8_t state)
{
	static const char *const names[] = {
		[QUEUE_LIVE] = "waiting",
		[QUEUE_DELIVERED] = "delivered",
		[QUEUE_BOUNCED] = "bounced",
		[QUEUE_EXPIRED] = "expired",
		[QUEUE_REMOVED] = "removed",
	};

	return state < NELEMS(names) ? names[state] : "unknown";
}

/* What a list and a single message have in common. */
static void
print_head(struct print *p, const struct queue_listing *message)
{
	print_str(p, "id", message->id);
	print_strz(p, "state", state_name(message->state));
	print_int(p, "size", (int64_t)message->size);
	print_time(p, "arrival", message->arrival);
	print_str(p, "sender",
	    message->sender.len == 0 && !print_is_json(p) ?
		str_of("MAILER-DAEMON") :
		message->sender);
}

static void
print_row(struct print *p, const struct queue_listing *message)
{
	const struct queue_listing_rcpt *rcpt = message->rcpts.items;
	struct str reason = str_of("");

	print_open_record(p, NULL);
	print_head(p, message);
	print_open_list(p, "recipients");
	for (size_t i = 0; i < message->rcpts.count; i++) {
		if (rcpt[i].state != QUEUE_LIVE)
			continue;
		print_str(p, NULL, rcpt[i].address);
		if (reason.len == 0)
			reason = rcpt[i].reason;
	}
	print_close(p);
	print_int(p, "recipients_left", message->rcpts_left);
	print_str(p, "reason", message->hold.len > 0 ? message->hold : reason);
	print_close(p);
}

static int
list(struct verb_call *call, struct err *err)
{
	struct queue_list request = { str_of("") };
	struct queue_listed listed = { .more = true };
	char after[64] = "";
	struct edge edge;
	int ret = 0;

	if (edge_open(&edge, call, err) < 0)
		return -1;
	print_open_list(call->print, "queue");
	while (ret == 0 && listed.more) {
		const struct queue_listing *message;

		request.after = str_of(after);
		arena_reset(edge.arena);
		ret = ipc_conn_call(&edge.conn, &queue_list_msg, &request,
		    &queue_listed_msg, &listed, edge.arena, err);
		if (ret < 0 || listed.messages.count == 0)
			break;
		message = listed.messages.items;
		for (size_t i = 0; i < listed.messages.count; i++)
			print_row(call->print, &message[i]);
		(void)snprintf(after, sizeof(after), "%" STR_F,
		    STR_A(message[listed.messages.count - 1].id));
	}
	print_close(call->print);
	edge_close(&edge);
	return ret;
}

static void
print_rcpt(struct print *p, const struct queue_listing_rcpt *rcpt)
{
	print_open_record(p, NULL);
	print_str(p, "address", rcpt->address);
	print_str(p, "original", rcpt->original);
	print_strz(p, "state", rcpt_state_name(rcpt->state));
	print_str(p, "transport", rcpt->transport);
	print_str(p, "nexthop", rcpt->nexthop);
	print_str(p, "reason", rcpt->reason);
	print_close(p);
}

static void
print_message(struct print *p, const struct queue_listing *message)
{
	const struct queue_listing_rcpt *rcpt = message->rcpts.items;

	print_head(p, message);
	print_str(p, "full_id", message->full_id);
	print_str(p, "client_address", message->client_addr);
	print_str(p, "client_name", message->client_name);
	print_str(p, "user", message->sasl_user);
	print_int(p, "attempts", message->attempts);
	if (message->next_try > 0)
		print_time(p, "next_try", message->next_try);
	if (message->hold.len > 0)
		print_str(p, "hold_reason", message->hold);
	print_strz(p, "pool", message->spooled ? "spool" : "ring");
	print_int(p, "recipients_left", message->rcpts_left);
	print_int(p, "recipients_all", message->rcpts_all);
	print_open_list(p, "recipients");
	for (size_t i = 0; i < message->rcpts.count; i++)
		print_rcpt(p, &rcpt[i]);
	print_close(p);
}

static int
show(struct verb_call *call, struct err *err)
{
	struct queue_show request = { str_of(call->args[0]) };
	struct queue_listed listed;
	struct edge edge;
	int ret;

	if (edge_open(&edge, call, err) < 0)
		return -1;
	ret = ipc_conn_call(&edge.conn, &queue_show_msg, &request,
	    &queue_listed_msg, &listed, edge.arena, err);
	if (ret == 0 && listed.messages.count == 1)
		print_message(call->print, listed.messages.items);
	edge_close(&edge);
	return ret;
}

/* The bytes themselves, to standard output; in JSON one string. */
static int
cat(struct verb_call *call, struct err *err)
{
	struct queue_cat request = { str_of(call->args[0]), 0 };
	struct queue_cat_part part;
	struct edge edge;
	struct buf all;
	int ret;

	if (edge_open(&edge, call, err) < 0)
		return -1;
	buf_init(&all, 0);
	do {
		arena_reset(edge.arena);
		ret = ipc_conn_call(&edge.conn, &queue_cat_msg, &request,
		    &queue_cat_part_msg, &part, edge.arena, err);
		if (ret < 0)
			break;
		request.from += part.bytes.len;
		if (print_is_json(call->print))
			(void)buf_add_str(&all, part.bytes);
		else if (fwrite(part.bytes.p, 1, part.bytes.len, stdout) <
		    part.bytes.len)
			ret = err_sys(err, "standard output");
	} while (ret == 0 && part.bytes.len > 0);
	if (ret == 0 && print_is_json(call->print))
		print_str(call->print, "message", buf_str(&all));
	buf_clear(&all);
	edge_close(&edge);
	return ret;
}

/*
 * One operation on each message named, or on all of them. What is not there
 * is said, and the others are done all the same.
 */
static int
act(struct verb_call *call, enum queue_act_op op, struct err *err)
{
	uint64_t count = 0, missing = 0;
	struct queue_acted acted;
	struct edge edge;
	struct err one;
	int ret = 0;

	if (edge_open(&edge, call, err) < 0)
		return -1;
	for (size_t i = 0; ret == 0 && i < call->args_len; i++) {
		struct queue_act request = { (uint8_t)op,
			str_of(call->args[i]) };

		if (strcmp(call->args[i], "ALL") == 0)
			request.id = str_of("");
		if (ipc_conn_call(&edge.conn, &queue_act_msg, &request,
			&queue_acted_msg, &acted, edge.arena, &one) == 0) {
			count += acted.count;
		} else if (one.kind == ERR_NOENT) {
			log_error("%s", one.text);
			missing++;
		} else {
			*err = one;
			ret = -1;
		}
	}
	edge_close(&edge);
	print_int(call->print, "messages", (int64_t)count);
	if (ret == 0 && missing > 0)
		return err_set(err, ERR_NOENT, "not all of them are there");
	return ret;
}

static int
hold(struct verb_call *call, struct err *err)
{
	return act(call, QUEUE_ACT_HOLD, err);
}

static int
release(struct verb_call *call, struct err *err)
{
	return act(call, QUEUE_ACT_RELEASE, err);
}

static int
requeue(struct verb_call *call, struct err *err)
{
	return act(call, QUEUE_ACT_REQUEUE, err);
}

static int delete (struct verb_call *call, struct err *err)
{
	return act(call, QUEUE_ACT_DELETE, err);
}

static int
flush(struct verb_call *call, struct err *err)
{
	static const char *const all[] = { "ALL", NULL };

	if (call->args_len == 0) {
		call->args = all;
		call->args_len = 1;
	}
	return act(call, QUEUE_ACT_FLUSH, err);
}

const struct verb queue_verbs[] = {
	{ VERB_OPERATOR, "queue list", "", "", "list the messages that wait",
	    list },
	{ VERB_OPERATOR, "queue show", "ID", "",
	    "show one message, its recipients and why they wait", show },
	{ VERB_OPERATOR, "queue cat", "ID", "", "print the message itself",
	    cat },
	{ VERB_OPERATOR, "queue hold", "ID...", "",
	    "keep messages (or ALL) from being delivered", hold },
	{ VERB_OPERATOR, "queue release", "ID...", "",
	    "let messages (or ALL) go on", release },
	{ VERB_OPERATOR, "queue requeue", "ID...", "",
	    "release and try anew, as if just arrived", requeue },
	{ VERB_OPERATOR, "queue delete", "ID...", "",
	    "delete messages (or ALL) without a notice", delete },
	{ VERB_OPERATOR, "queue flush", "[ID...]", "",
	    "try all messages, or these, now", flush },
	{ .who = VERB_END },
};
