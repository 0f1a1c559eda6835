#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "queue/record.h"

static const char body[] = "Subject: x\r\n\r\nhello\r\n";
static const char prefix[] = "Received: from a\r\n";

static void
make_record(struct buf *out, bool large)
{
	struct queue_recipient rcpt[2] = {
		{ .address = str_of("a@example.org"),
		    .original = str_of("all@example.org"),
		    .transport = str_of("lmtp"),
		    .nexthop = str_of("default"),
		    .sender = str_of("SRS0=x@example.org"),
		    .forwarder = str_of("f@example.org"),
		    .notify = QUEUE_NOTIFY_FAILURE },
		{ .address = str_of("b@example.org"),
		    .orcpt = str_of("rfc822;B@example.org"),
		    .transport = str_of("lmtp"),
		    .nexthop = str_of("default"),
		    .state = QUEUE_DELIVERED },
	};
	struct queue_record record = {
		.queue = 77,
		.epoch = 3,
		.counter = 9,
		.arrival = 1234567890123456,
		.sender = str_of("s@example.com"),
		.smtputf8 = true,
		.held = true,
		.warned = true,
		.hold = str_of("a virus"),
		.is_large = large,
		.header_len = 14,
		.body_len = sizeof(body) - 1,
		.rcpts = { rcpt, 2 },
		.prefix = str_of(prefix),
	};
	struct err err;

	buf_init(out, 0);
	assert_int_equal(queue_record_encode(out, &record, &err), 0);
	buf_addz(out, prefix);
	if (!large)
		buf_addz(out, body);
}

static void
reads_back_what_it_wrote(void **state)
{
	struct arena *arena = arena_new(0);
	const struct queue_recipient *rcpt;
	struct queue_record record;
	struct str rest;
	struct buf bytes;
	struct err err;

	(void)state;
	for (int large = 0; large < 2; large++) {
		make_record(&bytes, large);
		assert_int_equal(queue_record_parse(&record, &rest,
				     buf_str(&bytes), arena, &err),
		    0);
		assert_int_equal(record.queue, 77);
		assert_int_equal(record.counter, 9);
		assert_int_equal(record.arrival, 1234567890123456);
		assert_true(record.smtputf8);
		assert_true(record.held);
		assert_true(record.warned);
		assert_true(str_eqz(record.hold, "a virus"));
		assert_true(str_eqz(record.prefix, prefix));
		assert_true(str_eqz(rest, large ? "" : body));
		assert_int_equal(record.rcpts.count, 2);
		rcpt = record.rcpts.items;
		assert_true(str_eqz(rcpt[0].original, "all@example.org"));
		assert_true(str_eqz(rcpt[0].sender, "SRS0=x@example.org"));
		assert_true(str_eqz(rcpt[0].forwarder, "f@example.org"));
		assert_int_equal(rcpt[1].state, QUEUE_DELIVERED);
		buf_clear(&bytes);
	}
	arena_free(arena);
}

/* In version 2 the table's end, the last recipient's forwarder, was not there.
 */
static void
reads_what_an_earlier_version_wrote(void **state)
{
	enum { AT_VERSION = 4, AT_TABLE = 11, HEAD = 24 };
	struct queue_recipient rcpt = {
		.address = STR("a@x"),
		.transport = STR("lmtp"),
		.state = QUEUE_BOUNCED,
	};
	struct queue_record record = { .epoch = 3, .rcpts = { &rcpt, 1 } };
	struct arena *arena = arena_new(0);
	const struct queue_recipient *back;
	struct buf bytes;
	struct str rest;
	struct err err;

	(void)state;
	buf_init(&bytes, 0);
	assert_int_equal(queue_record_encode(&bytes, &record, &err), 0);
	bytes.p[AT_VERSION] = 2;
	assert_int_equal(
	    queue_record_parse(&record, &rest, buf_str(&bytes), arena, &err),
	    -1);
	bytes.len -= 4;
	bytes.p[AT_TABLE] = (char)(bytes.len - HEAD);
	assert_int_equal(
	    queue_record_parse(&record, &rest, buf_str(&bytes), arena, &err),
	    0);
	back = record.rcpts.items;
	assert_int_equal(record.epoch, 3);
	assert_true(str_eqz(back->transport, "lmtp"));
	assert_int_equal(back->state, QUEUE_BOUNCED);
	assert_int_equal(back->forwarder.len, 0);
	buf_clear(&bytes);
	arena_free(arena);
}

static void
refuses_a_record_cut_anywhere(void **state)
{
	struct arena *arena = arena_new(0);
	struct queue_record record;
	struct buf bytes;
	struct str rest;
	struct err err;

	(void)state;
	make_record(&bytes, false);
	for (size_t len = 0; len < bytes.len; len++) {
		char *copy = xmemdup(bytes.p, len);

		assert_int_equal(queue_record_parse(&record, &rest,
				     str_make(copy, len), arena, &err),
		    -1);
		free(copy);
		arena_reset(arena);
	}
	buf_addc(&bytes, 'x');
	assert_int_equal(
	    queue_record_parse(&record, &rest, buf_str(&bytes), arena, &err),
	    -1);
	buf_clear(&bytes);
	arena_free(arena);
}

static void
refuses_other_versions_kinds_and_states(void **state)
{
	struct arena *arena = arena_new(0);
	struct queue_change change = { 77, 3, 9, 1, QUEUE_BOUNCED }, *got;
	struct queue_record record;
	enum queue_kind kind;
	struct buf bytes;
	struct str rest;
	struct err err;
	size_t count;

	(void)state;
	make_record(&bytes, false);
	bytes.p[4]++;
	assert_int_equal(queue_record_kind(buf_str(&bytes), &kind, &err), -1);
	assert_int_equal(err.kind, ERR_SYNTAX);
	bytes.p[4]--;
	bytes.p[5] = 3;
	assert_int_equal(queue_record_kind(buf_str(&bytes), &kind, &err), -1);
	assert_int_equal(err.kind, ERR_CORRUPT);
	bytes.p[5] = QUEUE_CHANGES;
	assert_int_equal(
	    queue_record_parse(&record, &rest, buf_str(&bytes), arena, &err),
	    -1);
	buf_reset(&bytes);
	assert_int_equal(queue_changes_encode(&bytes, &change, 1, &err), 0);
	assert_int_equal(
	    queue_changes_parse(&got, &count, buf_str(&bytes), arena, &err), 0);
	assert_int_equal(count, 1);
	assert_int_equal(got->queue, 77);
	assert_int_equal(got->number, 1);
	assert_int_equal(got->state, QUEUE_BOUNCED);
	bytes.p[bytes.len - 1] = QUEUE_STATES;
	assert_int_equal(
	    queue_changes_parse(&got, &count, buf_str(&bytes), arena, &err),
	    -1);
	buf_clear(&bytes);
	arena_free(arena);
}

static void
holds_its_bounds(void **state)
{
	struct queue_change *many =
	    calloc(QUEUE_CHANGES_MAX + 1, sizeof(*many));
	struct queue_record record = { 0 };
	char *longer = calloc(1, 70000);
	struct buf bytes;
	struct err err;

	(void)state;
	buf_init(&bytes, 0);
	assert_int_equal(
	    queue_changes_encode(&bytes, many, QUEUE_CHANGES_MAX, &err), 0);
	buf_reset(&bytes);
	assert_int_equal(
	    queue_changes_encode(&bytes, many, QUEUE_CHANGES_MAX + 1, &err),
	    -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	buf_reset(&bytes);
	record.sender = str_make(longer, 321);
	assert_int_equal(queue_record_encode(&bytes, &record, &err), -1);
	buf_reset(&bytes);
	record.sender = str_make(longer, 320);
	record.prefix = str_make(longer, 65537);
	assert_int_equal(queue_record_encode(&bytes, &record, &err), -1);
	buf_clear(&bytes);
	buf_init(&bytes, 30);
	record.prefix.len = 0;
	assert_int_equal(queue_record_encode(&bytes, &record, &err), -1);
	buf_clear(&bytes);
	free(longer);
	free(many);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_back_what_it_wrote),
		cmocka_unit_test(reads_what_an_earlier_version_wrote),
		cmocka_unit_test(refuses_a_record_cut_anywhere),
		cmocka_unit_test(refuses_other_versions_kinds_and_states),
		cmocka_unit_test(holds_its_bounds),
	};

	return cmocka_run_group_tests_name("queue/record", tests, NULL, NULL);
}
