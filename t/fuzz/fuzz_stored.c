/*
 * Requests from clients: frames as a session sends them, decoded, run by the
 * engine as one user's, on a partition that lives as long as this process.
 * Whatever is asked, no batch may fail the engine and no invariant may break.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/fsutil.h"
#include "base/log.h"
#include "ipc/frame.h"
#include "ipc/store_msg.h"
#include "store/verify.h"
#include "stored/append.h"
#include "stored/append_all.h"
#include "stored/check.h"
#include "stored/copy.h"
#include "stored/expunge.h"
#include "stored/flags.h"
#include "stored/mailbox.h"
#include "stored/settle.h"
#include "stored/upload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct row {
	const struct ipc_msg *msg;
	request_fn *fn;
} rows[] = {
	{ &store_hello_msg, hello_run },
	{ &store_append_msg, append_run },
	{ &store_flags_msg, flags_run },
	{ &store_expunge_msg, expunge_run },
	{ &store_copy_msg, copy_run },
	{ &store_adopt_msg, adopt_run },
	{ &store_append_all_msg, append_all_run },
	{ &store_mailbox_msg, mailbox_run },
	{ &store_recent_msg, recent_run },
	{ &store_settle_msg, settle_run },
};

static const struct str anna_names[] = { { "anna@a.test", 11 },
	{ "@a.test", 7 } };
static const struct store_who anna = { 1, { "anna@a.test", 11 }, anna_names,
	2 };

static void
problem(void *ctx, const char *text)
{
	(void)ctx;
	panic("verify: %s", text);
}

static void
run(struct engine *engine, request_fn *fn, const struct ipc_msg *msg,
    const void *in)
{
	struct err err;
	struct request *request = request_new(fn, msg, in, 8 << 20, &err);
	struct list batch;
	size_t done;

	if (request == NULL)
		return;
	request->who = anna;
	list_init(&batch);
	list_push(&batch, &request->link);
	do {
		engine_batch(engine, &batch, &done);
	} while (request->is_unfinished);
	if (engine->is_failed ||
	    (request->err.kind == ERR_NONE && request->answer == NULL))
		panic("%s: no answer", msg->name);
	request_free(request);
}

static void
run_frame(struct engine *engine, const struct frame *frame, struct arena *arena)
{
	struct ipc_fds fds = { .count = 0 };
	struct err err;
	void *in;

	for (size_t i = 0; i < NELEMS(rows); i++) {
		if (rows[i].msg->type != frame->type)
			continue;
		in = arena_alloc(arena, rows[i].msg->size);
		if (ipc_decode(in, rows[i].msg, frame->payload, &fds, arena,
			&err) == 0)
			run(engine, rows[i].fn, rows[i].msg, in);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store_hello hello = { STR("anna@a.test"), STR(""), false };
	const char *tmp = getenv("TMPDIR");
	char dir[200];
	struct engine_conf conf = { .path = dir,
		.index_size = 16 << 20,
		.segment_size = 1 << 20,
		.large_size = 1 << 20,
		.nosync = true };
	struct store_verify_ops ops = { problem, check_body, NULL };
	struct str in = str_make(data, size);
	struct arena *arena = arena_new(8 << 20);
	struct engine *engine;
	struct frame frame;
	struct err err;

	log_init("fuzz", LOG_LEVEL_ERROR);
	(void)snprintf(dir, sizeof(dir), "%s/chancery-fuzz-XXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(dir) == NULL || engine_open(&engine, &conf, &err) < 0)
		panic("%s", dir);
	run(engine, hello_run, &store_hello_msg, &hello);
	while (frame_take(&in, &frame, &err) > 0) {
		run_frame(engine, &frame, arena);
		arena_reset(arena);
	}
	ops.ctx = engine;
	if (store_verify_all(engine->kv, &ops, &err) != 0)
		panic("verify");
	engine_close(engine);
	arena_free(arena);
	if (fs_remove_tree(AT_FDCWD, dir, &err) < 0)
		panic("%s", err.text);
	return 0;
}
