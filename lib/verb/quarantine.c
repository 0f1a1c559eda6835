/*
 * quarantine - messages that a content check has held in the queue: those on
 * hold whose reason begins with QUEUE_QUARANTINE. What else is on hold is not
 * touched by these verbs.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "ipc/conn.h"
#include "ipc/queue_admin_msg.h"
#include "ipc/queue_msg.h"
#include "verb/families.h"

enum { TIMEOUT_MS = 60000 };

/* One verb's talk with qmgr. */
struct talk {
	struct verb_call *call;
	struct ipc_conn conn;
	struct arena *arena;
	uint64_t count, missing; /* messages done, names that are not there */
};

typedef int visit_fn(struct talk *talk, const struct queue_listing *message,
    struct err *err);

static int
talk_open(struct talk *talk, struct verb_call *call, struct err *err)
{
	int fd = verb_connect(call, "qmgr", err);

	*talk = (struct talk){ .call = call };
	if (fd < 0)
		return -1;
	ipc_conn_init(&talk->conn, fd, TIMEOUT_MS);
	talk->arena = arena_new(0);
	return 0;
}

static void
talk_close(struct talk *talk)
{
	ipc_conn_clear(&talk->conn);
	arena_free(talk->arena);
}

static bool
is_ours(const struct queue_listing *message)
{
	return message->state == QUEUE_LISTING_HELD &&
	    str_starts(message->hold, STR(QUEUE_QUARANTINE));
}

/* Call visit for all that are in quarantine, oldest first, a page at a time. */
static int
visit_all(struct talk *talk, visit_fn *visit, struct err *err)
{
	struct queue_list request = { .after = STR("") };
	struct queue_listed listed = { .more = true };
	char after[QUEUE_ID_MAX + 1] = "";

	while (listed.more) {
		const struct queue_listing *message;

		request.after = str_of(after);
		arena_reset(talk->arena);
		if (ipc_conn_call(&talk->conn, &queue_list_msg, &request,
			&queue_listed_msg, &listed, talk->arena, err) < 0)
			return -1;
		if (listed.messages.count == 0)
			break;
		message = listed.messages.items;
		(void)snprintf(after, sizeof(after), "%" STR_F,
		    STR_A(message[listed.messages.count - 1].id));
		for (size_t i = 0; i < listed.messages.count; i++) {
			if (is_ours(&message[i]) &&
			    visit(talk, &message[i], err) < 0)
				return -1;
		}
	}
	return 0;
}

/* ... or for the one of this id. ERR_NOENT: it is not in quarantine. */
static int
visit_one(struct talk *talk, const char *id, visit_fn *visit, struct err *err)
{
	struct queue_show request = { str_of(id) };
	struct queue_listed listed;
	const struct queue_listing *message;

	arena_reset(talk->arena);
	if (ipc_conn_call(&talk->conn, &queue_show_msg, &request,
		&queue_listed_msg, &listed, talk->arena, err) < 0)
		return -1;
	message = listed.messages.items;
	if (listed.messages.count != 1 || !is_ours(message))
		return err_set(err, ERR_NOENT, "%s is not in quarantine", id);
	return visit(talk, message, err);
}

static void
print_head(struct print *p, const struct queue_listing *message)
{
	struct str reason = message->hold;

	(void)str_take_str(&reason, STR(QUEUE_QUARANTINE));
	print_str(p, "id", message->id);
	print_str(p, "reason", reason);
	print_int(p, "size", (int64_t)message->size);
	print_time(p, "arrival", message->arrival);
	print_str(p, "sender", message->sender);
}

static void
print_rcpts(struct print *p, const struct queue_listing *message)
{
	const struct queue_listing_rcpt *rcpt = message->rcpts.items;

	print_open_list(p, "recipients");
	for (size_t i = 0; i < message->rcpts.count; i++)
		print_str(p, NULL, rcpt[i].address);
	print_close(p);
}

static int
print_row(struct talk *talk, const struct queue_listing *message,
    struct err *err)
{
	struct print *p = talk->call->print;

	(void)err;
	print_open_record(p, NULL);
	print_head(p, message);
	print_rcpts(p, message);
	print_close(p);
	return 0;
}

static int
print_one(struct talk *talk, const struct queue_listing *message,
    struct err *err)
{
	struct print *p = talk->call->print;

	(void)err;
	print_head(p, message);
	print_str(p, "client_address", message->client_addr);
	print_str(p, "client_name", message->client_name);
	print_str(p, "user", message->sasl_user);
	print_rcpts(p, message);
	return 0;
}

static int
list(struct verb_call *call, struct err *err)
{
	struct talk talk;
	int ret;

	if (talk_open(&talk, call, err) < 0)
		return -1;
	print_open_list(call->print, "quarantine");
	ret = visit_all(&talk, print_row, err);
	print_close(call->print);
	talk_close(&talk);
	return ret;
}

static int
show(struct verb_call *call, struct err *err)
{
	struct talk talk;
	int ret;

	if (talk_open(&talk, call, err) < 0)
		return -1;
	ret = visit_one(&talk, call->args[0], print_one, err);
	talk_close(&talk);
	return ret;
}

static int
act(struct talk *talk, const struct queue_listing *message,
    enum queue_act_op op, struct err *err)
{
	struct queue_act request = { .op = (uint8_t)op, .id = message->id };
	struct queue_acted acted;

	if (ipc_conn_call(&talk->conn, &queue_act_msg, &request,
		&queue_acted_msg, &acted, talk->arena, err) < 0)
		return -1;
	talk->count += acted.count;
	return 0;
}

static int
release_one(struct talk *talk, const struct queue_listing *message,
    struct err *err)
{
	return act(talk, message, QUEUE_ACT_RELEASE, err);
}

static int
delete_one(struct talk *talk, const struct queue_listing *message,
    struct err *err)
{
	return act(talk, message, QUEUE_ACT_DELETE, err);
}

/*
 * Each message named, or all. What is not there is said, and the others are
 * done all the same.
 */
static int
each(struct verb_call *call, visit_fn *visit, struct err *err)
{
	struct talk talk;
	int ret = 0;

	if (talk_open(&talk, call, err) < 0)
		return -1;
	for (size_t i = 0; ret == 0 && i < call->args_len; i++) {
		if (strcmp(call->args[i], "ALL") == 0)
			ret = visit_all(&talk, visit, err);
		else
			ret = visit_one(&talk, call->args[i], visit, err);
		if (ret < 0 && err->kind == ERR_NOENT) {
			log_error("%s", err->text);
			talk.missing++;
			ret = 0;
		}
	}
	talk_close(&talk);
	print_int(call->print, "messages", (int64_t)talk.count);
	if (ret == 0 && talk.missing > 0)
		return err_set(err, ERR_NOENT, "not all of them are there");
	return ret;
}

static int
release(struct verb_call *call, struct err *err)
{
	return each(call, release_one, err);
}

static int delete (struct verb_call *call, struct err *err)
{
	return each(call, delete_one, err);
}

const struct verb quarantine_verbs[] = {
	{ VERB_OPERATOR, "quarantine list", "", "",
	    "list the messages held for what they contain", .run = list },
	{ VERB_OPERATOR, "quarantine show", "ID", "",
	    "show one of them, and why it is held", .run = show },
	{ VERB_OPERATOR, "quarantine release", "ID...", "",
	    "deliver messages (or ALL) to their recipients after all",
	    .run = release },
	{ VERB_OPERATOR, "quarantine delete", "ID...", "",
	    "delete messages (or ALL) without a notice", .run = delete },
	{ .who = VERB_END },
};
