#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/attr.h"
#include "smtp/reply.h"

static void
passes_a_remote_reply_on(void **state)
{
	static const struct {
		const char *said, *want;
	} cases[] = {
		{ "250 2.1.5 ok\r\n", "250 2.1.5 [said=250:RCPT] ok\r\n" },
		{ "250 ok\r\n", "250 2.0.0 [said=250:RCPT] ok\r\n" },
		{ "250\r\n", "250 2.0.0 [said=250:RCPT] \r\n" },
		{ "550-5.1.1 no\r\n550 5.1.1 such user\r\n",
		    "550-5.1.1 [said=550:RCPT] no\r\n"
		    "550 5.1.1 such user\r\n" },
		/* a status of another class is none */
		{ "550 4.1.1 no\r\n", "550 5.0.0 [said=550:RCPT] no\r\n" },
		{ "421 4.3.2 bye\r\n", "451 4.3.2 [said=421:RCPT] bye\r\n" },
		{ "354 go\r\n", "451 4.0.0 [said=354:RCPT] go\r\n" },
		{ "550 5.1.1 a\001\xc3\xbc\r\n",
		    "550 5.1.1 [said=550:RCPT] a??\?\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i].said);
		struct smtp_reply reply;
		struct answer answer;
		struct buf out;
		struct err err;

		buf_init(&out, 0);
		answer_init(&answer);
		smtp_reply_init(&reply);
		assert_int_equal(smtp_reply_feed(&reply, &in, &err), 1);
		(void)answer_remote(&answer, &reply, "RCPT");
		answer_put(&out, &answer, false, false);
		assert_string_equal(buf_cstr(&out), cases[i].want);
		smtp_reply_clear(&reply);
		answer_clear(&answer);
		buf_clear(&out);
	}
}

static void
puts_the_words_in_order(void **state)
{
	struct answer answer;
	struct buf out;

	(void)state;
	buf_init(&out, 0);
	answer_init(&answer);
	assert_int_equal(answer_set(&answer, 250, "2.0.0", "fine"), 0);
	(void)snprintf(answer.relay, sizeof(answer.relay), "a[1.2.3.4]:25");
	answer.is_site = true;
	answer_put(&out, &answer, true, false);
	assert_string_equal(buf_cstr(&out),
	    "250 2.0.0 [site] [dsn] [relay=a[1.2.3.4]:25] fine\r\n");
	assert_int_equal(answer_set(&answer, 550, "5.1.2", "%s", "no"), -1);
	assert_false(answer.is_site);
	answer_soften(&answer);
	assert_int_equal(answer.code, 450);
	assert_string_equal(answer.status, "4.1.2");
	answer_soften(&answer);
	assert_int_equal(answer.code, 450);
	answer_clear(&answer);
	buf_clear(&out);
}

static void
cuts_long_texts_between_characters(void **state)
{
	struct smtp_reply reply;
	struct answer answer;

	(void)state;
	answer_init(&answer);
	smtp_reply_init(&reply);
	reply.code = 550;
	(void)buf_addc(&reply.text, 'x');
	for (int i = 0; i < 1500; i++)
		(void)buf_addz(&reply.text, "\xc3\xbc");
	(void)answer_remote(&answer, &reply, "end");
	assert_int_equal(answer.text.len, ANSWER_TEXT - 1);
	smtp_reply_clear(&reply);
	answer_clear(&answer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes_a_remote_reply_on),
		cmocka_unit_test(puts_the_words_in_order),
		cmocka_unit_test(cuts_long_texts_between_characters),
	};

	return cmocka_run_group_tests_name("smtp/reply", tests, NULL, NULL);
}
