#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/log.h"
#include "smtpd/content.h"
#include "t/unit/smtpd/doubles.h"

#define SPAM "SPAMD/1.1 0 EX_OK\r\nSpam: True ; 7.5 / 5.0\r\n\r\nA,B"
#define HAM  "SPAMD/1.1 0 EX_OK\r\nSpam: False ; -0.04 / 5.0\r\n\r\n"

#define TALK(message)                                                          \
	"EHLO c\r\nMAIL FROM:<m@x.test>\r\nRCPT TO:<both@example.test>\r\n"    \
	"DATA\r\n" message ".\r\nQUIT\r\n"

static struct smtpd_conf
conf_with(const char *clamav, const char *spamd)
{
	struct smtpd_conf conf = double_conf;

	conf.clamav_socket = clamav;
	conf.spamd_socket = spamd;
	return conf;
}

/* The last reply but that to QUIT. */
static void
expect_reply(struct buf *said, const char *reply)
{
	const char *at = strstr(buf_cstr(said), "354 ");

	assert_non_null(at);
	at = strchr(at, '\n');
	assert_non_null(at);
	assert_memory_equal(at + 1, reply, strlen(reply));
}

static void
verdicts_decide(void **state)
{
	static const struct {
		const char *clamd, *spamd;
		int fail, virus_action, reject_score;
		const char *reply, *hold, *prefix;
	} cases[] = {
		{ "stream: OK", HAM, 0, 0, 0, "250 2.0.0", "",
		    "X-Spam-Score: 0.0\r\nX-Spam-Status: No, score=0.0 "
		    "required=5.0\r\n\ttests=none\r\nReceived: " },
		{ "stream: OK", SPAM, 0, 0, 0, "250 2.0.0", "",
		    "X-Spam-Flag: YES\r\nX-Spam-Score: 7.5\r\n"
		    "X-Spam-Level: *******\r\nX-Spam-Status: Yes, score=7.5 "
		    "required=5.0\r\n\ttests=A,B\r\nReceived: " },
		{ "stream: OK", SPAM, 0, 0, 8, "250 2.0.0", "",
		    "X-Spam-Flag: YES" },
		{ "stream: OK", SPAM, 0, 0, 7, "550 5.7.1", NULL, NULL },
		{ "stream: V FOUND", SPAM, 0, 0, 7, "250 2.0.0",
		    "quarantine: virus V", "Received: " },
		{ "stream: V FOUND", SPAM, 0, SMTPD_VIRUS_REJECT, 0,
		    "550 5.7.1", NULL, NULL },
		{ "nonsense", SPAM, 0, 0, 0, "451 4.7.1", NULL, NULL },
		{ NULL, SPAM, 0, 0, 0, "451 4.7.1", NULL, NULL },
		{ "stream: OK", NULL, 0, 0, 0, "451 4.7.1", NULL, NULL },
		{ NULL, NULL, SMTPD_FAIL_ACCEPT, 0, 0, "250 2.0.0", "",
		    "Received: " },
		/* a virus is found though spamd is dead */
		{ "stream: V FOUND", NULL, 0, 0, 0, "250 2.0.0",
		    "quarantine: virus V", "Received: " },
		{ NULL, SPAM, SMTPD_FAIL_ACCEPT, 0, 7, "550 5.7.1", NULL,
		    NULL },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct smtpd_conf conf = conf_with("/c", "/s");
		struct doubles doubles;
		struct buf said;

		doubles_init(&doubles);
		buf_init(&said, 0);
		doubles.clamd = cases[i].clamd;
		doubles.spamd = cases[i].spamd;
		conf.content_fail = cases[i].fail;
		conf.virus_action = cases[i].virus_action;
		conf.spam_reject_score = cases[i].reject_score;
		doubles_run(&doubles, &conf, "",
		    STR(TALK("Subject: x\r\n\r\nhello\r\n")), &said);
		expect_reply(&said, cases[i].reply);
		assert_int_equal(doubles.commits, cases[i].hold != NULL);
		if (cases[i].hold != NULL) {
			assert_string_equal(buf_cstr(&doubles.hold),
			    cases[i].hold);
			assert_true(str_starts(buf_str(&doubles.prefix),
			    str_of(cases[i].prefix)));
		}
		assert_int_equal(doubles.notice.len > 0,
		    cases[i].hold != NULL && cases[i].hold[0] != '\0');
		buf_clear(&said);
		doubles_clear(&doubles);
	}
}

static void
fields_of_strangers_go_and_nothing_else(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
#define BODY "\r\nX-Spam-Flag: YES\r\n"
		{ "A: 1\r\n" BODY, "A: 1\r\n" BODY },
		{ "X-Spam-Flag: YES\r\n" BODY, BODY },
		{ "x-spam-: a\r\n b\r\n\tc\r\nA: 1\r\nX-SPAM-X:\r\n" BODY,
		    "A: 1\r\n" BODY },
		{ "A: 1\r\n X-Spam-Flag: YES\r\nX-Spam: 1\r\n" BODY,
		    "A: 1\r\n X-Spam-Flag: YES\r\nX-Spam: 1\r\n" BODY },
		{ "X-Spam-Score : 9\r\nB: 2\r\n" BODY, "B: 2\r\n" BODY },
		{ "A: 1\r\nX-Spam-Flag: YES\r\n", "A: 1\r\n" },
	};
	struct smtpd_conf conf = conf_with("", "/s");

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct doubles doubles;
		struct buf said, talk;

		doubles_init(&doubles);
		buf_init(&said, 0);
		buf_init(&talk, 0);
		doubles.spamd = HAM;
		(void)buf_addf(&talk,
		    "EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<ada@example.test>\r\n"
		    "DATA\r\n%s.\r\nQUIT\r\n",
		    cases[i].in);
		doubles_run(&doubles, &conf, "", buf_str(&talk), &said);
		assert_string_equal(buf_cstr(&doubles.message), cases[i].out);
		assert_in_range(doubles.header_len, 0, doubles.message.len);
		buf_clear(&talk);
		buf_clear(&said);
		doubles_clear(&doubles);
	}
}

static void
without_spamd_all_fields_stay(void **state)
{
	struct smtpd_conf conf = conf_with("/c", "");
	struct doubles doubles;
	struct buf said;

	(void)state;
	doubles_init(&doubles);
	buf_init(&said, 0);
	doubles.clamd = "stream: OK";
	doubles_run(&doubles, &conf, "",
	    STR(TALK("X-Spam-Flag: YES\r\n\r\nhello\r\n")), &said);
	assert_string_equal(buf_cstr(&doubles.message),
	    "X-Spam-Flag: YES\r\n\r\nhello\r\n");
	buf_clear(&said);
	doubles_clear(&doubles);
}

static void
the_notice_tells_and_carries_nothing(void **state)
{
	struct smtpd_conf conf = conf_with("/c", "");
	struct doubles doubles;
	struct buf said;
	const char *text;

	(void)state;
	doubles_init(&doubles);
	buf_init(&said, 0);
	doubles.clamd = "stream: V FOUND";
	doubles_run(&doubles, &conf, "",
	    STR(TALK("From: \033[1m\r\n <evil@x.test>\r\nSubject: \xc3\xa4 "
		     "http://x.test/\r\n\r\nthe virus\r\n")),
	    &said);
	text = buf_cstr(&doubles.notice);
	assert_true(str_starts(buf_str(&doubles.notice),
	    STR("<bob@example.test><carol@example.test>Date: ")));
	assert_non_null(strstr(text, "    Virus:    V\r\n"));
	assert_non_null(strstr(text, "    Sent by:  m@x.test\r\n"));
	assert_non_null(strstr(text, "    From:     ?[1m   <evil@x.test>\r\n"));
	assert_non_null(strstr(text, "    Subject:  ?? http://x.test/\r\n"));
	assert_non_null(strstr(text, "    Number:   Q1\r\n"));
	assert_null(strstr(text, "the virus"));
	buf_clear(&said);
	doubles_clear(&doubles);

	/* Who cannot be told yet: the client is to come again. */
	doubles_init(&doubles);
	buf_init(&said, 0);
	doubles.clamd = "stream: V FOUND";
	doubles.no_notice = true;
	doubles_run(&doubles, &conf, "", STR(TALK("A: b\r\n\r\nx\r\n")), &said);
	expect_reply(&said, "451 4.3.0");
	buf_clear(&said);
	doubles_clear(&doubles);
}

static void
checks_and_sizes_are_configured(void **state)
{
	struct smtpd_conf conf = conf_with("/c", "/s");
	struct doubles doubles;
	struct buf said;

	(void)state;
	conf.content_checks = "spamd";
	conf.spamd_size_limit = 100;
	doubles_init(&doubles);
	buf_init(&said, 0);
	doubles.clamd = "stream: V FOUND"; /* nobody asks it */
	doubles.spamd = NULL;              /* nor that: Received is longer */
	doubles_run(&doubles, &conf, "", STR(TALK("A: b\r\n\r\nx\r\n")), &said);
	expect_reply(&said, "250 2.0.0");
	assert_int_equal(doubles.hold.len, 0);
	buf_clear(&said);
	doubles_clear(&doubles);
}

/* A list has blanks or commas; what is in none of its words is no check. */
static void
lists_are_read_in_any_form(void **state)
{
	static const char *const lists[] = { "clamd,spamd", "spamd,clamd",
		"spamd\tclamd", "spamd , clamd", "clamd" };
	struct smtpd_conf conf = conf_with("/c", "/s");
	struct err err;

	(void)state;
	for (size_t i = 0; i < NELEMS(lists); i++) {
		struct doubles doubles;
		struct buf said;

		conf.content_checks = lists[i];
		conf.virus_action = SMTPD_VIRUS_REJECT;
		doubles_init(&doubles);
		buf_init(&said, 0);
		doubles.clamd = "stream: V FOUND";
		doubles.spamd = "SPAMD/1.1 0 EX_OK\r\n"
				"Spam: False ; 0.0 / 5.0\r\n\r\n";
		doubles_run(&doubles, &conf, "", STR(TALK("A: b\r\n\r\nx\r\n")),
		    &said);
		expect_reply(&said, "550 5.7.1");
		buf_clear(&said);
		doubles_clear(&doubles);
		assert_int_equal(content_check_list(lists[i], &err), 0);
	}
	assert_int_equal(content_check_list("", &err), 0);
	assert_int_equal(content_check_list("clamd clamav", &err), -1);
	assert_non_null(strstr(err.text, "clamav"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts_decide),
		cmocka_unit_test(fields_of_strangers_go_and_nothing_else),
		cmocka_unit_test(without_spamd_all_fields_stay),
		cmocka_unit_test(the_notice_tells_and_carries_nothing),
		cmocka_unit_test(checks_and_sizes_are_configured),
		cmocka_unit_test(lists_are_read_in_any_form),
	};

	log_init("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("smtpd/content", tests, NULL, NULL);
}
