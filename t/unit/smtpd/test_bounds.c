/*
 * smtpd: how much of anything a session takes, and what it says when the queue
 * takes no more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "t/unit/smtpd/transcript.h"

/* A message of size bytes with a header of header_lines, then QUIT. */
static void
send_sized(struct doubles *doubles, const char *header, int times, size_t size,
    struct buf *out)
{
	struct buf in;

	buf_init(&in, 0);
	(void)buf_addz(&in, HI MAIL RCPT "DATA\r\n");
	for (int i = 0; i < times; i++)
		(void)buf_addz(&in, header);
	(void)buf_addz(&in, "\r\n");
	for (size_t i = 0; i < size; i++)
		(void)buf_addc(&in, 'x');
	(void)buf_addz(&in, "\r\n.\r\n" BYE);
	doubles_run(doubles, &double_conf, NULL, buf_str(&in), out);
	buf_clear(&in);
}

static void
bounds_messages(void **state)
{
	static const struct {
		const char *header;
		int times;
		size_t size;
		const char *reply; /* to the data */
	} cases[] = {
		{ "S: x\r\n", 1, 10, "\r\n250 2.0.0 Ok: queued" },
		{ "S: x\r\n", 1, 10000, "\r\n250 2.0.0 Ok: queued" },
		{ "S: x\r\n", 1, 99990, "\r\n250 2.0.0 Ok: queued" },
		{ "S: x\r\n", 1, 99991, "\r\n552 5.3.4 " },
		{ "S: x\r\n", 1, 300000, "\r\n552 5.3.4 " },
		{ "S: x\r\n", 100, 10, "\r\n250 2.0.0 Ok: queued" },
		{ "S: x\r\n", 101, 10, "\r\n552 5.3.4 " },
		{ "S: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n", 90,
		    10, "\r\n552 5.3.4 " },
		{ "S: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n", 90,
		    9000, "\r\n552 5.3.4 " },
		{ "Received: x\r\n", 3, 10, "\r\n250 2.0.0 Ok: queued" },
		{ "Received: x\r\n", 4, 10, "\r\n554 5.4.6 " },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct doubles doubles;
		struct buf out;

		doubles_init(&doubles);
		buf_init(&out, 0);
		send_sized(&doubles, cases[i].header, cases[i].times,
		    cases[i].size, &out);
		if (str_find(buf_str(&out), str_of(cases[i].reply)) < 0)
			fail_msg("case %zu: %s", i, buf_cstr(&out));
		if (doubles.commits > 0)
			assert_int_equal(doubles.message.len,
			    strlen(cases[i].header) * (size_t)cases[i].times +
				2 + cases[i].size + 2);
		assert_true(str_ends(buf_str(&out), STR("221 2.0.0 Bye\r\n")));
		doubles_clear(&doubles);
		buf_clear(&out);
	}
}

static void
says_try_later_when_the_queue_cannot(void **state)
{
	static const struct {
		bool down, full, no_large;
		size_t size;
		const char *codes;
	} cases[] = {
		{ true, false, false, 10,
		    "220 250 250 451 554 500 500 500 500 221" },
		{ false, true, false, 10, "220 250 250 250 354 452 221" },
		{ false, false, true, 10, "220 250 250 250 354 250 221" },
		{ false, false, true, 10000, "220 250 250 250 354 452 221" },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct doubles doubles;
		struct buf out, codes;

		doubles_init(&doubles);
		doubles.queue_down = cases[i].down;
		doubles.disk_full = cases[i].full;
		doubles.no_large = cases[i].no_large;
		buf_init(&out, 0);
		buf_init(&codes, 0);
		send_sized(&doubles, "S: x\r\n", 1, cases[i].size, &out);
		codes_of(buf_str(&out), &codes);
		assert_string_equal(buf_cstr(&codes), cases[i].codes);
		doubles_clear(&doubles);
		buf_clear(&codes);
		buf_clear(&out);
	}
}

static void
ends_sessions_that_only_err(void **state)
{
	struct doubles doubles;
	struct buf in, out;
	struct str said;
	int replies = 0;

	(void)state;
	doubles_init(&doubles);
	buf_init(&in, 0);
	buf_init(&out, 0);
	for (int i = 0; i < 100; i++)
		(void)buf_addz(&in, "FOO\r\n");
	said = answer(&doubles, &double_conf, buf_cstr(&in), &out);
	assert_true(str_find(said, STR("421 4.7.0 ")) > 0);
	for (ptrdiff_t at; (at = str_find(said, STR("500 5.5.2"))) >= 0;
	     str_skip(&said, (size_t)at + 1))
		replies++;
	assert_int_equal(replies, double_conf.hard_error_limit);

	/* Junk that is no error is one beyond the limit. */
	buf_reset(&in);
	buf_reset(&out);
	for (int i = 0; i < 100; i++)
		(void)buf_addz(&in, "NOOP\r\n");
	said = answer(&doubles, &double_conf, buf_cstr(&in), &out);
	assert_true(str_find(said, STR("421 4.7.0 ")) > 0);
	doubles_clear(&doubles);
	buf_clear(&in);
	buf_clear(&out);
}

static void
bounds_recipients(void **state)
{
	struct doubles doubles;
	struct buf in, out, codes;

	(void)state;
	doubles_init(&doubles);
	buf_init(&in, 0);
	buf_init(&out, 0);
	buf_init(&codes, 0);
	(void)buf_addz(&in, HI MAIL);
	for (int i = 0; i < 7; i++)
		(void)buf_addz(&in, RCPT);
	(void)buf_addz(&in, "DATA\r\n.\r\n" BYE);
	codes_of(answer(&doubles, &double_conf, buf_cstr(&in), &out), &codes);
	assert_string_equal(buf_cstr(&codes),
	    "220 250 250 250 250 250 250 250 452 452 354 250 221");
	doubles_clear(&doubles);
	buf_clear(&in);
	buf_clear(&codes);
	buf_clear(&out);
}

static void
bounds_lines(void **state)
{
	struct doubles doubles;
	struct buf in, out, codes;

	(void)state;
	for (int extra = 0; extra < 2; extra++) {
		doubles_init(&doubles);
		buf_init(&in, 0);
		buf_init(&out, 0);
		buf_init(&codes, 0);
		(void)buf_addz(&in, "NOOP ");
		for (int i = 0; i < double_conf.line_limit - 5 + extra; i++)
			(void)buf_addc(&in, 'x');
		(void)buf_addz(&in, "\r\n" BYE);
		codes_of(answer(&doubles, &double_conf, buf_cstr(&in), &out),
		    &codes);
		assert_string_equal(buf_cstr(&codes),
		    extra == 0 ? "220 250 221" : "220 500 221");
		doubles_clear(&doubles);
		buf_clear(&in);
		buf_clear(&codes);
		buf_clear(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_messages),
		cmocka_unit_test(says_try_later_when_the_queue_cannot),
		cmocka_unit_test(ends_sessions_that_only_err),
		cmocka_unit_test(bounds_recipients),
		cmocka_unit_test(bounds_lines),
	};

	log_init("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("smtpd/bounds", tests, NULL, NULL);
}
