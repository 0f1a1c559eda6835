#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "ipc/conn.h"
#include "ipc/queue_admin_msg.h"
#include "queue/record.h"
#include "verb/families.h"
#include "verb/queue_edge.h"

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

	queue_print_head(p, message);
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
	struct queue_edge edge;
	int ret;

	if (queue_edge_open(&edge, call, err) < 0)
		return -1;
	ret = ipc_conn_call(&edge.conn, &queue_show_msg, &request,
	    &queue_listed_msg, &listed, edge.arena, err);
	if (ret == 0 && listed.messages.count == 1)
		print_message(call->print, listed.messages.items);
	queue_edge_close(&edge);
	return ret;
}

/* The bytes themselves, to standard output; in JSON one string. */
static int
cat(struct verb_call *call, struct err *err)
{
	struct queue_cat request = { str_of(call->args[0]), 0 };
	struct queue_cat_part part;
	struct queue_edge edge;
	struct buf all;
	int ret;

	if (queue_edge_open(&edge, call, err) < 0)
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
	queue_edge_close(&edge);
	return ret;
}

/* How many, of how many asked for one by one there were none. */
struct acted {
	uint64_t count, missing;
};

static int
act_on_one(struct queue_edge *edge, struct queue_act *request,
    struct acted *sum, struct err *err)
{
	struct queue_acted acted;

	arena_reset(edge->arena);
	if (ipc_conn_call(&edge->conn, &queue_act_msg, request,
		&queue_acted_msg, &acted, edge->arena, err) == 0) {
		sum->count += acted.count;
		return 0;
	}
	if (err->kind != ERR_NOENT)
		return -1;
	log_error("%s", err->text);
	sum->missing++;
	return 0;
}

/* All of the pattern, some at a time. */
static int
act_on_pattern(struct queue_edge *edge, struct queue_act *request,
    struct acted *sum, struct err *err)
{
	struct queue_acted acted = { .more = true };
	char after[64] = "";

	while (acted.more) {
		request->after = str_of(after);
		arena_reset(edge->arena);
		if (ipc_conn_call(&edge->conn, &queue_act_msg, request,
			&queue_acted_msg, &acted, edge->arena, err) < 0)
			return -1;
		sum->count += acted.count;
		(void)snprintf(after, sizeof(after), "%" STR_F,
		    STR_A(acted.last));
	}
	return 0;
}

/*
 * One operation on each message named, on all of them (ALL), or on those of a
 * pattern. What is not there is said, and the others are done all the same.
 */
static int
act(struct verb_call *call, enum queue_act_op op, bool all, struct err *err)
{
	struct queue_act request = { .op = (uint8_t)op };
	struct acted sum = { 0 };
	struct queue_edge edge;
	int given, ret = 0;

	given = queue_pattern_take(call, &request.pattern, err);
	if (given < 0)
		return -1;
	if (given > 0 && call->args_len > 0)
		return verb_usage(call, err, "either ids or a pattern");
	if (given == 0 && call->args_len == 0 && !all)
		return verb_usage(call, err, "an id, ALL or a pattern");
	if (queue_edge_open(&edge, call, err) < 0)
		return -1;
	for (size_t i = 0; ret == 0 && i < call->args_len; i++) {
		request.id = request.after = str_of("");
		if (strcmp(call->args[i], "ALL") != 0) {
			request.id = str_of(call->args[i]);
			ret = act_on_one(&edge, &request, &sum, err);
		} else {
			ret = act_on_pattern(&edge, &request, &sum, err);
		}
	}
	if (call->args_len == 0)
		ret = act_on_pattern(&edge, &request, &sum, err);
	queue_edge_close(&edge);
	print_int(call->print, "messages", (int64_t)sum.count);
	if (ret == 0 && sum.missing > 0)
		return err_set(err, ERR_NOENT, "not all of them are there");
	return ret;
}

static int
hold(struct verb_call *call, struct err *err)
{
	return act(call, QUEUE_ACT_HOLD, false, err);
}

static int
release(struct verb_call *call, struct err *err)
{
	return act(call, QUEUE_ACT_RELEASE, false, err);
}

static int
requeue(struct verb_call *call, struct err *err)
{
	return act(call, QUEUE_ACT_REQUEUE, false, err);
}

static int delete (struct verb_call *call, struct err *err)
{
	return act(call, QUEUE_ACT_DELETE, false, err);
}

static int
flush(struct verb_call *call, struct err *err)
{
	return act(call, QUEUE_ACT_FLUSH, true, err);
}

#define PATTERN "--sender S --recipient R --site S --older-than TIME"

const struct verb queue_verbs[] = {
	{ VERB_OPERATOR, "queue list", "", PATTERN " --mailq",
	    "list the messages that wait", .run = queue_list_verb },
	{ VERB_OPERATOR, "queue show", "ID", "",
	    "show one message, its recipients and why they wait", .run = show },
	{ VERB_OPERATOR, "queue cat", "ID", "", "print the message itself",
	    .run = cat },
	{ VERB_OPERATOR, "queue hold", "[ID...]", PATTERN,
	    "keep messages (or ALL) from being delivered", .run = hold },
	{ VERB_OPERATOR, "queue release", "[ID...]", PATTERN,
	    "let messages (or ALL) go on", .run = release },
	{ VERB_OPERATOR, "queue requeue", "[ID...]", PATTERN,
	    "release, ask anew where the recipients are, and try now",
	    .run = requeue },
	{ VERB_OPERATOR, "queue delete", "[ID...]", PATTERN,
	    "delete messages (or ALL) without a notice", .run = delete },
	{ VERB_OPERATOR, "queue flush", "[ID...]", PATTERN,
	    "try all messages, or these, now", .run = flush },
	{ .who = VERB_END },
};
