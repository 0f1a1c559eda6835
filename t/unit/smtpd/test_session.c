/*
 * smtpd: transcripts. Each row is what a client sends, the codes it is
 * answered, and what reaches the queue.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/log.h"
#include "t/unit/smtpd/doubles.h"

#define HI   "EHLO c\r\n"
#define MAIL "MAIL FROM:<x@y>\r\n"
#define RCPT "RCPT TO:<ada@example.test>\r\n"
#define BYE  "QUIT\r\n"

/* The codes of the final lines of out, "220 250 221". */
static void
codes_of(struct str out, struct buf *codes)
{
	struct str line;

	while (out.len > 0 && str_split(&out, '\n', &line))
		if (line.len >= 4 && line.p[3] == ' ')
			(void)buf_addf(codes, "%s%.3s",
			    codes->len > 0 ? " " : "", line.p);
}

static struct str
answer(struct doubles *doubles, const struct smtpd_conf *conf, const char *in,
    struct buf *out)
{
	doubles_run(doubles, conf, NULL, str_of(in), out);
	return buf_str(out);
}

struct row {
	const char *in, *codes, *said;
	const char *part; /* stands somewhere in the answers */
};

static void
check(const struct row *rows, size_t count, const struct smtpd_conf *conf)
{
	for (size_t i = 0; i < count; i++) {
		struct doubles doubles;
		struct buf out, codes;

		doubles_init(&doubles);
		buf_init(&out, 0);
		buf_init(&codes, 0);
		codes_of(answer(&doubles, conf, rows[i].in, &out), &codes);
		if (strcmp(buf_cstr(&codes), rows[i].codes) != 0)
			fail_msg("%s\ngave %s:\n%s", rows[i].in,
			    buf_cstr(&codes), buf_cstr(&out));
		assert_string_equal(buf_cstr(&doubles.said),
		    rows[i].said == NULL ? "" : rows[i].said);
		if (rows[i].part != NULL &&
		    str_find(buf_str(&out), str_of(rows[i].part)) < 0)
			fail_msg("%s\nsaid:\n%s", rows[i].in, buf_cstr(&out));
		doubles_clear(&doubles);
		buf_clear(&codes);
		buf_clear(&out);
	}
}

static void
speaks_in_order(void **state)
{
	static const struct row rows[] = {
		{ "", "220", NULL, "220 mx.example.test ESMTP\r\n" },
		{ BYE, "220 221", NULL, "221 2.0.0 Bye\r\n" },
		{ "HELO c\r\n" BYE, "220 250 221", NULL,
		    "250 mx.example.test\r\n" },
		{ HI BYE, "220 250 221", NULL, "250-SIZE 100000\r\n" },
		{ HI BYE, "220 250 221", NULL,
		    "250-CHUNKING\r\n250-BINARYMIME\r\n250 LIMITS RCPTMAX=5\r\n" },
		{ "HELO\r\nEHLO \r\n" BYE, "220 501 501 221", NULL, NULL },
		{ MAIL BYE, "220 503 221", NULL, "503 5.5.1 " },
		{ HI RCPT BYE, "220 250 503 221", NULL, NULL },
		{ HI "DATA\r\n" BYE, "220 250 503 221", NULL, NULL },
		{ HI MAIL "DATA\r\n" BYE, "220 250 250 503 221", NULL,
		    "need RCPT" },
		{ HI MAIL MAIL BYE, "220 250 250 503 221", NULL, "nested" },
		{ HI MAIL "RSET\r\n" MAIL BYE, "220 250 250 250 250 221", NULL,
		    NULL },
		{ HI MAIL HI MAIL BYE, "220 250 250 250 250 221", NULL, NULL },
		{ "NOOP\r\nNOOP x\r\nVRFY ada\r\nHELP\r\nEXPN x\r\n" BYE,
		    "220 250 250 252 214 502 221", NULL, NULL },
		{ "VRFY\r\nRSET x\r\nQUIT x\r\n" BYE, "220 501 501 501 221",
		    NULL, NULL },
		{ "FOO\r\n\r\n \r\n" BYE, "220 500 500 500 221", NULL, NULL },
		{ "noop\r\nquit\r\n", "220 250 221", NULL, NULL },
		{ "GET / HTTP/1.0\r\n" BYE, "220 221", NULL, "2.7.0" },
		{ HI "STARTTLS\r\n" BYE, "220 250 502 221", NULL, NULL },
		{ HI "AUTH PLAIN\r\n" BYE, "220 250 503 221", NULL, NULL },
	};

	(void)state;
	check(rows, NELEMS(rows), &double_conf);
}

static void
takes_a_message(void **state)
{
	static const struct row rows[] = {
		{ HI MAIL RCPT "DATA\r\nS: a\r\n\r\nb\r\n.\r\n" BYE,
		    "220 250 250 250 354 250 221", "x@y>ada@example.test|0|\n",
		    "250 2.0.0 Ok: queued as Q1\r\n" },
		{ "HELO c\r\n" MAIL RCPT "DATA\r\n.\r\n" BYE,
		    "220 250 250 250 354 250 221", "x@y>ada@example.test|0|\n",
		    NULL },
		{ HI "MAIL FROM:<>\r\nRCPT TO:<Postmaster>\r\n"
		     "DATA\r\n.\r\n" BYE,
		    "220 250 250 250 354 250 221", ">ada@example.test|0|\n",
		    NULL },
		{ HI "MAIL FROM: <x@y>  SIZE=10 BODY=8BITMIME SMTPUTF8\r\n"
		     "RCPT TO: ada@example.test\r\nDATA\r\n.\r\n" BYE,
		    "220 250 250 250 354 250 221", "x@y>ada@example.test|1u|\n",
		    NULL },
		{ HI MAIL "RCPT TO:<list@example.test>\r\n"
			  "RCPT TO:<both@example.test>\r\n" RCPT
			  "DATA\r\n.\r\n" BYE,
		    "220 250 250 250 250 250 354 250 221",
		    "x@y>ada@example.test,bob@example.test,"
		    "carol@example.test|0|\n",
		    NULL },
		{ HI MAIL RCPT "DATA\r\n.\r\n" MAIL RCPT "DATA\r\n.\r\n" BYE,
		    "220 250 250 250 354 250 250 250 354 250 221",
		    "x@y>ada@example.test|0|\nx@y>ada@example.test|0|\n",
		    NULL },
		{ HI MAIL "RCPT TO:<nobody@example.test>\r\n" RCPT
			  "DATA\r\n.\r\n" BYE,
		    "220 250 250 550 250 354 250 221",
		    "x@y>ada@example.test|0|\n", NULL },
		{ HI MAIL RCPT "DATA\r\nx\r\n", "220 250 250 250 354", NULL,
		    NULL },
	};

	(void)state;
	check(rows, NELEMS(rows), &double_conf);
}

static void
knows_who_gets_mail_here(void **state)
{
	static const struct row rows[] = {
		{ HI MAIL "RCPT TO:<nobody@example.test>\r\nDATA\r\n" BYE,
		    "220 250 250 550 554 221", NULL,
		    "550 5.1.1 <nobody@example.test>: "
		    "Recipient address rejected: User unknown\r\n" },
		{ HI MAIL "RCPT TO:<off@example.test>\r\n" BYE,
		    "220 250 250 550 221", NULL, "5.2.1" },
		{ HI MAIL "RCPT TO:<loop@example.test>\r\n" BYE,
		    "220 250 250 550 221", NULL, "5.4.6" },
		{ HI MAIL "RCPT TO:<down@example.test>\r\n" BYE,
		    "220 250 250 451 221", NULL, "451 4.3.0" },
		/* Relaying, straight and by tricks. */
		{ HI MAIL "RCPT TO:<a@other.test>\r\n" BYE,
		    "220 250 250 554 221", NULL,
		    "554 5.7.1 <a@other.test>: Relay access denied\r\n" },
		{ HI MAIL "RCPT TO:<a%other.test@example.test>\r\n" BYE,
		    "220 250 250 550 221", NULL, "5.1.1" },
		{ HI MAIL "RCPT TO:<other.test!a@example.test>\r\n" BYE,
		    "220 250 250 550 221", NULL, "5.1.1" },
		{ HI MAIL "RCPT TO:<\"a@other.test\"@example.test>\r\n" BYE,
		    "220 250 250 550 221", NULL, "5.1.1" },
		{ HI MAIL "RCPT TO:<@example.test:a@other.test>\r\n" BYE,
		    "220 250 250 554 221", NULL, "5.7.1" },
		{ HI MAIL "RCPT TO:<a@[127.0.0.1]>\r\n" BYE,
		    "220 250 250 554 221", NULL, "5.7.1" },
		{ HI MAIL "RCPT TO:<a@other.test@example.test>\r\n" BYE,
		    "220 250 250 501 221", NULL, "5.1.3" },
		{ HI MAIL "RCPT TO:<ada@example.test.other.test>\r\n" BYE,
		    "220 250 250 554 221", NULL, NULL },
		{ HI MAIL "RCPT TO:<@example.test:ada@EXAMPLE.test>\r\n"
			  "DATA\r\n.\r\n" BYE,
		    "220 250 250 250 354 250 221", "x@y>ada@example.test|0|\n",
		    NULL },
	};

	(void)state;
	check(rows, NELEMS(rows), &double_conf);
}

static void
refuses_what_is_written_wrong(void **state)
{
	static const struct row rows[] = {
		{ HI "MAIL\r\nMAIL x\r\nMAIL FROM\r\nMAIL TO:<a@b>\r\n" BYE,
		    "220 250 501 501 501 501 221", NULL, NULL },
		{ HI "MAIL FROM:<a@\r\n" BYE, "220 250 501 221", NULL,
		    "501 5.1.7" },
		{ HI "MAIL FROM:<a@b>x\r\n" BYE, "220 250 501 221", NULL,
		    NULL },
		{ HI "MAIL FROM:<a@b> FOO=BAR\r\n" BYE, "220 250 555 221", NULL,
		    "555 5.5.4" },
		{ HI "MAIL FROM:<a@b> RET=ALL\r\n" BYE, "220 250 501 221", NULL,
		    NULL },
		{ HI "MAIL FROM:<a@b> ENVID=a+0D+0Ab\r\n" BYE,
		    "220 250 501 221", NULL, NULL },
		{ HI "MAIL FROM:<a@b> BODY=BINARY\r\n" BYE, "220 250 501 221",
		    NULL, NULL },
		{ HI "MAIL FROM:<a@b> SIZE=100001\r\n" BYE, "220 250 552 221",
		    NULL, "552 5.3.4" },
		{ HI "MAIL FROM:<\xc3\xb6@b>\r\n" BYE, "220 250 553 221", NULL,
		    "5.6.7" },
		{ HI "MAIL FROM:<\xc3\xb6@b> SMTPUTF8\r\n" BYE,
		    "220 250 250 221", NULL, NULL },
		{ HI MAIL "RCPT TO:<\xc3\xb6@example.test>\r\n" BYE,
		    "220 250 250 553 221", NULL, NULL },
		{ HI MAIL "RCPT TO:<>\r\nRCPT TO:<ada>\r\nRCPT x\r\n" BYE,
		    "220 250 250 501 501 501 221", NULL, NULL },
		{ HI MAIL "RCPT TO:<ada@example.test> NOTIFY=EVER\r\n" BYE,
		    "220 250 250 501 221", NULL, NULL },
		{ HI MAIL "RCPT TO:<ada@example.test> "
			  "ORCPT=rfc822;a+0D+0AX:@b\r\n" BYE,
		    "220 250 250 501 221", NULL, NULL },
		{ HI MAIL RCPT "DATA x\r\n" BYE, "220 250 250 250 501 221",
		    NULL, NULL },
		{ "NOOP\nNOOP\r\n" BYE, "220 500 250 221", NULL, "bare <LF>" },
		{ "NOOP\rNOOP\r\n" BYE, "220 500 221", NULL, "bare <CR>" },
	};

	(void)state;
	check(rows, NELEMS(rows), &double_conf);
}

/* What is asked about notifications (RFC 3461) goes with the message. */
static void
keeps_what_is_asked_of_notifications(void **state)
{
	static const struct row rows[] = {
		{ HI "MAIL FROM:<x@y.test> RET=HDRS ENVID=e+2B1\r\n"
		     "RCPT TO:<ada@example.test> NOTIFY=SUCCESS,DELAY "
		     "ORCPT=rfc822;A+2Bx@y\r\nDATA\r\n.\r\n" BYE,
		    "220 250 250 250 354 250 221",
		    "x@y.test>ada@example.test(10 rfc822;A+2Bx@y)|0| 2e+2B1\n",
		    NULL },
		{ HI "MAIL FROM:<x@y.test> RET=FULL\r\n"
		     "RCPT TO:<ada@example.test> NOTIFY=NEVER\r\n"
		     "DATA\r\n.\r\n" BYE,
		    "220 250 250 250 354 250 221",
		    "x@y.test>ada@example.test(1 )|0| 1\n", NULL },
		/* of an address for several: success is told of itself (16) */
		{ HI "MAIL FROM:<x@y.test> RET=FULL\r\n"
		     "RCPT TO:<list@example.test> NOTIFY=SUCCESS,FAILURE\r\n"
		     "DATA\r\n.\r\n" BYE,
		    "220 250 250 250 354 250 221",
		    "x@y.test>ada@example.test(20 ),bob@example.test(4 )|0| "
		    "1\n",
		    NULL },
		{ HI "MAIL FROM:<x@y.test> RET=FULL\r\n"
		     "RCPT TO:<list@example.test> NOTIFY=SUCCESS\r\n"
		     "DATA\r\n.\r\n" BYE,
		    "220 250 250 250 354 250 221",
		    "x@y.test>ada@example.test(17 ),bob@example.test(1 )|0| "
		    "1\n",
		    NULL },
	};

	(void)state;
	check(rows, NELEMS(rows), &double_conf);
}

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

static void
xclient_is_for_those_who_are_named(void **state)
{
	static const struct row refused[] = {
		{ HI "XCLIENT ADDR=192.0.2.9\r\n" BYE, "220 250 550 221", NULL,
		    "550 5.7.0 Error: insufficient authorization" },
	};
	static const struct row allowed[] = {
		{ HI BYE, "220 250 221", NULL,
		    "250 XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR "
		    "DESTPORT REVERSE_NAME\r\n" },
		{ "XCLIENT ADDR=203.0.113.9 NAME=mx.test\r\n" MAIL HI BYE,
		    "220 220 503 250 221", NULL, "220 mx.example.test ESMTP" },
		/* again, though the address is now another */
		{ "XCLIENT ADDR=203.0.113.9\r\nXCLIENT ADDR=IPV6:::1\r\n" HI
			BYE,
		    "220 220 220 250 221", NULL, "250-BINARYMIME" },
		{ HI MAIL "XCLIENT ADDR=203.0.113.9\r\n" BYE,
		    "220 250 250 503 221", NULL, "transaction in progress" },
		{ "XCLIENT\r\nXCLIENT ADDR\r\nXCLIENT FOO=bar\r\n" BYE,
		    "220 501 501 501 221", NULL,
		    "501 5.5.4 Bad attribute name" },
		{ HI "XCLIENT LOGIN=ada@example.test HELO=h\r\n" HI MAIL RCPT
		     "DATA\r\n.\r\n" BYE,
		    "220 250 220 250 250 250 354 250 221",
		    "x@y>ada@example.test|0|ada@example.test\n", NULL },
		{ "XCLIENT LOGIN=ada@example.test\r\n"
		  "XCLIENT LOGIN=[UNAVAILABLE]\r\n" HI MAIL RCPT
		  "DATA\r\n.\r\n" BYE,
		    "220 220 220 250 250 250 354 250 221",
		    "x@y>ada@example.test|0|\n", NULL },
	};
	struct addr_net net;
	struct smtpd_conf conf = double_conf;
	struct doubles doubles;
	struct buf out;
	struct err err;

	(void)state;
	check(refused, NELEMS(refused), &conf);
	assert_int_equal(addr_net_parse(&net, STR("192.0.2.1"), &err), 0);
	conf.xclient = (struct smtpd_nets){ &net, 1 };
	check(allowed, NELEMS(allowed), &conf);

	doubles_init(&doubles);
	buf_init(&out, 0);
	(void)answer(&doubles, &conf,
	    "XCLIENT NAME=mx.test ADDR=203.0.113.9 LOGIN=ada@example.test\r\n" HI
		MAIL RCPT "DATA\r\n.\r\n" BYE,
	    &out);
	assert_non_null(
	    strstr(buf_cstr(&doubles.prefix), "(mx.test [203.0.113.9])"));
	assert_int_equal(doubles.auth_ended, 0);
	doubles_clear(&doubles);
	buf_clear(&out);
}

static void
submissions_need_a_login(void **state)
{
	struct smtpd_conf conf = double_conf;
	/* clang-format off */
	static const struct row rows[] = {
		{ HI BYE, "220 250 221", NULL, "250-AUTH PLAIN LOGIN\r\n" },
		{ HI MAIL BYE, "220 250 530 221", NULL, "530 5.7.0" },
		{ HI "AUTH PLAIN AGFkYQBzZWNyZXQ=\r\n"
		  "MAIL FROM:<ada@example.test>\r\n" RCPT "DATA\r\n.\r\n" BYE,
		    "220 250 235 250 250 354 250 221",
		    "ada@example.test>ada@example.test|0|ada@example.test\n",
		    "235 2.7.0" },
		{ HI "AUTH PLAIN\r\nAGFkYQBzZWNyZXQ=\r\n" BYE,
		    "220 250 334 235 221", NULL, NULL },
		{ HI "AUTH LOGIN\r\nYWRh\r\nc2VjcmV0\r\n" BYE,
		    "220 250 334 334 235 221", NULL, "334 UGFzc3dvcmQ6\r\n" },
		{ HI "AUTH PLAIN AGFkYQB3cm9uZw==\r\n" BYE,
		    "220 250 535 221", NULL, "535 5.7.8" },
		{ HI "AUTH PLAIN =\r\n" BYE, "220 250 535 221", NULL, NULL },
		{ HI "AUTH PLAIN ***\r\n" BYE, "220 250 501 221", NULL,
		    NULL },
		{ HI "AUTH PLAIN\r\n*\r\n" BYE, "220 250 334 501 221", NULL,
		    "501 5.7.0" },
		{ HI "AUTH PLAIN\r\nx\r\n" BYE, "220 250 334 501 221", NULL,
		    NULL },
		{ HI "AUTH CRAM-MD5\r\nAUTH\r\nAUTH PLAIN LOGIN\r\n" BYE,
		    "220 250 504 501 501 221", NULL, NULL },
		{ HI "AUTH PLAIN AGFkYQBzZWNyZXQ=\r\nAUTH PLAIN\r\n" BYE,
		    "220 250 235 503 221", NULL, NULL },
		{ "HELO c\r\nAUTH PLAIN\r\n" BYE, "220 250 503 221", NULL,
		    NULL },
		{ HI "AUTH PLAIN AGFkYQBzZWNyZXQ=\r\n"
		  "MAIL FROM:<bob@example.test>\r\n" BYE,
		    "220 250 235 553 221", NULL,
		    "Sender address rejected: not owned by user "
		    "ada@example.test" },
		{ HI "AUTH PLAIN AGFkYQBzZWNyZXQ=\r\n"
		  "MAIL FROM:<>\r\nRCPT TO:<a@nowhere.test>\r\n" BYE,
		    "220 250 235 250 550 221", NULL, "550 5.1.2" },
		{ HI "AUTH PLAIN AGFkYQBzZWNyZXQ=\r\n"
		  "MAIL FROM:<>\r\nRCPT TO:<a@other.test>\r\nDATA\r\n.\r\n"
		  BYE, "220 250 235 250 250 354 250 221",
		    ">a@other.test|0|ada@example.test\n", NULL },
		{ HI "AUTH PLAIN AGFkYQBzZWNyZXQ=\r\n"
		  "MAIL FROM:<ada@example.test> AUTH=<>\r\n" BYE,
		    "220 250 235 250 221", NULL, NULL },
	};
	/* clang-format on */

	(void)state;
	conf.sasl = conf.submission = true;
	conf.tls_auth_only = false;
	check(rows, NELEMS(rows), &conf);
}

static void
passwords_wait_for_tls(void **state)
{
	struct smtpd_conf conf = double_conf;
	static const struct row rows[] = {
		{ HI "AUTH PLAIN AGFkYQBzZWNyZXQ=\r\n" BYE, "220 250 538 221",
		    NULL, NULL },
	};
	struct doubles doubles;
	struct buf out;

	(void)state;
	conf.sasl = true;
	check(rows, NELEMS(rows), &conf);

	doubles_init(&doubles);
	buf_init(&out, 0);
	doubles_run(&doubles, &conf, "TLSv1.3",
	    STR(HI "AUTH PLAIN AGFkYQBzZWNyZXQ=\r\n" MAIL RCPT
		   "DATA\r\n.\r\n" BYE),
	    &out);
	assert_true(str_find(buf_str(&out), STR("250-AUTH PLAIN")) > 0);
	assert_true(str_find(buf_str(&out), STR("\r\n235 ")) > 0);
	assert_true(
	    str_find(buf_str(&doubles.prefix), STR("with ESMTPSA id Q1")) > 0);
	assert_true(str_find(buf_str(&doubles.prefix),
			STR("TLSv1.3 with cipher TLS_AES_256_GCM_SHA384")) > 0);
	assert_int_equal(doubles.auth_ended, 1);
	doubles_clear(&doubles);
	buf_clear(&out);
}

static void
demands_tls_where_told_to(void **state)
{
	struct smtpd_conf conf = double_conf;
	static const struct row rows[] = {
		{ HI MAIL "NOOP\r\nVRFY x\r\n" BYE, "220 250 530 250 530 221",
		    NULL, "530 5.7.0" },
		{ HI "AUTH PLAIN\r\n" BYE, "220 250 530 221", NULL,
		    "250-8BITMIME\r\n" },
		{ HI BYE, "220 250 221", NULL,
		    "250-SIZE 100000\r\n250-ENHANCEDSTATUSCODES" },
	};

	(void)state;
	conf.tls = SMTPD_TLS_ENCRYPT;
	conf.sasl = true;
	conf.tls_auth_only = false;
	check(rows, NELEMS(rows), &conf);
}

static void
writes_what_a_submission_lacks(void **state)
{
	static const struct {
		const char *header;
		bool id, date;
	} cases[] = {
		{ "Subject: x\r\n", true, true },
		{ "message-id: <1@x>\r\n", false, true },
		{ "DATE: now\r\n", true, false },
		{ "Date: now\r\nMessage-ID: <1@x>\r\n", false, false },
	};
	struct smtpd_conf conf = double_conf;

	(void)state;
	conf.sasl = conf.submission = true;
	conf.tls_auth_only = false;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct doubles doubles;
		struct buf out, in;
		struct str prefix;

		doubles_init(&doubles);
		buf_init(&out, 0);
		buf_init(&in, 0);
		(void)buf_addf(&in,
		    HI "AUTH PLAIN AGFkYQBzZWNyZXQ=\r\nMAIL FROM:<>\r\n" RCPT
		       "DATA\r\n%s\r\nb\r\n.\r\n" BYE,
		    cases[i].header);
		(void)answer(&doubles, &conf, buf_cstr(&in), &out);
		prefix = buf_str(&doubles.prefix);
		assert_true(str_starts(prefix, STR("Received: from c ")));
		assert_int_equal(str_find(prefix, STR("\r\nMessage-ID: <")) > 0,
		    cases[i].id);
		assert_int_equal(str_find(prefix, STR("\r\nDate: ")) > 0,
		    cases[i].date);
		assert_true(str_ends(prefix, STR("\r\n")));
		assert_int_equal(doubles.header_len,
		    strlen(cases[i].header) + 2);
		doubles_clear(&doubles);
		buf_clear(&in);
		buf_clear(&out);
	}
}

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
		cmocka_unit_test(speaks_in_order),
		cmocka_unit_test(takes_a_message),
		cmocka_unit_test(knows_who_gets_mail_here),
		cmocka_unit_test(refuses_what_is_written_wrong),
		cmocka_unit_test(keeps_what_is_asked_of_notifications),
		cmocka_unit_test(smuggles_nothing),
		cmocka_unit_test(takes_chunks),
		cmocka_unit_test(adds_the_end_that_a_chunk_lacks),
		cmocka_unit_test(takes_any_bytes_by_bdat_alone),
		cmocka_unit_test(xclient_is_for_those_who_are_named),
		cmocka_unit_test(submissions_need_a_login),
		cmocka_unit_test(passwords_wait_for_tls),
		cmocka_unit_test(demands_tls_where_told_to),
		cmocka_unit_test(writes_what_a_submission_lacks),
		cmocka_unit_test(bounds_messages),
		cmocka_unit_test(says_try_later_when_the_queue_cannot),
		cmocka_unit_test(ends_sessions_that_only_err),
		cmocka_unit_test(bounds_recipients),
		cmocka_unit_test(bounds_lines),
	};

	log_init("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("smtpd/session", tests, NULL, NULL);
}
