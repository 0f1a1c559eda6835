/*
 * smtpd: the bytes of a message, by DATA and in chunks: where it ends, and what
 * is no line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "t/unit/smtpd/transcript.h"

/* The message behind each false end must never become a transaction. */
static void
smuggles_nothing(void **state)
{
	static const char *const ends[] = {
		"\n.\n",
		"\n.\r\n",
		"\r.\r",
		"\r.\r\n",
		"\r\n.\n",
		"\r\n.\r\r\n",
		"\n\n.\n",
		"\r\n\r.\r\n",
		"\r\n.\rx",
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(ends); i++) {
		struct doubles doubles;
		struct buf out, codes, in;

		doubles_init(&doubles);
		buf_init(&out, 0);
		buf_init(&codes, 0);
		buf_init(&in, 0);
		(void)buf_addf(&in,
		    HI MAIL RCPT "DATA\r\na%s" MAIL RCPT
				 "DATA\r\nevil\r\n.\r\n" BYE,
		    ends[i]);
		codes_of(answer(&doubles, &double_conf, buf_cstr(&in), &out),
		    &codes);
		assert_string_equal(buf_cstr(&codes),
		    "220 250 250 250 354 550 221");
		assert_int_equal(doubles.commits, 0);
		doubles_clear(&doubles);
		buf_clear(&in);
		buf_clear(&codes);
		buf_clear(&out);
	}
}

static void
takes_chunks(void **state)
{
	static const struct row rows[] = {
		{ HI MAIL RCPT "BDAT 5 LAST\r\n.\r\na\n" BYE,
		    "220 250 250 250 550 221", NULL, "bare <LF>" },
		{ HI MAIL RCPT "BDAT 6 LAST\r\n.\r\nb\r\n" BYE,
		    "220 250 250 250 250 221", "x@y>ada@example.test|0|\n",
		    NULL },
		{ HI MAIL RCPT
		    "BDAT 4\r\na\r\nbBDAT 2\r\n\r\nBDAT 0 LAST\r\n" BYE,
		    "220 250 250 250 250 250 250 221",
		    "x@y>ada@example.test|0|\n", "250 2.0.0 Ok: 4 bytes" },
		{ HI MAIL RCPT "BDAT 2\r\na\rBDAT 1 last\r\n\n" BYE,
		    "220 250 250 250 250 250 221", "x@y>ada@example.test|0|\n",
		    NULL },
		{ HI MAIL RCPT "BDAT 2 LAST\r\na\r" BYE,
		    "220 250 250 250 550 221", NULL, "bare <CR>" },
		{ HI MAIL "BDAT 6 LAST\r\nRSET\r\n" BYE, "220 250 250 503 221",
		    NULL, NULL },
		{ HI "BDAT 6 LAST\r\nRSET\r\n" BYE, "220 250 503 221", NULL,
		    NULL },
		{ HI MAIL "RCPT TO:<no@example.test>\r\n"
			  "BDAT 6 LAST\r\nRSET\r\n" BYE,
		    "220 250 250 550 554 221", NULL, NULL },
		{ HI MAIL RCPT "BDAT 3\r\na\r\nDATA\r\nRSET\r\n" BYE,
		    "220 250 250 250 250 503 250 221", NULL, NULL },
		{ HI MAIL RCPT "BDAT 3\r\na\r\n" RCPT BYE,
		    "220 250 250 250 250 503 221", NULL, NULL },
		{ HI MAIL RCPT "BDAT\r\nRSET\r\n" BYE, "220 250 250 250 501",
		    NULL, NULL },
		{ HI MAIL RCPT "BDAT x LAST\r\nRSET\r\n" BYE,
		    "220 250 250 250 501", NULL, NULL },
		{ HI MAIL RCPT "BDAT 1 FIRST\r\nRSET\r\n" BYE,
		    "220 250 250 250 501", NULL, NULL },
		{ HI MAIL RCPT "BDAT -1 LAST\r\nRSET\r\n" BYE,
		    "220 250 250 250 501", NULL, NULL },
		{ HI MAIL RCPT "BDAT 10 LAST\r\nabc", "220 250 250 250", NULL,
		    NULL },
	};

	(void)state;
	check(rows, NELEMS(rows), &double_conf);
}

static void
adds_the_end_that_a_chunk_lacks(void **state)
{
	struct doubles doubles;
	struct buf out;

	(void)state;
	doubles_init(&doubles);
	buf_init(&out, 0);
	(void)answer(&doubles, &double_conf,
	    HI MAIL RCPT "BDAT 1 LAST\r\na" BYE, &out);
	assert_string_equal(buf_cstr(&doubles.message), "a\r\n");
	doubles_clear(&doubles);
	buf_clear(&out);
}

static void
takes_any_bytes_by_bdat_alone(void **state)
{
#define BINARY "MAIL FROM:<x@y> BODY=BINARYMIME\r\n"
	static const struct row rows[] = {
		{ HI BINARY RCPT "DATA\r\n" BYE, "220 250 250 250 503 221",
		    NULL, "with BDAT only" },
		{ HI BINARY RCPT
		    "BDAT 8\r\nA: b\r\n\r\nBDAT 4 LAST\r\n\r\n.\n" BYE,
		    "220 250 250 250 250 250 221", "x@y>ada@example.test|2|\n",
		    NULL },
		{ HI BINARY RCPT "BDAT 7 LAST\r\nA: b\n\r\n" BYE,
		    "220 250 250 250 550 221", NULL, "not made of lines" },
		{ HI BINARY RCPT "BDAT 7 LAST\r\nA: b\r\r\n" BYE,
		    "220 250 250 250 550 221", NULL, "5.6.0" },
	};
	static const struct str talk = STR(
	    HI BINARY RCPT "BDAT 15 LAST\r\nA: b\r\n\r\n\0\n\r.\n\xff\0" BYE);
	struct doubles doubles;
	struct buf out;

	(void)state;
	check(rows, NELEMS(rows), &double_conf);
	doubles_init(&doubles);
	buf_init(&out, 0);
	doubles_run(&doubles, &double_conf, "", talk, &out);
	assert_true(str_eq(buf_str(&doubles.message),
	    STR("A: b\r\n\r\n\0\n\r.\n\xff\0")));
	assert_int_equal(doubles.header_len, 8);
	doubles_clear(&doubles);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(smuggles_nothing),
		cmocka_unit_test(takes_chunks),
		cmocka_unit_test(adds_the_end_that_a_chunk_lacks),
		cmocka_unit_test(takes_any_bytes_by_bdat_alone),
	};

	log_init("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("smtpd/chunks", tests, NULL, NULL);
}
