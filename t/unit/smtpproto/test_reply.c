/*
 * smtpproto/reply: replies written, and read in pieces of any size.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "smtpproto/reply.h"

static void
writes_lines(void **state)
{
	static const struct {
		int code;
		const char *status, *text;
		bool utf8;
		const char *out;
	} cases[] = {
		{ 220, NULL, "mx ESMTP", false, "220 mx ESMTP\r\n" },
		{ 250, "2.0.0", "Ok", false, "250 2.0.0 Ok\r\n" },
		{ 250, NULL, "", false, "250 \r\n" },
		{ 250, NULL, "a\nb\nc", false, "250-a\r\n250-b\r\n250 c\r\n" },
		{ 550, "5.1.1", "a\nb", false,
		    "550-5.1.1 a\r\n550 5.1.1 b\r\n" },
		{ 550, "5.1.1", "a\r\t\x7f", false, "550 5.1.1 a???\r\n" },
		{ 550, "5.1.1", "\xc3\xb6\xff", false, "550 5.1.1 ???\r\n" },
		{ 550, "5.1.1", "\xc3\xb6\xff", true,
		    "550 5.1.1 \xc3\xb6?\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out;

		buf_init(&out, 0);
		assert_int_equal(smtp_reply_put(&out, cases[i].code,
				     cases[i].status, str_of(cases[i].text),
				     cases[i].utf8),
		    0);
		assert_string_equal(buf_cstr(&out), cases[i].out);
		buf_clear(&out);
	}
}

static void
cuts_long_lines_between_characters(void **state)
{
	char text[1200];
	struct buf out;
	struct str rest, line;
	size_t letters = 0;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text + 499, "\xc3\xb6", 2); /* over the first line's end */
	buf_init(&out, 0);
	assert_int_equal(smtp_reply_put(&out, 250, "2.0.0",
			     str_make(text, sizeof(text)), true),
	    0);
	rest = buf_str(&out);
	while (str_split(&rest, '\n', &line)) {
		if (line.len == 0)
			break;
		assert_true(line.len + 1 <= 512);
		assert_true(str_starts(line, STR("250")));
		assert_true(str_starts(str_sub(line, 4, 99), STR("2.0.0 ")));
		assert_int_equal(line.p[3], rest.len > 0 ? '-' : ' ');
		letters += line.len - 1 - 10;
	}
	assert_int_equal(letters, sizeof(text));
	assert_true(str_find(buf_str(&out), STR("\xc3\xb6")) > 0);
	buf_clear(&out);
}

static void
says_when_it_does_not_fit(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 10);
	assert_int_equal(smtp_reply_put(&out, 250, "2.0.0", STR("Okay"), false),
	    -1);
	buf_clear(&out);
}

static void
takes_status_codes(void **state)
{
	static const struct {
		const char *in;
		bool ok;
		int class, subject, detail;
	} cases[] = {
		{ "2.0.0 Ok", true, 2, 0, 0 },
		{ "5.7.1", true, 5, 7, 1 },
		{ "4.999.999 x", true, 4, 999, 999 },
		{ "4.1000.1 x", false, 0, 0, 0 },
		{ "3.0.0", false, 0, 0, 0 },
		{ "2.0", false, 0, 0, 0 },
		{ "2.0.", false, 0, 0, 0 },
		{ "2..0", false, 0, 0, 0 },
		{ "2.0.0x", false, 0, 0, 0 },
		{ "2", false, 0, 0, 0 },
		{ "", false, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str in = str_of(cases[i].in);
		struct smtp_status status = { 0 };

		assert_int_equal(smtp_status_take(&in, &status), cases[i].ok);
		assert_int_equal(status.class, cases[i].class);
		assert_int_equal(status.subject, cases[i].subject);
		assert_int_equal(status.detail, cases[i].detail);
		if (!cases[i].ok)
			assert_ptr_equal(in.p, cases[i].in);
	}
}

/* All of text in pieces of the given size; what the last feed said. */
static int
feed(struct smtp_reply *reply, const char *text, size_t piece, struct err *err)
{
	struct str rest = str_of(text);
	int ret = 0;

	while (rest.len > 0 && ret == 0) {
		struct str in = str_sub(rest, 0, piece);
		char *copy = malloc(in.len);
		size_t len = in.len;

		memcpy(copy, in.p, in.len);
		in.p = copy;
		ret = smtp_reply_feed(reply, &in, err);
		str_skip(&rest, len - in.len);
		free(copy);
	}
	return ret;
}

static void
reads_replies(void **state)
{
	static const struct {
		const char *in;
		int code, class, detail;
		const char *text;
	} cases[] = {
		{ "220 mx\r\n", 220, 0, 0, "mx" },
		{ "220\r\n", 220, 0, 0, "" },
		{ "250 2.1.5 Ok\r\n", 250, 2, 5, "Ok" },
		{ "250 2.1.5 Ok\n", 250, 2, 5, "Ok" },
		{ "550-5.1.1 a\r\n550 5.1.1 b\r\n", 550, 5, 1, "a\nb" },
		{ "550-5.1.1 a\r\n550-\r\n550 b\r\n", 550, 5, 1, "a\n\nb" },
		{ "250 5.1.1 odd\r\n", 250, 0, 0, "odd" },
		{ "354 2.0.0 go\r\n", 354, 0, 0, "go" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t piece = 1; piece < 40; piece++) {
			struct smtp_reply reply;
			struct err err;

			smtp_reply_init(&reply);
			assert_int_equal(feed(&reply, cases[i].in, piece, &err),
			    1);
			assert_int_equal(reply.code, cases[i].code);
			assert_int_equal(reply.status.class, cases[i].class);
			assert_int_equal(reply.status.detail, cases[i].detail);
			assert_string_equal(buf_cstr(&reply.text),
			    cases[i].text);
			smtp_reply_clear(&reply);
		}
}

static void
leaves_the_next_reply(void **state)
{
	struct str in = STR("250-a\r\n250 b\r\n451 4.3.0 c\r\n5");
	struct smtp_reply reply;
	struct err err;

	(void)state;
	smtp_reply_init(&reply);
	assert_int_equal(smtp_reply_feed(&reply, &in, &err), 1);
	assert_int_equal(reply.code, 250);
	assert_int_equal(smtp_reply_feed(&reply, &in, &err), 1);
	assert_int_equal(reply.code, 451);
	assert_int_equal(reply.status.subject, 3);
	assert_string_equal(buf_cstr(&reply.text), "c");
	assert_int_equal(smtp_reply_feed(&reply, &in, &err), 0);
	assert_int_equal(in.len, 0);
	smtp_reply_clear(&reply);
}

static void
refuses_what_is_no_reply(void **state)
{
	static const char *const cases[] = {
		"\r\n",
		"25\r\n",
		"25x ok\r\n",
		"150 ok\r\n",
		"600 ok\r\n",
		"2500 ok\r\n",
		"250_ok\r\n",
		"250-a\r\n251 b\r\n",
		"HTTP/1.1 200 OK\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct smtp_reply reply;
		struct err err;

		smtp_reply_init(&reply);
		assert_int_equal(feed(&reply, cases[i], 100, &err), -1);
		assert_int_equal(err.kind, ERR_SYNTAX);
		smtp_reply_clear(&reply);
	}
}

static void
bounds_what_a_server_makes_us_hold(void **state)
{
	char line[SMTP_REPLY_LINE + 2];
	struct smtp_reply reply;
	struct str in;
	struct err err;

	(void)state;
	memset(line, 'x', sizeof(line));
	memcpy(line, "250-", 4);
	smtp_reply_init(&reply);
	in = str_make(line, SMTP_REPLY_LINE);
	assert_int_equal(smtp_reply_feed(&reply, &in, &err), 0);
	in = STR("x");
	assert_int_equal(smtp_reply_feed(&reply, &in, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	smtp_reply_clear(&reply);

	smtp_reply_init(&reply);
	line[SMTP_REPLY_LINE] = '\n';
	for (int i = 0; i < SMTP_REPLY_LINES; i++) {
		in = str_make(line, SMTP_REPLY_LINE + 1);
		assert_int_equal(smtp_reply_feed(&reply, &in, &err), 0);
	}
	assert_true(reply.text.len <= SMTP_REPLY_TEXT);
	in = str_make(line, SMTP_REPLY_LINE + 1);
	assert_int_equal(smtp_reply_feed(&reply, &in, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	smtp_reply_clear(&reply);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_lines),
		cmocka_unit_test(cuts_long_lines_between_characters),
		cmocka_unit_test(says_when_it_does_not_fit),
		cmocka_unit_test(takes_status_codes),
		cmocka_unit_test(reads_replies),
		cmocka_unit_test(leaves_the_next_reply),
		cmocka_unit_test(refuses_what_is_no_reply),
		cmocka_unit_test(bounds_what_a_server_makes_us_hold),
	};

	return cmocka_run_group_tests_name("smtpproto/reply", tests, NULL,
	    NULL);
}
