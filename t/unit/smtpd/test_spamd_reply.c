#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "smtpd/spamd_reply.h"

#define OK   "SPAMD/1.1 0 EX_OK\r\n"
#define SPAM "Spam: True ; 1000.0 / 5.0\r\n"

static void
answers_tell_score_and_tests(void **state)
{
	static const struct {
		const char *in;
		bool is_spam;
		int64_t score, required;
		const char *tests;
	} cases[] = {
		{ OK "Content-length: 9\r\n" SPAM "\r\nGTUBE,A_1", true,
		    1000000, 5000, "GTUBE,A_1" },
		{ OK SPAM "Content-length: 7\r\n\r\nGTUBE\r\n", true, 1000000,
		    5000, "GTUBE" },
		{ OK "Spam: False ; -1.5 / 5.0\r\n\r\n", false, -1500, 5000,
		    "" },
		{ OK "spam: no ; 0.0 / 5\r\n\r\n", false, 0, 5000, "" },
		{ OK "Spam:Yes ; 5.125 / 5.1259\r\n\r\n\r\n", true, 5125, 5125,
		    "" },
		{ OK SPAM "\r\nA,B\r\nX-Evil: 1\r\n", true, 1000000, 5000,
		    "A,B" },
		{ OK SPAM "\r\n<script>", true, 1000000, 5000, "" },
	};
	struct spamd_reply reply;
	struct err err;

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		assert_int_equal(
		    spamd_reply_parse(&reply, str_of(cases[i].in), &err), 0);
		assert_int_equal(reply.is_spam, cases[i].is_spam);
		assert_int_equal(reply.score, cases[i].score);
		assert_int_equal(reply.required, cases[i].required);
		assert_true(str_eqz(reply.tests, cases[i].tests));
	}
}

static void
what_is_no_answer_is_no_verdict(void **state)
{
	static const struct {
		const char *in;
		enum err_kind kind;
	} cases[] = {
		{ "", ERR_SYNTAX },
		{ "SPAMD/1.1 0 EX_OK", ERR_SYNTAX },
		{ OK, ERR_SYNTAX },
		{ OK "\r\n", ERR_SYNTAX },
		{ OK SPAM, ERR_SYNTAX },
		{ OK "Content-length: 5\r\n" SPAM "\r\nabcd", ERR_SYNTAX },
		{ OK "Content-length: x\r\n" SPAM "\r\n", ERR_SYNTAX },
		{ OK "Content-length: 99999999999999999999\r\n" SPAM "\r\n",
		    ERR_SYNTAX },
		{ OK "Spam: Perhaps ; 1.0 / 5.0\r\n\r\n", ERR_SYNTAX },
		{ OK "Spam: True\r\n\r\n", ERR_SYNTAX },
		{ OK "Spam: True ; . / 5.0\r\n\r\n", ERR_SYNTAX },
		{ OK "Spam: True ; 1.0 / \r\n\r\n", ERR_SYNTAX },
		{ OK "Spam: True ; 1.0 / 5.0 x\r\n\r\n", ERR_SYNTAX },
		{ OK "Spam: True ; 1000001 / 5.0\r\n\r\n", ERR_SYNTAX },
		{ OK "Spam: True ; 1.0 / 5.0\n\n", ERR_SYNTAX },
		{ "SPAMD/1.1\r\n" SPAM "\r\n", ERR_SYNTAX },
		{ "HTTP/1.1 0 OK\r\n" SPAM "\r\n", ERR_SYNTAX },
		{ "SPAMD/1.1 00 EX_OK\r\n" SPAM "\r\n", ERR_TEMP },
		{ "SPAMD/1.0 76 Bad header line\r\n\r\n", ERR_TEMP },
		{ OK "a:\r\nb:\r\nc:\r\nd:\r\ne:\r\nf:\r\ng:\r\nh:\r\ni:\r\n"
		     "j:\r\nk:\r\nl:\r\nm:\r\nn:\r\no:\r\np:\r\nq:\r\nr:\r\n"
		     "s:\r\nt:\r\n" SPAM "\r\n",
		    ERR_SYNTAX },
	};
	struct spamd_reply reply;
	struct err err;

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		assert_int_equal(
		    spamd_reply_parse(&reply, str_of(cases[i].in), &err), -1);
		assert_int_equal(err.kind, cases[i].kind);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_tell_score_and_tests),
		cmocka_unit_test(what_is_no_answer_is_no_verdict),
	};

	return cmocka_run_group_tests_name("smtpd/spamd_reply", tests, NULL,
	    NULL);
}
