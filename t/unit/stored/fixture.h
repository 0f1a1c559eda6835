/*
 * fixture - an engine on a folder of its own, requests without clients, and
 * a pinned reader: for the tests of stored.
 */
#ifndef T_STORED_FIXTURE_H
#define T_STORED_FIXTURE_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"

#include "base/alloc.h"
#include "base/fsutil.h"
#include "ipc/store_msg.h"
#include "kv/pin.h"
#include "store/mailbox.h"
#include "store/verify.h"
#include "stored/mailbox.h"

enum { USERS = 3 };

struct fixture {
	char dir[64];
	struct engine_conf conf;
	struct engine *engine;
	struct list batch; /* requests on their way */
	unsigned pending;
	unsigned copy_slice; /* for the next open_engine() */
};

UNUSED static struct str
user_name(unsigned user)
{
	static const char *const names[USERS] = { "anna@a.test", "bob@a.test",
		"carl@b.test" };

	return str_of(names[user]);
}

/* With f->conf as it is. */
UNUSED static void
open_engine_as(struct fixture *f)
{
	struct err err;

	if (engine_open(&f->engine, &f->conf, &err) < 0)
		fail_msg("%s", err.text);
}

UNUSED static void
open_engine(struct fixture *f)
{
	f->conf = (struct engine_conf){ .path = f->dir,
		.index_size = 256 << 20,
		.segment_size = 1 << 20,
		.large_size = 100000,
		.copy_slice = f->copy_slice,
		.nosync = true };
	open_engine_as(f);
}

UNUSED static void
fixture_open(struct fixture *f, const char *name)
{
	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/chancery-%s-XXXXXX", name);
	assert_non_null(mkdtemp(f->dir));
	list_init(&f->batch);
	open_engine(f);
}

UNUSED static void
fixture_close(struct fixture *f)
{
	struct err err;

	engine_close(f->engine);
	assert_int_equal(fs_remove_tree(AT_FDCWD, f->dir, &err), 0);
}

/* For cmocka's teardown: what a setup left in *state. */
UNUSED static int
fixture_teardown(void **state)
{
	fixture_close(*state);
	free(*state);
	return 0;
}

UNUSED static void
print_problem(void *ctx, const char *text)
{
	(void)ctx;
	print_message("verify: %s\n", text);
}

/* Every invariant of the index holds. */
UNUSED static void
verify(struct fixture *f)
{
	struct store_verify_ops ops = { .problem = print_problem };
	struct err err;

	assert_int_equal(store_verify_all(f->engine->kv, &ops, &err), 0);
}

UNUSED static struct request *
ask(struct fixture *f, request_fn *fn, const struct ipc_msg *msg,
    const void *in, unsigned user)
{
	struct err err;
	struct request *request = request_new(fn, msg, in, 64 << 20, &err);

	assert_non_null(request);
	request->is_trusted = true;
	/* the order in which setup made them */
	assert_int_equal(store_who_make(&request->who, request->arena, user + 1,
			     user_name(user), NULL, 0, &err),
	    0);
	list_push(&f->batch, &request->link);
	f->pending++;
	return request;
}

UNUSED static void
run_one(struct fixture *f, struct request *request, enum err_kind kind)
{
	size_t count;

	do {
		engine_batch(f->engine, &f->batch, &count);
		assert_int_equal(count, 1);
	} while (request->is_unfinished);
	if (request->err.kind != kind)
		fail_msg("%s", request->err.text);
	f->pending = 0;
}

UNUSED static void
hello(struct fixture *f, unsigned user)
{
	struct store_hello in = { user_name(user), STR(""), false };
	struct request *request =
	    ask(f, hello_run, &store_hello_msg, &in, user);

	run_one(f, request, ERR_NONE);
	assert_int_equal(((struct store_welcome *)request->answer)->user,
	    user + 1);
	request_free(request);
}

struct look {
	struct store_reader *reader;
	struct kv_pins *pins;
	struct kv_pin_slot *slot;
};

UNUSED static void
begin_look(struct look *look, struct fixture *f, unsigned user)
{
	struct arena *arena = arena_new(0);
	struct store_who who;
	struct err err;
	int fd;

	assert_int_equal(store_who_make(&who, arena, user + 1, user_name(user),
			     NULL, 0, &err),
	    0);
	assert_int_equal(store_reader_open(&look->reader, f->dir, 0, &err), 0);
	assert_int_equal(kv_pins_open(&look->pins, f->engine->kv, &err), 0);
	assert_int_equal(kv_pins_add(look->pins, NULL, &look->slot, &fd, &err),
	    0);
	if (store_reader_attach(look->reader, &who,
		str_make(f->engine->meta.incarnation, 16),
		dup(kv_pins_epoch_fd(look->pins)), fd, &err) < 0)
		fail_msg("%s", err.text);
	arena_free(arena);
}

UNUSED static void
end_look(struct look *look)
{
	store_reader_close(look->reader);
	kv_pins_close(look->pins);
}

UNUSED static void
reopen(struct fixture *f, bool rebuild)
{
	struct err err;

	if (rebuild)
		assert_int_equal(engine_ask_rebuild(f->engine, &err), 0);
	engine_close(f->engine);
	open_engine(f);
	assert_true(rebuild == (f->engine->replayed > 0));
}

#endif
