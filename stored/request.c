#include "stored/request.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "ipc/store_msg.h"
#include "store/rights.h"
#include "store/uids.h"
#include "stored/task.h"

static bool copy_fields(struct arena *arena, const struct ipc_msg *msg,
    char *out);

/* Make what out's fields point at the arena's own. false: no room. */
static bool
copy_field(struct arena *arena, const struct ipc_field *field, void *member)
{
	struct ipc_list *list = member;
	struct str *str = member;
	void *items;

	if (field->type == IPC_STR) {
		*str = arena_str(arena, *str);
		return str->p != NULL;
	}
	if (field->type != IPC_LIST)
		return true;
	items = arena_calloc(arena, list->count, field->item->size);
	if (items == NULL)
		return false;
	if (list->count > 0)
		memcpy(items, list->items, list->count * field->item->size);
	list->items = items;
	for (size_t i = 0; i < list->count; i++)
		if (!copy_fields(arena, field->item,
			(char *)items + i * field->item->size))
			return false;
	return true;
}

static bool
copy_fields(struct arena *arena, const struct ipc_msg *msg, char *out)
{
	for (size_t i = 0; i < msg->count; i++)
		if (!copy_field(arena, &msg->fields[i],
			out + msg->fields[i].offset))
			return false;
	return true;
}

struct request *
request_new(request_fn *fn, const struct ipc_msg *msg, const void *in,
    size_t max, struct err *err)
{
	struct arena *arena = arena_new(max);
	struct request *request = xcalloc(1, sizeof(*request));
	void *copy = arena_alloc(arena, msg->size);

	list_init(&request->link);
	request->arena = arena;
	request->fn = fn;
	request->msg = msg;
	request->fd = -1;
	if (copy != NULL) {
		memcpy(copy, in, msg->size);
		request->in = copy;
	}
	if (copy == NULL || !copy_fields(arena, msg, copy)) {
		request_free(request);
		(void)err_set(err, ERR_LIMIT, "request is too large");
		return NULL;
	}
	request->cost = arena_used(arena);
	return request;
}

void
request_free(struct request *request)
{
	if (request == NULL)
		return;
	if (request->cleanup != NULL)
		request->cleanup(request);
	task_release(request);
	list_remove(&request->link);
	if (request->fd >= 0)
		(void)close(request->fd);
	arena_free(request->arena);
	free(request);
}

uint32_t
request_rights(const struct request *request, const struct store_mbox *mbox)
{
	if (request->is_trusted && request->who.user == 0)
		return STORE_RIGHTS_ALL;
	return store_rights(mbox, &request->who);
}

int
request_refuse(struct request *request, enum err_kind kind, const char *fmt,
    ...)
{
	va_list args;

	request->err.kind = kind;
	request->err.cause = ERR_CAUSE_NONE;
	request->is_unfinished = false;
	va_start(args, fmt);
	(void)vsnprintf(request->err.text, sizeof(request->err.text), fmt,
	    args);
	va_end(args);
	return 0;
}

void *
request_answer(struct request *request, const struct ipc_msg *msg)
{
	request->answer_msg = msg;
	request->answer = arena_calloc(request->arena, 1, msg->size);
	return request->answer;
}

static void
clear_uids(struct request *request)
{
	store_uids_clear(request->progress);
}

void *
request_progress(struct request *request, struct str uids, size_t size,
    void (*cleanup)(struct request *request))
{
	void *progress = request->progress;
	struct err err;

	if (progress != NULL)
		return progress;
	progress = arena_calloc(request->arena, 1, size);
	if (progress == NULL || store_uids_decode(progress, uids, &err) < 0) {
		(void)request_refuse(request, ERR_SYNTAX, "not a set of UIDs");
		return NULL;
	}
	request->progress = progress;
	request->cleanup = cleanup != NULL ? cleanup : clear_uids;
	return progress;
}

bool
request_put_uids(struct request *request, const struct store_uids *uids,
    struct str *out)
{
	struct buf bytes;

	buf_init(&bytes, STORE_MSG_UIDS_MAX);
	*out = (struct str){ NULL, 0 };
	if (store_uids_encode(&bytes, uids) == 0)
		*out = arena_str(request->arena, buf_str(&bytes));
	buf_clear(&bytes);
	return out->p != NULL;
}
