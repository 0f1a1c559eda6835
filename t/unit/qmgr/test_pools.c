#include "world.h"

#include "qmgr/defer.h"
#include "qmgr/retire.h"
#include "qmgr/spool.h"
#include "seglog/segment.h"

static const struct queue_recipient nowhere = {
	.address = { "a@x", 3 },
	.transport = { "nowhere", 7 },
	.nexthop = { "x", 1 },
};

static void
tick(struct world *world)
{
	struct queue_recipient rcpt = nowhere;
	struct err err;

	(void)rcpt;
	spool_step(&world->q);
	assert_int_equal(batch_flush(&world->q, &err), 0);
}

static struct message *
put_large(struct world *world)
{
	struct queue_recipient rcpt = nowhere;
	struct message *message;
	struct err err;

	spool_relieve(&world->q);
	message = add(world, &rcpt, 1, 60000, false);
	assert_int_equal(batch_flush(&world->q, &err), 0);
	return message;
}

static void
check_readable(struct world *world, struct message *message)
{
	struct buf out;
	struct str bytes;
	struct err err;

	(void)world;
	buf_init(&out, 0);
	assert_int_equal(pool_read(message, &out, &bytes, &err), 0);
	assert_int_equal(bytes.len, message->place.length);
	buf_clear(&out);
}

static void
keeps_the_ring_small_under_pressure(void **state)
{
	struct world *world = *state;
	struct message *message[200];
	size_t spooled = 0;

	/* twelve megabytes through a ring of four */
	for (size_t i = 0; i < NELEMS(message); i++)
		message[i] = put_large(world);
	assert_true(pool_segments(&world->q.ring) <= 6);
	for (size_t i = 0; i < NELEMS(message); i++) {
		check_readable(world, message[i]);
		spooled += message[i]->pool == &world->q.spool;
	}
	assert_true(spooled > 100);
	assert_int_equal(world->q.ring.messages + world->q.spool.messages,
	    NELEMS(message));
	/* a tenth of them stay: the spool shrinks to what they need */
	for (size_t i = 0; i < NELEMS(message); i++) {
		job_cancel(message[i]);
		if (i % 10 != 0)
			retire_all(&world->q, message[i]);
	}
	for (int i = 0; i < 10; i++)
		tick(world);
	assert_true(pool_segments(&world->q.spool) <= 8);
	assert_int_equal(hash_len(world->q.live), NELEMS(message) / 10);
	for (size_t i = 0; i < NELEMS(message); i += 10)
		check_readable(world, message[i]);
}

static void
moves_what_is_old_and_finds_it_after_a_restart(void **state)
{
	struct queue_recipient rcpt[2] = { nowhere, nowhere };
	struct world *world = *state;
	struct qmgr_conf conf = world->q.conf;
	struct message *message = put(world, rcpt, 2);
	struct queue_id id = message->id;
	struct err err;

	tick(world);
	assert_ptr_equal(message->pool, &world->q.ring);
	job_cancel(message);
	retire_rcpt(&world->q, message, 0, QUEUE_DELIVERED);
	message->record.arrival -= 3001 * (int64_t)TIME_SECOND;
	tick(world);
	assert_ptr_equal(message->pool, &world->q.spool);
	qmgr_stop(&world->q);
	world->q = (struct qmgr){ .conf = conf };
	assert_int_equal(qmgr_start(&world->q, &world->daemon, &err), 0);
	message = qmgr_find(&world->q, &id);
	assert_non_null(message);
	assert_ptr_equal(message->pool, &world->q.spool);
	assert_int_equal(message->live, 1);
	assert_int_equal(message_rcpt(message, 0)->state, QUEUE_DELIVERED);
	assert_int_equal(world->q.ring.messages, 0);
}

/* From now on the ring's segment takes writes and fails its syncs. */
static void
break_sync(struct world *world)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	assert_true(dup2(fd, world->q.ring.log->current->fd) >= 0);
	close(fd);
}

static void
refuses_the_whole_batch_when_the_disk_does(void **state)
{
	struct queue_recipient rcpt = nowhere;
	struct world *world = *state;
	struct message *kept_one, *lost_one;
	char body[MESSAGE_LARGE_SIZE];
	struct queue_id lost, id;
	struct err err;

	put(world, &rcpt, 1);
	break_sync(world);
	world->answers = 0;
	lost_one = add(world, &rcpt, 1, 10, false);
	lost = lost_one->id;
	lost_one->record.is_large = true;
	message_large_path(body, &lost);
	assert_int_equal(fs_write_file(AT_FDCWD, body, STR("x"), 0600, &err),
	    0);
	kept_one = add(world, &rcpt, 1, 10, true);
	id = kept_one->id;
	assert_int_equal(batch_flush(&world->q, &err), -1);
	assert_int_equal(err.kind, ERR_TEMP);
	assert_int_equal(world->answers, 1);
	assert_null(world->message);
	assert_null(qmgr_find(&world->q, &lost));
	/* who starts now may find it in the ring, so its body stays */
	assert_int_equal(access(body, F_OK), 0);
	/* in another segment the next one works, with what must be kept */
	assert_int_equal(batch_flush(&world->q, &err), 0);
	assert_int_equal(world->answers, 2);
	assert_ptr_equal(qmgr_find(&world->q, &id), kept_one);
	check_readable(world, kept_one);
	assert_int_equal(access(body, F_OK), -1);
}

static void
keeps_a_retirement_that_the_disk_refused(void **state)
{
	struct queue_recipient rcpt = nowhere;
	struct world *world = *state;
	struct message *message = put(world, &rcpt, 1);
	struct queue_id id = message->id;
	struct err err;

	job_cancel(message);
	break_sync(world);
	retire_all(&world->q, message);
	assert_int_equal(batch_flush(&world->q, &err), -1);
	assert_non_null(qmgr_find(&world->q, &id));
	assert_int_equal(batch_flush(&world->q, &err), 0);
	assert_null(qmgr_find(&world->q, &id));
}

static void
counts_a_change_that_covers_many_recipients(void **state)
{
	enum { MANY = 30000 };
	struct queue_recipient *rcpt = calloc(MANY, sizeof(*rcpt));
	struct world *world = *state;
	struct message *message;
	struct queue_id id;
	struct err err;

	for (size_t i = 0; i < MANY / 10; i++)
		rcpt[i] = nowhere;
	message = put(world, rcpt, MANY / 10);
	id = message->id;
	job_cancel(message);
	/* more changes than one batch of a megabyte takes */
	for (size_t i = 0; i < MANY * 2; i++)
		pool_change(&world->q.ring, &id, (uint32_t)(i % 3000),
		    QUEUE_DELIVERED);
	retire_all(&world->q, message);
	assert_int_equal(batch_flush(&world->q, &err), 0);
	assert_int_equal(world->q.ring.changes, 0);
	assert_null(qmgr_find(&world->q, &id));
	free(rcpt);
}

static void
makes_a_damaged_schedule_anew(void **state)
{
	static const char garbage[8192] = "not an index";
	struct queue_recipient rcpt = nowhere;
	struct world *world = *state;
	struct qmgr_conf conf = world->q.conf;
	struct queue_id id = put(world, &rcpt, 1)->id;
	struct err err;

	qmgr_stop(&world->q);
	assert_int_equal(fs_write_file(AT_FDCWD, "schedule/data.mdb",
			     str_make(garbage, sizeof(garbage)), 0600, &err),
	    0);
	world->q = (struct qmgr){ .conf = conf };
	assert_int_equal(qmgr_start(&world->q, &world->daemon, &err), 0);
	assert_non_null(world->q.kv);
	assert_non_null(qmgr_find(&world->q, &id));
}

static void
keeps_the_next_try_through_a_restart(void **state)
{
	struct queue_recipient rcpt = nowhere;
	struct world *world = *state;
	struct qmgr_conf conf = world->q.conf;
	struct message *message = put(world, &rcpt, 1);
	struct queue_id id = message->id;
	struct err err;
	int64_t at;

	job_cancel(message);
	defer_message(&world->q, message, false);
	at = message->due.at;
	assert_true(at > time_real() + 200 * (int64_t)TIME_SECOND);
	qmgr_stop(&world->q);
	world->q = (struct qmgr){ .conf = conf };
	assert_int_equal(qmgr_start(&world->q, &world->daemon, &err), 0);
	message = qmgr_find(&world->q, &id);
	assert_true(message->due.at == at);
	assert_int_equal(message->attempts, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(keeps_the_ring_small_under_pressure),
		WORLD_TEST(moves_what_is_old_and_finds_it_after_a_restart),
		WORLD_TEST(refuses_the_whole_batch_when_the_disk_does),
		WORLD_TEST(keeps_a_retirement_that_the_disk_refused),
		WORLD_TEST(makes_a_damaged_schedule_anew),
		WORLD_TEST(keeps_the_next_try_through_a_restart),
		WORLD_TEST(counts_a_change_that_covers_many_recipients),
	};

	return cmocka_run_group_tests_name("qmgr/pools", tests, NULL, NULL);
}
