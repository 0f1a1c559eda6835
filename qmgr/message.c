#include "qmgr/message.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"

enum { ENVELOPE_ARENA = 32 << 20 };

/* Make s point into copy where it pointed into old. */
static void
rebase(struct str *s, const char *old, const char *copy)
{
	if (s->len > 0)
		s->p = copy + (s->p - old);
	else
		s->p = "";
}

static void
rebase_all(struct message *message, const char *old)
{
	struct queue_record *r = &message->record;
	const char *copy = message->envelope;
	struct str *own[] = { &r->sender, &r->envid, &r->client_addr,
		&r->client_name, &r->helo, &r->protocol, &r->sasl_user,
		&r->hold };

	for (size_t i = 0; i < NELEMS(own); i++)
		rebase(own[i], old, copy);
	for (size_t i = 0; i < r->rcpts.count; i++) {
		struct queue_recipient *rcpt = message_rcpt(message, i);

		rebase(&rcpt->address, old, copy);
		rebase(&rcpt->orcpt, old, copy);
		rebase(&rcpt->original, old, copy);
		rebase(&rcpt->transport, old, copy);
		rebase(&rcpt->nexthop, old, copy);
		rebase(&rcpt->sender, old, copy);
		rebase(&rcpt->forwarder, old, copy);
	}
}

struct message *
message_new(struct str bytes, struct err *err)
{
	struct arena *arena = arena_new(ENVELOPE_ARENA);
	struct message *message = xcalloc(1, sizeof(*message));
	struct queue_record *record = &message->record;
	struct str body;

	list_init(&message->link);
	list_init(&message->age);
	list_init(&message->side);
	list_init(&message->queued);
	if (queue_record_parse(record, &body, bytes, arena, err) < 0) {
		arena_free(arena);
		free(message);
		return NULL;
	}
	message->id = queue_record_id(record);
	message->envelope_len = bytes.len - body.len - record->prefix.len;
	message->envelope = xmemdup(bytes.p, message->envelope_len);
	record->rcpts.items = xmemdup(record->rcpts.items,
	    record->rcpts.count * sizeof(struct queue_recipient));
	rebase_all(message, bytes.p);
	record->prefix.p = NULL; /* its length is what is needed */
	for (size_t i = 0; i < record->rcpts.count; i++)
		message->live += message_rcpt(message, i)->state == QUEUE_LIVE;
	arena_free(arena);
	return message;
}

void
message_free(struct message *message)
{
	if (message == NULL)
		return;
	if (message->reason != NULL) {
		for (size_t i = 0; i < message->record.rcpts.count; i++)
			free(message->reason[i]);
		free(message->reason);
	}
	free(message->record.rcpts.items);
	free(message->envelope);
	free(message);
}

struct queue_recipient *
message_rcpt(const struct message *message, size_t i)
{
	struct queue_recipient *rcpt = message->record.rcpts.items;

	return &rcpt[i];
}

uint64_t
message_size(const struct message *message)
{
	return message->record.prefix.len + message->record.body_len;
}

void
message_large_path(char out[MESSAGE_LARGE_SIZE], const struct queue_id *id)
{
	char name[QUEUE_SHORT_SIZE];

	(void)snprintf(out, MESSAGE_LARGE_SIZE, "large/%s",
	    queue_id_short(name, id));
}

void
message_set_reason(struct message *message, size_t rcpt, const char *text)
{
	if (message->reason == NULL)
		message->reason = xcalloc(message->record.rcpts.count,
		    sizeof(*message->reason));
	free(message->reason[rcpt]);
	message->reason[rcpt] = xstrdup(text);
}

const char *
message_reason(const struct message *message, size_t rcpt)
{
	if (message->reason == NULL || message->reason[rcpt] == NULL)
		return "";
	return message->reason[rcpt];
}

static void
grow_reasons(struct message *message, size_t from, size_t to)
{
	if (message->reason == NULL)
		return;
	message->reason =
	    xreallocarray(message->reason, to, sizeof(*message->reason));
	for (size_t i = from; i < to; i++)
		message->reason[i] = NULL;
}

int
message_set_rcpts(struct message *message, const struct queue_recipient *rcpt,
    size_t count, struct err *err)
{
	size_t before = message->record.rcpts.count;
	struct queue_record record = message->record;
	struct message *made = NULL;
	struct buf bytes;

	record.rcpts = (struct ipc_list){ (void *)(uintptr_t)rcpt, count };
	record.prefix = str_of("");
	record.is_large = true; /* there is no body to be parsed */
	buf_init(&bytes, 0);
	if (queue_record_encode(&bytes, &record, err) == 0)
		made = message_new(buf_str(&bytes), err);
	buf_clear(&bytes);
	if (made == NULL)
		return -1;
	record = message->record;
	free(message->record.rcpts.items);
	free(message->envelope);
	message->record = made->record;
	message->record.prefix = record.prefix;
	message->record.is_large = record.is_large;
	message->envelope = made->envelope;
	message->live = made->live;
	grow_reasons(message, before, count);
	free(made);
	return 0;
}

int
message_encode(const struct message *message, struct buf *out, struct err *err)
{
	struct queue_record record = message->record;

	/* only its length is written here */
	record.prefix.p = "";
	return queue_record_encode(out, &record, err);
}
