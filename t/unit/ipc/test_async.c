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

/* A little rewrite, and who asks it and waits so long for each answer. */
struct pair {
	struct event_base *base;
	char folder[64], name[80];
	int fd;
	struct ipc_listener *listener;
	struct ipc_async *async;
};

static void
pair_open(struct pair *pair, int timeout_ms)
{
	struct err err;

	pair->base = event_base_new();
	snprintf(pair->folder, sizeof(pair->folder),
	    "/tmp/chancery-async-XXXXXX");
	assert_non_null(mkdtemp(pair->folder));
	snprintf(pair->name, sizeof(pair->name), "%s/s", pair->folder);
	pair->fd = listen_unix(pair->name, 0600, &err);
	assert_true(pair->fd >= 0);
	pair->listener =
	    ipc_listener_new(pair->base, pair->fd, "test", &ops, NULL);
	pair->async = ipc_async_new(pair->base, pair->name, timeout_ms);
}

static void
pair_close(struct pair *pair)
{
	ipc_async_free(pair->async);
	ipc_listener_free(pair->listener);
	close(pair->fd);
	event_base_free(pair->base);
	unlink(pair->name);
	rmdir(pair->folder);
}

static void
call(struct pair *pair, const char *name, struct outcome *outcome)
{
	struct rewrite_user req = { str_of(name) };

	ipc_async_call(pair->async, &rewrite_user_msg, &req,
	    &rewrite_user_answer_msg, on_answer, outcome);
	assert_int_equal(outcome->calls, 0);
}

static void
run(struct pair *pair)
{
	while (ipc_async_open_calls(pair->async) > 0)
		event_base_loop(pair->base, EVLOOP_ONCE);
}

/* Of these the second is never answered. */
static void
call_four(struct outcome outcome[4], int timeout_ms)
{
	static const char *const names[] = { "a@x", "slow@x", "bad@x", "b@x" };
	struct pair pair;

	memset(outcome, 0, 4 * sizeof(*outcome));
	pair_open(&pair, timeout_ms);
	for (int i = 0; i < 4; i++)
		call(&pair, names[i], &outcome[i]);
	run(&pair);
	for (int i = 0; i < 4; i++)
		assert_int_equal(outcome[i].calls, 1);
	pair_close(&pair);
}

/*
 * Where this process gets no processor, the others may run out of time as
 * well: then it has more.
 */
static void
every_call_ends_once(void **state)
{
	struct outcome outcome[4] = { 0 };

	(void)state;
	for (int ms = 200; ms <= 60000 &&
	     (!outcome[0].answered || outcome[2].kind != ERR_DENIED ||
		 !outcome[3].answered);
	     ms *= 6)
		call_four(outcome, ms);
	assert_true(outcome[0].answered);
	assert_string_equal(outcome[3].user, "b@x");
	assert_false(outcome[1].answered);
	assert_int_equal(outcome[1].kind, ERR_TEMP);
	assert_int_equal(outcome[2].kind, ERR_DENIED);
}

/* It is an error once, and is made again. */
static void
a_connection_may_break(void **state)
{
	struct outcome outcome[2] = { 0 };
	struct pair pair;

	(void)state;
	pair_open(&pair, 60000);
	call(&pair, "gone@x", &outcome[0]);
	run(&pair);
	call(&pair, "c@x", &outcome[1]);
	run(&pair);
	assert_int_equal(outcome[0].kind, ERR_TEMP);
	assert_true(outcome[1].answered);
	pair_close(&pair);
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
		cmocka_unit_test(a_connection_may_break),
		cmocka_unit_test(calls_beyond_the_bound_are_put_off),
	};

	return cmocka_run_group_tests_name("ipc/async", tests, NULL, NULL);
}
