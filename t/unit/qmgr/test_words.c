#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/attr.h"
#include "qmgr/words.h"

#define MX    "mx.example.org[192.0.2.1]"
#define RELAY "[relay=" MX ":25] "

static const struct {
	const char *in;
	bool site, dsn;
	const char *relay;
	int code;
	const char *to, *text;
	const char *told; /* with code 550 and status 5.1.1 */
	const char *host, *diagnostic;
} cases[] = {
	{ "", false, false, "", 0, "", "", "550 5.1.1 ", "", "550 5.1.1 " },
	{ "no such user", false, false, "", 0, "", "no such user",
	    "550 5.1.1 no such user", "", "550 5.1.1 no such user" },
	{ "[site] down", true, false, "", 0, "", "down", "550 5.1.1 down", "",
	    "550 5.1.1 down" },
	{ "[site]", true, false, "", 0, "", "", NULL, NULL, NULL },
	{ "[site]x", false, false, "", 0, "", "[site]x", NULL, NULL, NULL },
	{ "[dsn] " RELAY "[said=250:end] queued", false, true, MX ":25", 250,
	    "end", "queued",
	    "host " MX " said: 250 5.1.1 queued (in reply to end of DATA "
	    "command)",
	    "mx.example.org", "250 5.1.1 queued" },
	{ RELAY "[said=550:RCPT] no", false, false, MX ":25", 550, "RCPT", "no",
	    "host " MX " said: 550 5.1.1 no (in reply to RCPT TO command)",
	    "mx.example.org", "550 5.1.1 no" },
	{ "[relay=a.test[IPv6:2001:db8::1]:25] gone", false, false,
	    "a.test[IPv6:2001:db8::1]:25", 0, "", "gone", "550 5.1.1 gone", "",
	    "550 5.1.1 gone" },
	/* a stranger's words are text */
	{ RELAY "[said=550:RCPT] [dsn] [site] x (in reply to y) z", false,
	    false, MX ":25", 550, "RCPT", "[dsn] [site] x (in reply to y) z",
	    NULL, "mx.example.org",
	    "550 5.1.1 [dsn] [site] x (in reply to y) z" },
	{ RELAY RELAY "x", false, false, MX ":25", 0, "", RELAY "x", NULL, NULL,
	    NULL },
	{ "[dsn] [site] x", false, true, "", 0, "", "[site] x", NULL, NULL,
	    NULL },
	{ "[relay=a[b:25] x", false, false, "", 0, "", "[relay=a[b:25] x", NULL,
	    NULL, NULL },
	{ "[said=55:RCPT] x", false, false, "", 0, "", "[said=55:RCPT] x", NULL,
	    NULL, NULL },
	{ "[said=5a0:RCPT] x", false, false, "", 0, "", "[said=5a0:RCPT] x",
	    NULL, NULL, NULL },
	{ "[said=550:RCPT] x", false, false, "", 550, "RCPT", "x",
	    "550 5.1.1 x", "", "550 5.1.1 x" },
	{ "a\r\nb\001", false, false, "", 0, "", "a\r\nb\001", NULL, "", NULL },
};

static void
takes_the_words_and_leaves_the_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str host, diagnostic;
		struct words words;
		struct buf told;

		words_take(&words, str_of(cases[i].in));
		if (words.site != cases[i].site || words.dsn != cases[i].dsn ||
		    !str_eqz(words.relay, cases[i].relay) ||
		    words.said_code != cases[i].code ||
		    !str_eqz(words.said_to, cases[i].to) ||
		    !str_eqz(words.text, cases[i].text))
			fail_msg("%s: text %.*s", cases[i].in,
			    (int)words.text.len, words.text.p);
		buf_init(&told, 2000);
		words_tell(&told, &words, 550, "5.1.1");
		if (cases[i].told != NULL)
			assert_string_equal(buf_cstr(&told), cases[i].told);
		for (size_t k = 0; k < told.len; k++)
			assert_true((unsigned char)told.p[k] >= ' ');
		words_untell(buf_str(&told), &host, &diagnostic);
		if (cases[i].host != NULL)
			assert_true(str_eqz(host, cases[i].host));
		if (cases[i].diagnostic != NULL)
			assert_true(str_eqz(diagnostic, cases[i].diagnostic));
		buf_clear(&told);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_words_and_leaves_the_text),
	};

	return cmocka_run_group_tests_name("qmgr/words", tests, NULL, NULL);
}
