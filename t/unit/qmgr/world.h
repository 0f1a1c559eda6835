/*
 * world - a queue in a folder and a process of its own, for tests of qmgr.
 */
#ifndef TEST_QMGR_WORLD_H
#define TEST_QMGR_WORLD_H

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/fsutil.h"
#include "base/log.h"
#include "base/time.h"
#include "qmgr/batch.h"
#include "qmgr/job.h"
#include "qmgr/qmgr.h"
#include "service/impl.h"

struct world {
	char folder[200];
	struct daemon daemon;
	struct qmgr q;
	struct message *message; /* the last that was kept; NULL: refused */
	int answers;
};

static inline int
world_setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct err err;

	(void)snprintf(world->folder, sizeof(world->folder),
	    "%s/chancery-qmgr.XXXXXX",
	    getenv("TMPDIR") == NULL ? "/tmp" : getenv("TMPDIR"));
	if (mkdtemp(world->folder) == NULL || chdir(world->folder) < 0)
		return -1;
	log_init("test", LOG_LEVEL_ERROR);
	(void)signal(SIGPIPE, SIG_IGN); /* as every daemon does */
	world->daemon.stats = stats_private();
	world->daemon.base = event_base_new();
	world->q.conf = (struct qmgr_conf){
		.hostname = "mx.test",
		.inline_limit = 65536,
		.segment_size = 1 << 20,
		.ring_size = 4 << 20,
		.message_limit = 1 << 20,
		.bounce_limit = 50000,
		.spool_after = 3000,
		.lifetime = 1000,
		.double_bounce = "postmaster",
		.bounce_lifetime = 1000,
		.min_backoff = 300,
		.max_backoff = 4000,
		.agent_limit = 10,
		.remote_transports = "far",
		.dest_limit = 10,
		.initial_limit = 2,
		.rcpt_limit = 100,
		.lmtp_limit = 10,
		.lmtp_rcpt_limit = 100,
		.smtp_limit = 10,
		.smtp_rcpt_limit = 100,
		.grow = "1",
		.shrink = "1",
		.cohort_limit = 1,
		.agent_timeout = 100,
	};
	*state = world;
	return qmgr_start(&world->q, &world->daemon, &err);
}

static inline int
world_teardown(void **state)
{
	struct world *world = *state;
	struct err err;

	qmgr_stop(&world->q);
	event_base_free(world->daemon.base);
	stats_unmap(world->daemon.stats);
	(void)!chdir("/");
	(void)fs_remove_tree(AT_FDCWD, world->folder, &err);
	free(world);
	return 0;
}

static inline void
kept(void *ctx, struct message *message, const struct err *err)
{
	struct world *world = ctx;

	(void)err;
	world->message = message;
	world->answers++;
}

/*
 * A message to these recipients with size bytes of body, on its way to disk.
 * keep as in batch_add.
 */
static inline struct message *
add(struct world *world, struct queue_recipient *rcpt, size_t count,
    size_t size, bool keep)
{
	static const char header[] = "Subject: x\r\n\r\n";
	struct queue_id id = qmgr_new_id(&world->q);
	struct queue_record record = {
		.queue = id.queue,
		.epoch = id.epoch,
		.counter = id.counter,
		.arrival = time_real(),
		.header_len = sizeof(header) - 1,
		.body_len = sizeof(header) - 1 + size,
		.rcpts = { rcpt, count },
		.prefix = STR("Received: t\r\n"),
	};
	char *body = malloc(size + 1);
	struct message *message;
	struct buf bytes;
	struct err err;

	memset(body, 'x', size);
	if (size >= 6)
		memcpy(body, ".dot\r\n", 6);
	buf_init(&bytes, 0);
	assert_int_equal(queue_record_encode(&bytes, &record, &err), 0);
	(void)buf_add_str(&bytes, record.prefix);
	(void)buf_addz(&bytes, header);
	(void)buf_add(&bytes, body, size);
	free(body);
	message = message_new(buf_str(&bytes), &err);
	assert_non_null(message);
	(void)batch_add(&world->q, message, &bytes, keep, kept, world);
	return message;
}

/* A short one, and on disk. */
static inline struct message *
put(struct world *world, struct queue_recipient *rcpt, size_t count)
{
	struct message *message = add(world, rcpt, count, 6, false);
	struct err err;

	assert_int_equal(batch_flush(&world->q, &err), 0);
	assert_ptr_equal(world->message, message);
	return message;
}

#define WORLD_TEST(fn)                                                         \
	cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)

#endif
