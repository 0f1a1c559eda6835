/*
 * qmgr: what is told of mail that failed. rewrite, which routes what is told,
 * runs in the same loop and knows everybody.
 */
#include "world.h"

#include "ipc/rewrite_msg.h"
#include "ipc/server.h"
#include "net/listen.h"
#include "qmgr/dest.h"
#include "qmgr/result.h"

static void
on_rcpt(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	const struct rewrite_rcpt *ask = in;
	struct rewrite_target target = { .address = ask->address,
		.transport = STR("later"),
		.nexthop = STR("there") };
	struct rewrite_rcpt_answer answer = { .status = REWRITE_OK,
		.targets = { &target, 1 } };

	ipc_peer_send(peer, &rewrite_rcpt_answer_msg, tag, &answer);
}

static const struct ipc_handler handlers[] = {
	{ &rewrite_rcpt_msg, on_rcpt },
	{ NULL, NULL },
};
static const struct ipc_peer_ops ops = { .handlers = handlers };

/* The job with the message's recipients, as an agent would have it. */
static struct job *
take_job(struct world *world)
{
	struct transport *transport =
	    LIST_ITEM(world->q.transports.next, struct transport, link);

	return job_take(hash_get(transport->dests, STR("here")));
}

/* Run until so many messages are there beside the one that is told of. */
static void
run_until_told(struct world *world, const struct queue_id *about, size_t count)
{
	int64_t end = time_mono() + 120 * (int64_t)TIME_SECOND;

	while (hash_len(world->q.live) <
	    count + (qmgr_find(&world->q, about) != NULL)) {
		assert_true(time_mono() < end);
		(void)event_base_loop(world->daemon.base, EVLOOP_ONCE);
	}
}

/* Does one of the notifications have both texts? */
static bool
is_told(struct world *world, const struct queue_id *about, const char *one,
    const char *two)
{
	struct str key, bytes;
	bool found = false;
	struct buf record;
	struct err err;
	void *value;

	buf_init(&record, 0);
	for (size_t it = 0; hash_next(world->q.live, &it, &key, &value);) {
		struct message *message = value;

		if (queue_id_eq(&message->id, about))
			continue;
		assert_int_equal(pool_read(message, &record, &bytes, &err), 0);
		found |= str_find(bytes, str_of(one)) >= 0 &&
		    str_find(bytes, str_of(two)) >= 0;
	}
	buf_clear(&record);
	return found;
}

static struct ipc_listener *
listen_as_rewrite(struct world *world)
{
	struct err err;
	int fd = listen_unix("rewrite", 0600, &err);

	assert_true(fd >= 0);
	return ipc_listener_new(world->daemon.base, fd, "test", &ops, NULL);
}

/* One was refused, the other waited for too long: each is told its own. */
static void
what_expired_is_not_what_was_refused(void **state)
{
	struct queue_recipient rcpt[2] = { { .address = STR("wrong@x"),
					       .transport = STR("nobody"),
					       .nexthop = STR("here") },
		{ .address = STR("old@x"),
		    .transport = STR("nobody"),
		    .nexthop = STR("here") } };
	struct world *world = *state;
	struct ipc_listener *listener = listen_as_rewrite(world);

	for (size_t late = 0; late < 2; late++) {
		struct message *message = put(world, rcpt, 2);
		struct queue_id id = message->id;
		size_t before = hash_len(world->q.live) - 1;
		struct job *job = take_job(world);

		world->q.conf.bounce_lifetime = 0;
		result_set(&job->outcome[late], VERDICT_DEFERRED, 451, "4.2.1",
		    STR("later"));
		result_set(&job->outcome[1 - late], VERDICT_FAILED, 550,
		    "5.1.1", STR("no such user"));
		result_finish(&world->q, job, "none");
		run_until_told(world, &id, before + 2);
		assert_true(is_told(world, &id,
		    late == 1 ? "rfc822; wrong@x" : "rfc822; old@x",
		    "Status: 5.1.1"));
		assert_true(is_told(world, &id,
		    late == 1 ? "rfc822; old@x" : "rfc822; wrong@x",
		    "Status: 4.4.7"));
		world->q.conf.bounce_lifetime = 1000;
	}
	ipc_listener_free(listener);
}

/* A notification that no segment holds would wait for ever, and all with it. */
static void
tells_less_where_the_log_has_no_room(void **state)
{
	struct queue_recipient rcpt = { .address = STR("a@x"),
		.transport = STR("nobody"),
		.nexthop = STR("here") };
	struct world *world = *state;
	struct ipc_listener *listener = listen_as_rewrite(world);
	struct message *message;
	struct queue_id id;
	struct job *job;
	struct err err;

	world->q.conf.bounce_limit = 1 << 20;
	message = add(world, &rcpt, 1,
	    seglog_record_max(world->q.ring.log) - 500, false);
	id = message->id;
	assert_int_equal(batch_flush(&world->q, &err), 0);
	job = take_job(world);
	result_set(&job->outcome[0], VERDICT_FAILED, 550, "5.1.1",
	    STR("no such user"));
	result_finish(&world->q, job, "none");
	run_until_told(world, &id, 1);
	assert_true(is_told(world, &id, "Status: 5.1.1", "Subject: x"));
	ipc_listener_free(listener);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(what_expired_is_not_what_was_refused),
		WORLD_TEST(tells_less_where_the_log_has_no_room),
	};

	return cmocka_run_group_tests_name("qmgr/notice", tests, NULL, NULL);
}
