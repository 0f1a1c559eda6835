#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "ipc/async.h"
#include "ipc/rewrite_msg.h"
#include "ipc/server.h"
#include "net/listen.h"

/* A little rewrite: "gone@..." closes, "slow@..." never answers. */
static void
on_user(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	const struct rewrite_user *req = in;
	struct rewrite_user_answer answer = {
		.status = REWRITE_OK,
		.user = req->address,
		.quota = 5,
	};
	struct err err;

	if (str_starts(req->address, STR("gone@"))) {
		ipc_peer_close(peer);
	} else if (str_starts(req->address, STR("bad@"))) {
		err_set(&err, ERR_DENIED, "not today");
		ipc_peer_error(peer, tag, &err);
	} else if (!str_starts(req->address, STR("slow@"))) {
		ipc_peer_send(peer, &rewrite_user_answer_msg, tag, &answer);
	}
}

static const struct ipc_handler handlers[] = {
	{ &rewrite_user_msg, on_user },
	{ NULL, NULL },
};
static const struct ipc_peer_ops ops = { .handlers = handlers };

struct outcome {
	int calls;
	bool answered;
	enum err_kind kind;
	char user[64];
};

static void
on_answer(void *ctx, const void *in, const struct err *err)
{
	const struct rewrite_user_answer *answer = in;
	struct outcome *outcome = ctx;

	outcome->calls++;
	outcome->answered = answer != NULL;
	if (answer != NULL)
		snprintf(outcome->user, sizeof(outcome->user), "%" STR_F,
		    STR_A(answer->user));
	else
		outcome->kind = err->kind;
}

static void
every_call_ends_once(void **state)
{
	static const char *const names[] = { "a@x", "slow@x", "bad@x", "b@x" };
	struct outcome outcome[4] = { 0 };
	char path[] = "/tmp/chancery-async-XXXXXX", name[64];
	struct event_base *base = event_base_new();
	struct ipc_listener *listener;
	struct ipc_async *async;
	struct err err;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(path));
	snprintf(name, sizeof(name), "%s/s", path);
	fd = listen_unix(name, 0600, &err);
	assert_true(fd >= 0);
	listener = ipc_listener_new(base, fd, "test", &ops, NULL);
	async = ipc_async_new(base, name, 200);
	for (int i = 0; i < 4; i++) {
		struct rewrite_user req = { str_of(names[i]) };

		ipc_async_call(async, &rewrite_user_msg, &req,
		    &rewrite_user_answer_msg, on_answer, &outcome[i]);
		assert_int_equal(outcome[i].calls, 0);
	}
	while (ipc_async_open_calls(async) > 0)
		event_base_loop(base, EVLOOP_ONCE);
	assert_true(outcome[0].answered);
	assert_string_equal(outcome[3].user, "b@x");
	assert_false(outcome[1].answered);
	assert_int_equal(outcome[1].kind, ERR_TEMP);
	assert_int_equal(outcome[2].kind, ERR_DENIED);
	for (int i = 0; i < 4; i++)
		assert_int_equal(outcome[i].calls, 1);

	/* A connection that broke is an error once, and is made again. */
	memset(outcome, 0, sizeof(outcome));
	for (int i = 0; i < 2; i++) {
		struct rewrite_user req = { i == 0 ? STR("gone@x") :
						     STR("c@x") };

		ipc_async_call(async, &rewrite_user_msg, &req,
		    &rewrite_user_answer_msg, on_answer, &outcome[i]);
		while (ipc_async_open_calls(async) > 0)
			event_base_loop(base, EVLOOP_ONCE);
	}
	assert_int_equal(outcome[0].kind, ERR_TEMP);
	assert_true(outcome[1].answered);
	ipc_async_free(async);
	ipc_listener_free(listener);
	close(fd);
	event_base_free(base);
	unlink(name);
	rmdir(path);
}

/* No tag is left for one more; who waits is answered all the same. */
static void
calls_beyond_the_bound_are_put_off(void **state)
{
	enum { CALLS = IPC_ASYNC_CALLS_MAX + 40000 };
	struct outcome *outcome = calloc(CALLS, sizeof(*outcome));
	char path[] = "/tmp/chancery-async-XXXXXX", name[64];
	struct event_base *base = event_base_new();
	struct rewrite_user req = { STR("slow@x") };
	struct ipc_async *async;
	struct err err;
	size_t refused = 0;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(path));
	snprintf(name, sizeof(name), "%s/s", path);
	fd = listen_unix(name, 0600, &err);
	assert_true(fd >= 0);
	async = ipc_async_new(base, name, 60000);
	for (int i = 0; i < CALLS; i++)
		ipc_async_call(async, &rewrite_user_msg, &req,
		    &rewrite_user_answer_msg, on_answer, &outcome[i]);
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	for (int i = 0; i < CALLS; i++)
		refused += outcome[i].calls == 1 && outcome[i].kind == ERR_TEMP;
	assert_int_equal(refused, CALLS - IPC_ASYNC_CALLS_MAX);
	ipc_async_free(async);
	for (int i = 0; i < CALLS; i++)
		assert_int_equal(outcome[i].calls, 1);
	close(fd);
	event_base_free(base);
	unlink(name);
	rmdir(path);
	free(outcome);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_ends_once),
		cmocka_unit_test(calls_beyond_the_bound_are_put_off),
	};

	return cmocka_run_group_tests_name("ipc/async", tests, NULL, NULL);
}
