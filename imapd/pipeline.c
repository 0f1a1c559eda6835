#include "imapd/pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/list.h"
#include "imapd/command.h"
#include "imapd/reply.h"
#include "imapd/session.h"
#include "store/client.h"

enum { ANSWER_MAX = 64 << 10 };

struct pipeline {
	struct list waiting;  /* struct pending, in the order of commands */
	struct arena *arena;  /* owned: of one answer */
	unsigned count, open; /* all, those without an answer */
	size_t bytes;
};

/* One APPEND. */
struct pending {
	struct list link;
	char *tag;       /* owned: the client's */
	uint16_t number; /* stored's */
	uint32_t messages;
	size_t bytes;
	bool done;
	struct err err;            /* done: ERR_NONE, or why it was refused */
	uint32_t uidvalidity, uid; /* of the first message */
};

struct pipeline *
pipeline_new(void)
{
	struct pipeline *pipeline = xcalloc(1, sizeof(*pipeline));

	pipeline->arena = arena_new(ANSWER_MAX);
	list_init(&pipeline->waiting);
	return pipeline;
}

static void
drop(struct pipeline *pipeline, struct pending *pending)
{
	list_remove(&pending->link);
	pipeline->count--;
	pipeline->bytes -= pending->bytes;
	free(pending->tag);
	free(pending);
}

void
pipeline_free(struct pipeline *pipeline)
{
	if (pipeline == NULL)
		return;
	while (!list_is_empty(&pipeline->waiting))
		drop(pipeline,
		    LIST_ITEM(pipeline->waiting.next, struct pending, link));
	arena_free(pipeline->arena);
	free(pipeline);
}

/* Nobody is going to answer those that are open. */
static void
lose_all(struct pipeline *pipeline, const struct err *err)
{
	LIST_FOREACH(link, &pipeline->waiting)
	{
		struct pending *pending = LIST_ITEM(link, struct pending, link);

		if (!pending->done)
			pending->err = *err;
		pending->done = true;
	}
	pipeline->open = 0;
}

static struct pending *
find(struct pipeline *pipeline, uint16_t number)
{
	LIST_FOREACH(link, &pipeline->waiting)
	{
		struct pending *pending = LIST_ITEM(link, struct pending, link);

		if (!pending->done && pending->number == number)
			return pending;
	}
	return NULL;
}

static void
take_recent(struct selected *selected, const struct store_append_result *result)
{
	if (result->recent != 0 && selected != NULL &&
	    selected->mailbox == result->mailbox)
		selected_take_recent(selected, result->recent, result->uid + 1);
}

/* Take one answer, if need be when it comes. False: there is none. */
static bool
take(struct session *session, bool wait)
{
	struct pipeline *pipeline = session->pipeline;
	struct store_append_result *result;
	struct store_appended answer;
	struct pending *pending;
	struct err refused, err;
	uint16_t number;
	int ret;

	arena_reset(pipeline->arena);
	(void)err_set(&err, ERR_TEMP, "stored: no answer");
	ret = store_client_append_end(session->store, wait, pipeline->arena,
	    &number, &answer, &refused, &err);
	if (ret < 0 || (ret == 0 && wait))
		lose_all(pipeline, &err);
	if (ret <= 0)
		return false;
	if ((pending = find(pipeline, number)) == NULL)
		return true;
	pending->done = true;
	pipeline->open--;
	pending->err = refused;
	if (refused.kind != ERR_NONE)
		return true;
	result = answer.results.items;
	if (answer.results.count != 1)
		err_set(&pending->err, ERR_TEMP, "stored: strange answer");
	else if (result->kind != ERR_NONE)
		err_set_cause(&pending->err, (enum err_kind)result->kind,
		    (enum err_cause)result->cause, "%" STR_F,
		    STR_A(result->text));
	else {
		pending->uidvalidity = result->uidvalidity;
		pending->uid = result->uid;
		take_recent(session->selected, result);
	}
	return true;
}

static void
answer_good(struct session *session, const struct pending *pending)
{
	char text[100], last[20] = "";

	if (pending->messages > 1)
		(void)snprintf(last, sizeof(last), ":%u",
		    pending->uid + (pending->messages - 1));
	(void)snprintf(text, sizeof(text), "[APPENDUID %u %u%s] appended",
	    pending->uidvalidity, pending->uid, last);
	reply_tagged(session, str_of(pending->tag), "OK", text);
}

static void
answer_one(struct session *session, struct pending *pending)
{
	if (pending->err.kind == ERR_NOENT) {
		reply_tagged(session, str_of(pending->tag), "NO",
		    "[TRYCREATE] no such mailbox");
	} else if (pending->err.kind != ERR_NONE) {
		reply_tagged(session, str_of(pending->tag), "NO",
		    reply_trouble(session, &pending->err));
	} else {
		answer_good(session, pending);
	}
	drop(session->pipeline, pending);
}

/*
 * Answer in order, up to the first that is open. What they brought to the
 * selected mailbox is told before, in one go.
 */
static void
answer(struct session *session)
{
	struct list *waiting = &session->pipeline->waiting;
	bool told = false;

	while (!list_is_empty(waiting)) {
		struct pending *pending =
		    LIST_ITEM(waiting->next, struct pending, link);

		if (!pending->done)
			break;
		if (!told)
			command_tell_news(session, NEWS_ALL);
		told = true;
		answer_one(session, pending);
	}
}

void
pipeline_drain(struct session *session)
{
	if (session->pipeline == NULL)
		return;
	while (session->pipeline->open > 0 && take(session, true))
		;
	answer(session);
}

void
pipeline_before_read(struct session *session)
{
	int fd = stream_fd(session->stream);
	char byte;

	if (session->pipeline != NULL && session->pipeline->count > 0 &&
	    recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0)
		pipeline_drain(session);
}

/* With as many under way as there may be, wait for an answer. */
static void
make_room(struct session *session)
{
	struct pipeline *pipeline = session->pipeline;

	if (pipeline->open < PIPELINE_MAX && pipeline->bytes <= PIPELINE_BYTES)
		return;
	(void)take(session, true);
	while (pipeline->open > 0 && take(session, false))
		;
	answer(session);
}

/* stored has it, by that number: cmd waits for the answer. */
static void
add(struct command *cmd, uint16_t number, uint32_t messages, size_t bytes)
{
	struct pipeline *pipeline = cmd->session->pipeline;
	struct pending *pending = xcalloc(1, sizeof(*pending));

	pending->tag = xstrndup(cmd->tag.p, cmd->tag.len);
	pending->number = number;
	pending->messages = messages;
	pending->bytes = bytes;
	list_push(&pipeline->waiting, &pending->link);
	pipeline->count++;
	pipeline->open++;
	pipeline->bytes += bytes;
	cmd->is_later = true;
	cmd->word = "OK";
}

int
pipeline_append(struct command *cmd, const struct store_append *req,
    struct err *err)
{
	struct session *session = cmd->session;
	uint16_t number;

	make_room(session);
	if (store_client_append_begin(session->store, req, &number, err) < 0) {
		lose_all(session->pipeline, err);
		return -1;
	}
	add(cmd, number, 1, req->body.len);
	return 0;
}

int
pipeline_append_all(struct command *cmd, const struct store_append_all *req,
    size_t bytes, struct err *err)
{
	struct session *session = cmd->session;
	uint16_t number;

	make_room(session);
	if (store_client_append_all_begin(session->store, req, &number, err) <
	    0) {
		lose_all(session->pipeline, err);
		return -1;
	}
	add(cmd, number, (uint32_t)req->messages.count, bytes);
	return 0;
}
