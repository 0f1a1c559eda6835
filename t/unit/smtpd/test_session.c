/*
 * smtpd: transcripts of whole dialogues.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "t/unit/smtpd/transcript.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(speaks_in_order),
		cmocka_unit_test(takes_a_message),
		cmocka_unit_test(knows_who_gets_mail_here),
		cmocka_unit_test(refuses_what_is_written_wrong),
		cmocka_unit_test(keeps_what_is_asked_of_notifications),
		cmocka_unit_test(xclient_is_for_those_who_are_named),
	};

	log_init("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("smtpd/session", tests, NULL, NULL);
}
