/*
 * smtpd: what is asked of those who submit mail: a login, TLS, and what their
 * messages are given.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "t/unit/smtpd/transcript.h"

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
mechanisms_are_a_list(void **state)
{
	struct smtpd_conf conf = double_conf;
	static const struct row rows[] = {
		{ HI "AUTH PLAIN AGFkYQBzZWNyZXQ=\r\n" BYE, "220 250 235 221",
		    NULL, "250-AUTH PLAIN LOGIN\r\n" },
	};

	(void)state;
	conf.sasl = true;
	conf.tls_auth_only = false;
	conf.mechanisms = "PLAIN, LOGIN";
	check(rows, NELEMS(rows), &conf);
	conf.mechanisms = "PLAIN\tLOGIN";
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

/* authd counts a session from its OK, whatever the client makes of that. */
static void
logins_broken_off_at_the_last_word_are_ended(void **state)
{
	static const struct {
		const char *say;
		int ended; /* and one at the end of what was a login */
	} cases[] = {
		{ "AUTH SCRAM-SHA-256 eA==\r\n*\r\n" BYE, 1 },
		{ "AUTH SCRAM-SHA-256 eA==\r\n***\r\n" BYE, 1 },
		{ "AUTH SCRAM-SHA-256 eA==\r\n", 1 },
		{ "AUTH SCRAM-SHA-256 eA==\r\n*\r\n"
		  "AUTH SCRAM-SHA-256 eA==\r\n\r\n" BYE,
		    2 },
	};
	struct smtpd_conf conf = double_conf;

	(void)state;
	conf.sasl = true;
	conf.mechanisms = "SCRAM-SHA-256";
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct doubles doubles;
		struct buf in, out;

		doubles_init(&doubles);
		buf_init(&in, 0);
		buf_init(&out, 0);
		(void)buf_addz(&in, HI);
		(void)buf_addz(&in, cases[i].say);
		doubles_run(&doubles, &conf, "TLSv1.3", buf_str(&in), &out);
		assert_int_equal(doubles.auth_ended, cases[i].ended);
		doubles_clear(&doubles);
		buf_clear(&in);
		buf_clear(&out);
	}
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(submissions_need_a_login),
		cmocka_unit_test(mechanisms_are_a_list),
		cmocka_unit_test(passwords_wait_for_tls),
		cmocka_unit_test(logins_broken_off_at_the_last_word_are_ended),
		cmocka_unit_test(demands_tls_where_told_to),
		cmocka_unit_test(writes_what_a_submission_lacks),
	};

	log_init("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("smtpd/submission", tests, NULL,
	    NULL);
}
