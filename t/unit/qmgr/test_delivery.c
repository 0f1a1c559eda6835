#include "world.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#define PIPELINED "250-test\r\n250-PIPELINING\r\n250 XCHANCERY\r\n"
#define PLAIN     "250 test\r\n"
#define AT_ONCE   "250-test\r\n250-CHUNKING\r\n" PIPELINED

/* What a scripted agent answers, and what should come of it. */
struct script {
	const char *name, *lhlo, *mail, *rcpt[2], *data;
	const char *final; /* all replies behind the dot */
	enum queue_state state[2];
	const char *reason[2]; /* the beginning of it; NULL any */
	const char *heard;     /* must have been sent to the agent */
	const char *unheard;   /* must not */
	bool again;            /* the job goes back to wait for its site */
};

/* clang-format off */
static const struct script scripts[] = {
	{ "both are delivered", PIPELINED, "250 ok", { "250 a", "250 b" },
	    "354 go", "250 2.0.0 a\r\n250 2.0.0 b\r\n",
	    { QUEUE_DELIVERED, QUEUE_DELIVERED }, { NULL, NULL },
	    "DATA|Received: t|Subject: x||..dot|.|", NULL, false },
	{ "without extensions", PLAIN, "250 ok", { "250 a", "250 b" },
	    "354 go", "250 a\r\n250 b\r\n",
	    { QUEUE_DELIVERED, QUEUE_DELIVERED }, { NULL, NULL },
	    "MAIL FROM:<>|RCPT TO:<a@x>|RCPT TO:<b@x>|DATA|", "XCHANCERY",
	    false },
	{ "the second is put off", PIPELINED, "250 ok", { "250 a", "250 b" },
	    "354 go", "250 a\r\n452 4.2.2 full\r\n",
	    { QUEUE_DELIVERED, QUEUE_LIVE }, { NULL, "452 4.2.2 full" },
	    NULL, NULL, false },
	{ "the first is refused at RCPT", PIPELINED, "250 ok",
	    { "451 4.1.1 later", "250 b" }, "354 go", "250 b\r\n",
	    { QUEUE_LIVE, QUEUE_DELIVERED }, { "451 4.1.1 later", NULL },
	    NULL, NULL, false },
	{ "all are refused, DATA too", PIPELINED, "250 ok",
	    { "451 no", "452 no" }, "503 no recipients", "",
	    { QUEUE_LIVE, QUEUE_LIVE }, { "451 no", "452 no" },
	    "DATA|RSET|", NULL, false },
	{ "all are refused, DATA is not", PIPELINED, "250 ok",
	    { "451 no", "452 no" }, "354 go", "554 none\r\n",
	    { QUEUE_LIVE, QUEUE_LIVE }, { "451 no", "452 no" },
	    "DATA|.|", "Subject", false },
	{ "all are refused, one by one", PLAIN, "250 ok",
	    { "451 no", "452 no" }, "354 go", "",
	    { QUEUE_LIVE, QUEUE_LIVE }, { "451 no", "452 no" },
	    "RSET|", "DATA", false },
	{ "MAIL is refused", PIPELINED, "451 4.3.2 not now",
	    { "503 no", "503 no" }, "503 no", "",
	    { QUEUE_LIVE, QUEUE_LIVE },
	    { "451 4.3.2 not now", "451 4.3.2 not now" }, "RSET|", NULL,
	    false },
	{ "DATA is refused", PIPELINED, "250 ok", { "250 a", "250 b" },
	    "452 4.3.1 disk", "", { QUEUE_LIVE, QUEUE_LIVE },
	    { "452 4.3.1 disk", "452 4.3.1 disk" }, "RSET|", "Subject",
	    false },
	{ "the site is in trouble", PIPELINED, "250 ok",
	    { "451 4.3.0 [site] down", "451 4.3.0 [site] down" }, "503 no", "",
	    { QUEUE_LIVE, QUEUE_LIVE }, { "451 4.3.0 down", NULL },
	    "RSET|", NULL, true },
	{ "another's server has no words", PLAIN, "250 ok",
	    { "451 4.3.0 [site] [relay=b.test] no",
		"451 [said=550:RCPT] no" },
	    "503 no", "", { QUEUE_LIVE, QUEUE_LIVE },
	    { "451 4.3.0 [site] [relay=b.test] no",
		"451 [said=550:RCPT] no" },
	    "RSET|", NULL, false },
	{ "421 in the middle", PIPELINED, "250 ok", { "250 a", "421 bye" },
	    "250 x", "", { QUEUE_LIVE, QUEUE_LIVE },
	    { "lost connection", "lost connection" }, NULL, NULL, false },
	{ "it closes behind the dot", PIPELINED, "250 ok",
	    { "250 a", "250 b" }, "354 go", "250 a\r\n",
	    { QUEUE_DELIVERED, QUEUE_LIVE }, { NULL, "lost connection" },
	    NULL, NULL, false },
	{ "all of it at once", AT_ONCE, "250 ok", { "250 a", "250 b" }, "",
	    "250 2.0.0 a\r\n250 2.0.0 b\r\n",
	    { QUEUE_DELIVERED, QUEUE_DELIVERED }, { NULL, NULL },
	    " XCHANCERY=1|BDAT 33 LAST|Received: t|Subject: x||.dot|", "DATA",
	    false },
	{ "at once, for one of them", AT_ONCE, "250 ok",
	    { "451 4.1.1 later", "250 b" }, "", "452 4.2.2 full\r\n",
	    { QUEUE_LIVE, QUEUE_LIVE },
	    { "451 4.1.1 later", "452 4.2.2 full" }, NULL, "RSET", false },
	{ "at once, for nobody", AT_ONCE, "250 ok", { "451 no", "452 no" },
	    "", "503 5.5.1 no recipients\r\n",
	    { QUEUE_LIVE, QUEUE_LIVE }, { "451 no", "452 no" },
	    ".dot|RSET|", NULL, false },
	{ "at once, MAIL is refused", AT_ONCE, "451 4.3.2 not now",
	    { "503 no", "503 no" }, "", "503 5.5.1 no recipients\r\n",
	    { QUEUE_LIVE, QUEUE_LIVE },
	    { "451 4.3.2 not now", "451 4.3.2 not now" }, ".dot|RSET|", NULL,
	    false },
	{ "at once, it closes behind it", AT_ONCE, "250 ok",
	    { "250 a", "250 b" }, "", "250 a\r\n",
	    { QUEUE_DELIVERED, QUEUE_LIVE }, { NULL, "lost connection" },
	    NULL, NULL, false },
	{ "another's server is asked first",
	    "250-test\r\n250-CHUNKING\r\n250 PIPELINING\r\n", "250 ok",
	    { "250 a", "250 b" }, "354 go", "250 a\r\n250 b\r\n",
	    { QUEUE_DELIVERED, QUEUE_DELIVERED }, { NULL, NULL }, "DATA|",
	    "BDAT", false },
	{ "no reply at all", PIPELINED, "no smtp", { "250 a", "250 b" },
	    "354 go", "", { QUEUE_LIVE, QUEUE_LIVE }, { "lost", "lost" },
	    NULL, NULL, true },
};
/* clang-format on */

struct agent_side {
	const struct script *script;
	int listener;
	char heard[4000]; /* lines, "|" for their ends */
	pthread_t thread;
};

static void
say(int fd, const char *line)
{
	(void)!write(fd, line, strlen(line));
	(void)!write(fd, "\r\n", 2);
}

/* The bytes of a BDAT. */
static void
hear_chunk(struct agent_side *side, FILE *in, size_t left)
{
	char line[1000];

	while (left > 0 && fgets(line, sizeof(line), in) != NULL) {
		left -= strlen(line);
		line[strcspn(line, "\r")] = '\0';
		strcat(side->heard, line);
		strcat(side->heard, "|");
	}
}

/* One connection by the script; ends when the script has nothing to say. */
static void *
serve(void *arg)
{
	struct agent_side *side = arg;
	const struct script *script = side->script;
	int fd = accept(side->listener, NULL, NULL), rcpt = 0;
	FILE *in = fdopen(fd, "r");
	char line[1000];

	say(fd, "220 test");
	while (fgets(line, sizeof(line), in) != NULL) {
		line[strcspn(line, "\r")] = '\0';
		if (strncmp(line, "LHLO", 4) == 0) {
			(void)!write(fd, script->lhlo, strlen(script->lhlo));
			continue;
		}
		strcat(side->heard, line);
		strcat(side->heard, "|");
		if (strncmp(line, "MAIL", 4) == 0) {
			say(fd, script->mail);
			rcpt = 0;
		}
		if (strncmp(line, "RCPT", 4) == 0)
			say(fd, script->rcpt[rcpt++]);
		else if (strcmp(line, "DATA") == 0)
			say(fd, script->data);
		else if (strcmp(line, "RSET") == 0)
			say(fd, "250 ok");
		else if (strcmp(line, ".") == 0 ||
		    strncmp(line, "BDAT", 4) == 0) {
			if (line[0] == 'B')
				hear_chunk(side, in, (size_t)atoi(line + 4));
			(void)!write(fd, script->final, strlen(script->final));
			if (strstr(script->name, "closes") != NULL)
				break;
		}
	}
	fclose(in);
	return NULL;
}

static void
listen_as(struct agent_side *side, const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", name);
	(void)unlink(name);
	side->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
	    bind(side->listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(side->listener, 5), 0);
	assert_int_equal(pthread_create(&side->thread, NULL, serve, side), 0);
}

/* Run the loop until the message rests or is gone; at most two minutes. */
static void
run_until_rest(struct world *world, const struct queue_id *id, bool again)
{
	int64_t end = time_mono() + 120 * (int64_t)TIME_SECOND;
	struct message *message;

	while ((message = qmgr_find(&world->q, id)) != NULL) {
		if (message->jobs == 0 && !message->dying)
			break;
		if (again && message_reason(message, 0)[0] != '\0')
			break;
		assert_true(time_mono() < end);
		(void)event_base_loop(world->daemon.base, EVLOOP_ONCE);
	}
}

static void
check_rcpt(const struct script *script, const struct message *message, size_t i)
{
	enum queue_state state = message == NULL ?
	    QUEUE_DELIVERED :
	    (enum queue_state)message_rcpt(message, i)->state;

	if (state != script->state[i])
		fail_msg("%s: recipient %zu is in state %d", script->name, i,
		    (int)state);
	if (script->reason[i] != NULL &&
	    strncmp(message_reason(message, i), script->reason[i],
		strlen(script->reason[i])) != 0)
		fail_msg("%s: recipient %zu waits since %s", script->name, i,
		    message_reason(message, i));
}

/* Our end of the connections closes, so the script ends. */
static void
end_agent(struct world *world, struct agent_side *side)
{
	(void)close(side->listener);
	dest_clear(&world->q);
	/* libevent frees from the loop */
	(void)event_base_loop(world->daemon.base, EVLOOP_NONBLOCK);
	(void)pthread_join(side->thread, NULL);
}

static void
acts_as_each_agent_answers(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < NELEMS(scripts); i++) {
		const struct script *script = &scripts[i];
		struct agent_side side = { .script = script };
		struct queue_recipient rcpt[2] = { { .address = STR("a@x") },
			{ .address = STR("b@x") } };
		struct message *message;
		struct queue_id id;
		char name[20];

		(void)snprintf(name, sizeof(name), "agent%zu", i);
		listen_as(&side, name);
		rcpt[0].transport = rcpt[1].transport = str_of(name);
		rcpt[0].nexthop = rcpt[1].nexthop = STR("here");
		id = put(world, rcpt, 2)->id;
		run_until_rest(world, &id, script->again);
		message = qmgr_find(&world->q, &id);
		check_rcpt(script, message, 0);
		check_rcpt(script, message, 1);
		if (message != NULL && script->again)
			assert_int_equal(message->jobs, 1);
		else if (message != NULL)
			assert_true(schedule_has(&message->due));
		end_agent(world, &side);
		if (script->heard != NULL &&
		    strstr(side.heard, script->heard) == NULL)
			fail_msg("%s: heard %s", script->name, side.heard);
		if (script->unheard != NULL &&
		    strstr(side.heard, script->unheard) != NULL)
			fail_msg("%s: heard %s", script->name, side.heard);
	}
}

static void
names_the_message_and_numbers_the_recipients(void **state)
{
	static const struct script script = { "named", PIPELINED, "250 ok",
		{ "250 a", "250 b" }, "354 go", "250 a\r\n250 b\r\n",
		{ QUEUE_DELIVERED, QUEUE_DELIVERED }, { NULL, NULL }, NULL,
		NULL, false };
	struct queue_recipient rcpt[3] = {
		{ .address = STR("a@x"),
		    .transport = STR("named"),
		    .nexthop = STR("here") },
		{ .address = STR("gone@x"),
		    .transport = STR("named"),
		    .nexthop = STR("here"),
		    .state = QUEUE_DELIVERED },
		{ .address = STR("b@x"),
		    .transport = STR("named"),
		    .nexthop = STR("here") },
	};
	struct agent_side side = { .script = &script };
	struct world *world = *state;
	char want[300], text[QUEUE_ID_SIZE];
	struct queue_id id;

	listen_as(&side, "named");
	id = put(world, rcpt, 3)->id;
	run_until_rest(world, &id, false);
	assert_null(qmgr_find(&world->q, &id));
	(void)snprintf(want, sizeof(want),
	    "MAIL FROM:<> XCHANCERY=%s,here|RCPT TO:<a@x> XCHANCERY=0|"
	    "RCPT TO:<b@x> XCHANCERY=2|DATA|",
	    queue_id_format(text, &id));
	end_agent(world, &side);
	assert_int_equal(strncmp(side.heard, want, strlen(want)), 0);
}

static void
names_who_passed_it_on(void **state)
{
	static const struct script script = { "passed", PIPELINED, "250 ok",
		{ "250 a", "250 b" }, "354 go", "250 a\r\n250 b\r\n",
		{ QUEUE_DELIVERED, QUEUE_DELIVERED }, { NULL, NULL }, NULL,
		NULL, false };
	struct queue_recipient rcpt[2] = {
		{ .address = STR("a@x"),
		    .transport = STR("passed"),
		    .nexthop = STR("here"),
		    .forwarder = STR("f@y") },
		{ .address = STR("b@x"),
		    .transport = STR("passed"),
		    .nexthop = STR("here"),
		    .forwarder = STR("f@y") },
	};
	struct agent_side side = { .script = &script };
	struct world *world = *state;
	struct queue_id id;

	listen_as(&side, "passed");
	id = put(world, rcpt, 2)->id;
	run_until_rest(world, &id, false);
	assert_null(qmgr_find(&world->q, &id));
	end_agent(world, &side);
	assert_non_null(strstr(side.heard,
	    "DATA|Delivered-To: f@y|Received: t|Subject: x||..dot|"));
}

/* 300 s is the pause after other temporary failures. */
static void
tries_soon_what_the_directory_left_open(void **state)
{
	static const struct {
		struct script script;
		int64_t least, most; /* seconds */
	} cases[] = {
		{ { .name = "soon",
		      .lhlo = PIPELINED,
		      .mail = "250 ok",
		      .rcpt = { "451 4.4.3 later" },
		      .data = "503 no" },
		    0, 20 },
		{ { .name = "late",
		      .lhlo = PIPELINED,
		      .mail = "250 ok",
		      .rcpt = { "451 4.3.0 later" },
		      .data = "503 no" },
		    200, 700 },
	};
	struct world *world = *state;

	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct agent_side side = { .script = &cases[i].script };
		struct queue_recipient rcpt = { .address = STR("a@x"),
			.transport = str_of(cases[i].script.name),
			.nexthop = STR("here") };
		struct message *message;
		int64_t wait;

		listen_as(&side, cases[i].script.name);
		message = put(world, &rcpt, 1);
		run_until_rest(world, &message->id, false);
		assert_true(schedule_has(&message->due));
		wait = (message->due.at - time_real()) / TIME_SECOND;
		assert_in_range(wait, cases[i].least, cases[i].most);
		end_agent(world, &side);
	}
}

/* Nobody is asked: the next hop says it. With nobody to tell it is held. */
static void
sends_back_what_has_no_way(void **state)
{
	static const struct {
		const char *nexthop, *reason;
		bool fails;
	} cases[] = {
		{ "5.4.6 mail loop for f@y", "554 5.4.6 mail loop for f@y",
		    true },
		{ "no status", "554 5.0.0 no status", true },
		{ "", "554 5.0.0 ", true },
		{ "2.0.0 fine", "554 5.0.0 2.0.0 fine", true },
		{ "4.3.2 not now", "451 4.3.2 not now", false },
	};
	struct world *world = *state;

	world->q.conf.double_bounce = "";
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct queue_recipient rcpt = {
			.address = STR("a@x"),
			.transport = STR("error"),
			.nexthop = str_of(cases[i].nexthop),
		};
		struct queue_id id = put(world, &rcpt, 1)->id;
		struct message *message;

		run_until_rest(world, &id, false);
		message = qmgr_find(&world->q, &id);
		assert_non_null(message);
		assert_string_equal(message_reason(message, 0),
		    cases[i].reason);
		assert_int_equal(message->record.held, cases[i].fails);
		assert_int_equal(schedule_has(&message->due), !cases[i].fails);
	}
}

static struct dest *
dest_at(struct world *world, const char *nexthop)
{
	struct transport *transport =
	    LIST_ITEM(world->q.transports.next, struct transport, link);

	return hash_get(transport->dests, str_of(nexthop));
}

/*
 * Two failures are a cohort: then the site rests, what comes for it later is
 * put off without being tried, and all of it is due when the site works.
 */
static void
leaves_a_dead_site_alone(void **state)
{
	static const struct script script = { .name = "far",
		.lhlo = PIPELINED,
		.mail = "451 4.4.1 [site] [relay=none] timed out",
		.rcpt = { "503 no", "503 no" },
		.data = "503 no",
		.final = "" };
	struct queue_recipient rcpt = { .address = STR("a@x"),
		.transport = STR("far"),
		.nexthop = STR("dead.test") };
	struct agent_side side = { .script = &script };
	struct world *world = *state;
	struct message *message[3];
	int64_t now = time_real();

	listen_as(&side, "far");
	for (size_t i = 0; i < NELEMS(message); i++) {
		message[i] = put(world, &rcpt, 1);
		run_until_rest(world, &message[i]->id, false);
		assert_int_equal(message[i]->jobs, 0);
		assert_true(schedule_has(&message[i]->due));
		assert_string_equal(message_reason(message[i], 0),
		    "451 4.4.1 timed out");
	}
	assert_int_equal(message[0]->attempts, 1);
	assert_int_equal(message[1]->attempts, 1);
	assert_int_equal(message[2]->attempts, 0); /* it was not tried */
	assert_true(message[2]->due.at > now + 200 * (int64_t)TIME_SECOND);
	assert_int_equal(dest_at(world, "dead.test")->rest.failures, 1);
	dest_works(dest_at(world, "dead.test"));
	dest_tick(&world->q);
	for (size_t i = 0; i < NELEMS(message); i++)
		assert_true(message[i]->due.at <= time_real());
	end_agent(world, &side);
}

/* A quarter of the agents, here two of ten, for all that are doubtful. */
static void
gives_doubtful_sites_few_agents(void **state)
{
	struct queue_recipient rcpt = { .address = STR("a@x"),
		.transport = STR("far") };
	struct world *world = *state;
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = "far" };
	struct transport *transport;
	unsigned slow = 0;
	int listener;

	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&addr, sizeof(addr)),
	    0);
	assert_int_equal(listen(listener, 20), 0);
	for (int i = 0; i < 12; i++) {
		char nexthop[20];

		(void)snprintf(nexthop, sizeof(nexthop), "slow%d.test", i);
		rcpt.nexthop = str_of(nexthop);
		dest_took(dest_of(&world->q, &rcpt), 60 * TIME_SECOND);
		(void)put(world, &rcpt, 1);
	}
	rcpt.nexthop = STR("quick.test");
	(void)put(world, &rcpt, 1);
	(void)event_base_loop(world->daemon.base, EVLOOP_NONBLOCK);
	transport = LIST_ITEM(world->q.transports.next, struct transport, link);
	assert_int_equal(transport->doubtful_running, 2);
	for (int i = 0; i < 12; i++) {
		char nexthop[20];

		(void)snprintf(nexthop, sizeof(nexthop), "slow%d.test", i);
		slow += dest_at(world, nexthop)->running;
	}
	assert_int_equal(slow, 2);
	assert_int_equal(dest_at(world, "quick.test")->running, 1);
	(void)close(listener);
}

static void
waits_in_memory_for_a_transport_that_is_not_there(void **state)
{
	struct queue_recipient rcpt = { .address = STR("a@x"),
		.transport = STR("nowhere"),
		.nexthop = STR("x") };
	struct world *world = *state;
	struct message *message = put(world, &rcpt, 1);
	struct queue_id id = message->id;

	run_until_rest(world, &id, true);
	assert_int_equal(message->jobs, 1);
	assert_non_null(strstr(message_reason(message, 0), "connect to"));
	assert_int_equal(message->live, 1);
}

static void
takes_back_what_was_not_started(void **state)
{
	struct queue_recipient rcpt = { .address = STR("a@x"),
		.transport = STR("nowhere"),
		.nexthop = STR("x") };
	struct world *world = *state;
	struct message *message[3];
	struct transport *transport;

	for (size_t i = 0; i < NELEMS(message); i++)
		message[i] = put(world, &rcpt, 1);
	job_cancel(message[1]);
	assert_int_equal(message[1]->jobs, 0);
	assert_int_equal(message[0]->jobs, 1);
	job_cancel(message[1]); /* twice is fine */
	job_cancel(message[2]);
	job_cancel(message[0]);
	transport = LIST_ITEM(world->q.transports.next, struct transport, link);
	assert_int_equal(hash_len(transport->dests), 0);
	job_activate(&world->q, message[0]);
	assert_int_equal(message[0]->jobs, 1);
}

static void
keeps_what_is_held_through_a_restart(void **state)
{
	struct queue_recipient rcpt = { .address = STR("a@x"),
		.transport = STR("nowhere"),
		.nexthop = STR("x") };
	struct world *world = *state;
	struct queue_id held, free_one;
	struct qmgr_conf conf = world->q.conf;
	struct err err;

	held = put(world, &rcpt, 1)->id;
	qmgr_set_held(&world->q, world->message, true);
	free_one = put(world, &rcpt, 1)->id;
	assert_int_equal(batch_flush(&world->q, &err), 0);
	qmgr_stop(&world->q);
	world->q = (struct qmgr){ .conf = conf };
	assert_int_equal(qmgr_start(&world->q, &world->daemon, &err), 0);
	assert_true(qmgr_find(&world->q, &held)->record.held);
	assert_int_equal(world->q.held, 1);
	assert_false(qmgr_find(&world->q, &free_one)->record.held);
	assert_int_equal(world->q.epoch, held.epoch + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(acts_as_each_agent_answers),
		WORLD_TEST(names_the_message_and_numbers_the_recipients),
		WORLD_TEST(names_who_passed_it_on),
		WORLD_TEST(tries_soon_what_the_directory_left_open),
		WORLD_TEST(sends_back_what_has_no_way),
		WORLD_TEST(leaves_a_dead_site_alone),
		WORLD_TEST(gives_doubtful_sites_few_agents),
		WORLD_TEST(waits_in_memory_for_a_transport_that_is_not_there),
		WORLD_TEST(takes_back_what_was_not_started),
		WORLD_TEST(keeps_what_is_held_through_a_restart),
	};

	return cmocka_run_group_tests_name("qmgr/delivery", tests, NULL, NULL);
}
