#include "ipc/async.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/list.h"
#include "base/log.h"
#include "ipc/server.h"
#include "net/connect.h"

enum {
	ASYNC_ANSWERS = 32, /* different answers on one edge */
	TAGS = 65536,
};

struct call {
	struct list link;
	struct ipc_async *async;
	uint64_t number;
	uint16_t tag;
	bool is_refused; /* in that list */
	const struct ipc_msg *answer_msg;
	ipc_async_fn *fn;
	void *ctx;
	struct event *timer;
	struct err err; /* for the callback when the timer ends it */
};

struct ipc_async {
	struct event_base *base;
	const char *path;
	int timeout;
	struct ipc_peer *peer; /* NULL: not connected */
	struct ipc_handler handlers[ASYNC_ANSWERS + 2];
	struct ipc_peer_ops ops;
	size_t answers;
	struct list calls;   /* under way, oldest first */
	struct list refused; /* to be ended by the loop, without a tag */
	size_t open;         /* calls */
	uint64_t last;
	uint16_t last_tag;
	uint8_t used[TAGS / 8]; /* a bit a tag: has a call under way it? */
};

static void on_answer(struct ipc_peer *peer, uint16_t tag, const void *in);
static void on_closed(struct ipc_peer *peer);

struct ipc_async *
ipc_async_new(struct event_base *base, const char *path, int timeout_ms)
{
	struct ipc_async *async = xcalloc(1, sizeof(*async));

	async->base = base;
	async->path = path;
	async->timeout = timeout_ms;
	async->handlers[0] = (struct ipc_handler){ &ipc_error_msg, on_answer };
	async->answers = 1;
	async->ops = (struct ipc_peer_ops){
		.handlers = async->handlers,
		.closed = on_closed,
	};
	list_init(&async->calls);
	list_init(&async->refused);
	async->used[0] = 1; /* tag 0 is what nobody answers: ipc_async_tell */
	return async;
}

void
ipc_async_set_secret(struct ipc_async *async)
{
	async->ops.secret = true;
}

static void
give_tag_back(const struct call *call)
{
	struct ipc_async *async = call->async;

	async->used[call->tag / 8] &= (uint8_t) ~(1U << call->tag % 8);
	async->open--;
}

static void
finish(struct call *call, const void *answer, const struct err *err)
{
	list_remove(&call->link);
	if (!call->is_refused)
		give_tag_back(call);
	if (call->fn != NULL)
		call->fn(call->ctx, answer, err);
	event_free(call->timer);
	free(call);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct call *call = arg;

	(void)fd;
	(void)what;
	finish(call, NULL, &call->err);
}

/* Let the loop end the call: callbacks never come from inside a caller. */
static void
end_soon(struct call *call, const struct err *err)
{
	call->err = *err;
	event_active(call->timer, EV_TIMEOUT, 0);
}

static struct call *
find_tag(struct ipc_async *async, uint16_t tag)
{
	LIST_FOREACH(link, &async->calls)
	{
		struct call *call = LIST_ITEM(link, struct call, link);

		if (call->tag == tag)
			return call;
	}
	return NULL;
}

static void
on_answer(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	struct ipc_async *async = ipc_peer_ctx(peer);
	const struct ipc_msg *msg = ipc_peer_current(peer);
	struct call *call = find_tag(async, tag);
	struct err err;

	if (call == NULL) /* it ran out of time before */
		return;
	if (msg == &ipc_error_msg) {
		(void)ipc_error_to_err(in, &err);
		finish(call, NULL, &err);
	} else if (msg != call->answer_msg) {
		err_set(&err, ERR_CORRUPT, "%s: unexpected answer %s",
		    async->path, msg->name);
		finish(call, NULL, &err);
	} else {
		finish(call, in, NULL);
	}
}

static void
on_closed(struct ipc_peer *peer)
{
	struct ipc_async *async = ipc_peer_ctx(peer);
	struct err err;

	async->peer = NULL;
	err_set(&err, ERR_TEMP, "%s: connection lost", async->path);
	LIST_FOREACH(link, &async->calls)
	{
		end_soon(LIST_ITEM(link, struct call, link), &err);
	}
}

static int
ensure_peer(struct ipc_async *async, struct err *err)
{
	int fd;

	if (async->peer != NULL)
		return 0;
	fd = connect_unix(async->path, err);
	if (fd < 0)
		return -1;
	async->peer =
	    ipc_peer_new(async->base, fd, async->path, &async->ops, async);
	return 0;
}

static void
learn_answer(struct ipc_async *async, const struct ipc_msg *msg)
{
	for (size_t i = 0; i < async->answers; i++) {
		if (async->handlers[i].msg == msg)
			return;
	}
	if (async->answers == ASYNC_ANSWERS)
		panic("%s: too many kinds of answers", async->path);
	async->handlers[async->answers++] =
	    (struct ipc_handler){ msg, on_answer };
}

/* One that no call under way has; the caller's has it now. */
static uint16_t
take_tag(struct ipc_async *async)
{
	uint16_t tag;

	do
		tag = ++async->last_tag;
	while (async->used[tag / 8] & 1U << tag % 8);
	async->used[tag / 8] |= (uint8_t)(1U << tag % 8);
	async->open++;
	return tag;
}

uint64_t
ipc_async_call(struct ipc_async *async, const struct ipc_msg *msg,
    const void *req, const struct ipc_msg *answer_msg, ipc_async_fn *fn,
    void *ctx)
{
	struct timeval limit = { async->timeout / 1000,
		async->timeout % 1000 * 1000 };
	struct call *call = xcalloc(1, sizeof(*call));
	struct err err;

	learn_answer(async, answer_msg);
	call->async = async;
	call->number = ++async->last;
	call->answer_msg = answer_msg;
	call->fn = fn;
	call->ctx = ctx;
	call->timer = evtimer_new(async->base, on_timer, call);
	if (call->timer == NULL)
		panic("libevent: no memory for a timer");
	if (async->open >= IPC_ASYNC_CALLS_MAX) {
		call->is_refused = true;
		list_push(&async->refused, &call->link);
		err_set(&err, ERR_TEMP, "%s: too many wait for it",
		    async->path);
		end_soon(call, &err);
		return call->number;
	}
	err_set(&call->err, ERR_TEMP, "%s: no answer in time", async->path);
	call->tag = take_tag(async);
	list_push(&async->calls, &call->link);
	if (ensure_peer(async, &err) < 0) {
		end_soon(call, &err);
		return call->number;
	}
	(void)evtimer_add(call->timer, &limit);
	ipc_peer_send(async->peer, msg, call->tag, req);
	return call->number;
}

void
ipc_async_cancel(struct ipc_async *async, uint64_t number)
{
	struct list *lists[] = { &async->calls, &async->refused };

	for (size_t i = 0; i < NELEMS(lists); i++) {
		LIST_FOREACH(link, lists[i])
		{
			struct call *call = LIST_ITEM(link, struct call, link);

			/* an answer is still to be eaten */
			if (call->number == number)
				call->fn = NULL;
		}
	}
}

void
ipc_async_tell(struct ipc_async *async, const struct ipc_msg *msg,
    const void *in)
{
	struct err err;

	if (ensure_peer(async, &err) == 0)
		ipc_peer_send(async->peer, msg, 0, in);
}

size_t
ipc_async_open_calls(const struct ipc_async *async)
{
	return async->open;
}

void
ipc_async_free(struct ipc_async *async)
{
	static const struct err gone = { .kind = ERR_TEMP,
		.text = "shutting down" };

	if (async == NULL)
		return;
	/* whoever hears of one may ask once more */
	while (
	    !list_is_empty(&async->calls) || !list_is_empty(&async->refused)) {
		struct list *link = list_is_empty(&async->calls) ?
		    async->refused.next :
		    async->calls.next;

		finish(LIST_ITEM(link, struct call, link), NULL, &gone);
	}
	if (async->peer != NULL) {
		ipc_peer_close(async->peer);
		(void)event_base_loop(async->base, EVLOOP_NONBLOCK);
	}
	free(async);
}
