#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "ipc/conn.h"
#include "ipc/queue_msg.h"
#include "ipc/rewrite_msg.h"

static void
every_kind_of_field_comes_back(void **state)
{
	struct queue_rcpt rcpts[] = {
		{ STR("a@example.org"), STR(""), STR("x@example.org"), 3,
		    STR("lmtp"), STR("default"), STR(""), STR("") },
		{ STR("b@example.org"), STR("rfc822;b"), STR(""), 0,
		    STR("lmtp"), STR(""), STR("SRS0=x@y"), STR("f@y") },
	};
	struct queue_commit in = {
		.id = STR("id"),
		.sender = STR(""),
		.body_type = QUEUE_8BITMIME,
		.smtputf8 = true,
		.rcpts = { rcpts, 2 },
		.header_len = UINT64_MAX,
		.body = STR("a\0b"),
	};
	struct arena *arena = arena_new(0);
	struct ipc_fds fds = { .count = 0 };
	struct queue_commit out;
	struct queue_rcpt *got;
	struct buf buf;
	struct err err;

	(void)state;
	buf_init(&buf, 0);
	assert_int_equal(ipc_encode(&buf, &fds, &queue_commit_msg, &in, &err),
	    0);
	assert_int_equal(ipc_decode(&out, &queue_commit_msg, buf_str(&buf),
			     &fds, arena, &err),
	    0);
	assert_true(str_eq(out.id, in.id));
	assert_int_equal(out.sender.len, 0);
	assert_int_equal(out.body_type, QUEUE_8BITMIME);
	assert_true(out.smtputf8);
	assert_false(out.is_large);
	assert_true(out.header_len == UINT64_MAX);
	assert_int_equal(out.body.len, 3);
	assert_int_equal(out.rcpts.count, 2);
	got = out.rcpts.items;
	assert_true(str_eqz(got[1].orcpt, "rfc822;b"));
	assert_int_equal(got[0].notify, 3);
	assert_true(str_eqz(got[1].sender, "SRS0=x@y"));

	/* Every shorter payload is refused, and so is a longer one. */
	for (size_t len = 0; len < buf.len; len++) {
		assert_int_equal(ipc_decode(&out, &queue_commit_msg,
				     str_make(buf.p, len), &fds, arena, &err),
		    -1);
		assert_int_equal(err.kind, ERR_CORRUPT);
	}
	buf_addc(&buf, 0);
	assert_int_equal(ipc_decode(&out, &queue_commit_msg, buf_str(&buf),
			     &fds, arena, &err),
	    -1);
	buf_clear(&buf);
	arena_free(arena);
}

static void
a_list_cannot_promise_more_than_it_holds(void **state)
{
	static const char huge[] = "\0\0\0\3\xff\xff";
	struct arena *arena = arena_new(4096);
	struct ipc_fds fds = { .count = 0 };
	struct rewrite_rcpt_answer out;
	struct err err;

	(void)state;
	assert_int_equal(ipc_decode(&out, &rewrite_rcpt_answer_msg,
			     str_make(huge, sizeof(huge) - 1), &fds, arena,
			     &err),
	    -1);
	assert_int_equal(err.kind, ERR_CORRUPT);
	arena_free(arena);
}

static void
what_is_over_its_bound_is_not_sent(void **state)
{
	static char address[REWRITE_ADDRESS_MAX + 1];
	struct rewrite_rcpt in = { .address = { address, sizeof(address) } };
	struct ipc_fds fds = { .count = 0 };
	struct buf buf;
	struct err err;

	(void)state;
	buf_init(&buf, 0);
	assert_int_equal(
	    frame_write(&buf, &fds, &rewrite_rcpt_msg, 1, &in, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(buf.len, 0);
	in.address.len--;
	assert_int_equal(
	    frame_write(&buf, &fds, &rewrite_rcpt_msg, 1, &in, &err), 0);
	buf_clear(&buf);
}

static void
frames_say_when_they_are_not_ours(void **state)
{
	static const struct {
		const char *in;
		size_t len;
		int ret;
	} cases[] = {
		{ "", 0, 0 },
		{ "Ch\1\0\0\1\0\2\0\0\0", 11, 0 },
		{ "Ch\1\0\0\1\0\2\0\0\0\0", 12, 1 },
		{ "Ch\1\0\0\1\0\2\0\0\0\1", 12, 0 },
		{ "Ch\1\0\0\1\0\2\0\0\0\1x", 13, 1 },
		{ "cH\1\0\0\1\0\2\0\0\0\0", 12, -1 },
		{ "Ch\2\0\0\1\0\2\0\0\0\0", 12, -1 },
		{ "Ch\1\11\0\1\0\2\0\0\0\0", 12, -1 }, /* nine descriptors */
		{ "Ch\1\0\0\1\0\2\xff\0\0\0", 12, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str in = str_make(cases[i].in, cases[i].len);
		struct frame frame;
		struct err err;

		assert_int_equal(frame_take(&in, &frame, &err), cases[i].ret);
		assert_int_equal(in.len, cases[i].ret > 0 ? 0 : cases[i].len);
	}
}

static void
descriptors_travel_and_do_not_leak(void **state)
{
	struct queue_large_open in = { .limit = 7 }, out;
	struct ipc_conn a, b;
	struct arena *arena = arena_new(0);
	struct frame frame;
	struct err err;
	int pair[2], pipefd[2];
	char byte;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(pipe(pipefd), 0);
	ipc_conn_init(&a, pair[0], 1000);
	ipc_conn_init(&b, pair[1], 1000);
	in.fd = pipefd[1];
	assert_int_equal(ipc_conn_send(&a, &queue_large_open_msg, 9, &in, &err),
	    0);
	close(pipefd[1]);
	assert_int_equal(ipc_conn_recv(&b, &frame, &err), 0);
	assert_int_equal(frame.tag, 9);
	assert_int_equal(frame.fds, 1);
	assert_int_equal(ipc_decode(&out, &queue_large_open_msg, frame.payload,
			     &b.fds, arena, &err),
	    0);
	assert_int_equal(write(out.fd, "x", 1), 1);
	close(out.fd);
	assert_int_equal(read(pipefd[0], &byte, 1), 1);
	assert_int_equal(read(pipefd[0], &byte, 1), 0); /* nobody else has it */
	close(pipefd[0]);
	ipc_conn_clear(&a);
	assert_int_equal(ipc_conn_recv(&b, &frame, &err), -1);
	assert_int_equal(err.kind, ERR_NOENT);
	ipc_conn_clear(&b);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_field_comes_back),
		cmocka_unit_test(a_list_cannot_promise_more_than_it_holds),
		cmocka_unit_test(what_is_over_its_bound_is_not_sent),
		cmocka_unit_test(frames_say_when_they_are_not_ours),
		cmocka_unit_test(descriptors_travel_and_do_not_leak),
	};

	return cmocka_run_group_tests_name("ipc/codec", tests, NULL, NULL);
}
