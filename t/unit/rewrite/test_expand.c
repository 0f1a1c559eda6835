#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/attr.h"
#include "rewrite/job.h"
#include "t/lib/directory.h"
#include "t/lib/frames.h"

/* An address of 260 bytes, 64 + "@" + 195. */
#define A63  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LONG "a" A63 "@" A63 "." A63 "." A63 ".de"

static const struct directory_entry entries[] = {
	{ "a", NULL,
	    (const char *const[]){ "objectClass", "mailDomain",
		"associatedDomain", "a.test", NULL } },
	{ "long", NULL,
	    (const char *const[]){ "objectClass", "mailUser", "mail", LONG,
		"mailAlternateAddress", "l@a.test", NULL } },
	{ NULL, NULL, NULL },
};

static const struct ipc_handler handlers[] = {
	{ &rewrite_rcpt_msg, expand_ask },
	{ NULL, NULL },
};

static void
closed(struct ipc_peer *peer)
{
	job_forget_peer(ipc_peer_ctx(peer), peer);
}

/* The only target of an address, in out; the status. */
static int
ask(const char *address, char *out, size_t size)
{
	static const struct ipc_peer_ops ops = { .handlers = handlers,
		.closed = closed };
	struct rewrite rewrite = {
		.source_conf = { .directory = { "ldapi", "o=test", 10 },
		    .cache_size = 10 },
		.delimiter = "+",
		.mailbox_transport = "lmtp",
		.daemon = frames_daemon(),
	};
	struct rewrite_rcpt question = { str_of(address), STR("") };
	struct rewrite_rcpt_answer answer;
	struct arena *arena = arena_new(1 << 20);
	struct ipc_fds fds = { .count = 0 };
	struct ipc_peer *peer;
	struct frame frame;
	struct buf in, said;
	struct str rest;
	struct err err;
	int fd;

	list_init(&rewrite.jobs);
	rewrite.source = source_new(rewrite.daemon->base, &rewrite.source_conf);
	fd = frames_connect("smtpd", &ops, &rewrite, &peer);
	buf_init(&in, 0);
	buf_init(&said, 0);
	assert_int_equal(
	    frame_write(&in, &fds, &rewrite_rcpt_msg, 1, &question, &err), 0);
	assert_true(frames_say(fd, buf_str(&in), &said));
	rest = buf_str(&said);
	assert_int_equal(frame_take(&rest, &frame, &err), 1);
	assert_int_equal(ipc_decode(&answer, &rewrite_rcpt_answer_msg,
			     frame.payload, &fds, arena, &err),
	    0);
	out[0] = '\0';
	if (answer.targets.count == 1) {
		const struct rewrite_target *target = answer.targets.items;

		(void)snprintf(out, size, "%" STR_F, STR_A(target->address));
	}
	ipc_peer_close(peer);
	frames_run();
	(void)close(fd);
	buf_clear(&in);
	buf_clear(&said);
	source_free(rewrite.source);
	arena_free(arena);
	return answer.status;
}

/* Who writes to a short address chooses the detail of a long one. */
static void
leaves_out_a_detail_that_makes_an_address_too_long(void **state)
{
	char address[100], found[1000], whole[1000];

	(void)state;
	directory.entry = entries;
	for (int len = 58; len <= 61; len++) {
		(void)snprintf(address, sizeof(address), "l+%.*s@a.test", len,
		    A63);
		assert_int_equal(ask(address, found, sizeof(found)),
		    REWRITE_OK);
		(void)snprintf(whole, sizeof(whole), "a%s+%.*s%s", A63, len,
		    A63, strchr(LONG, '@'));
		assert_string_equal(found,
		    strlen(whole) <= REWRITE_ADDRESS_MAX ? whole : LONG);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    leaves_out_a_detail_that_makes_an_address_too_long),
	};

	return cmocka_run_group_tests_name("rewrite/expand", tests, NULL, NULL);
}
