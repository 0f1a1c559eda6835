#include "t/crash/store_ask.h"

#include <unistd.h>

#include "base/fsutil.h"
#include "base/log.h"
#include "ipc/store_msg.h"

enum { REQUEST_MAX = 1 << 20 }; /* bytes */

static const struct str anna_names[] = { { "anna@a.test", 11 },
	{ "@a.test", 7 } };
static const struct str bob_names[] = { { "bob@a.test", 10 },
	{ "@a.test", 7 } };
const struct store_who store_anna = { 1, { "anna@a.test", 11 }, anna_names, 2 };
const struct store_who store_bob = { 2, { "bob@a.test", 10 }, bob_names, 2 };

struct request *
store_ask(struct list *batch, const struct store_who *who, request_fn *fn,
    const struct ipc_msg *msg, const void *in)
{
	struct err err;
	struct request *request = request_new(fn, msg, in, REQUEST_MAX, &err);

	if (request == NULL)
		fatal("%s", err.text);
	request->who = *who;
	request->is_trusted = true;
	list_push(batch, &request->link);
	return request;
}

void
store_ask_body(struct engine *engine, struct request *request, struct str body)
{
	struct err err;

	request->fd = engine_open_large(engine, request->large_name, &err);
	if (request->fd < 0 ||
	    fs_write_all(request->fd, body.p, body.len, &err) < 0)
		fatal("%s", err.text);
	if (fdatasync(request->fd) < 0)
		fatal("cannot sync a body");
}

const struct store_append_result *
store_ask_result(const struct request *request)
{
	const struct store_appended *answer = request->answer;

	return answer->results.items;
}

void
store_ask_clear(struct list *requests)
{
	while (!list_is_empty(requests))
		request_free(LIST_ITEM(requests->next, struct request, link));
}
