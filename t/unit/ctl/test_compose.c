#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/attr.h"
#include "ctl/compose.h"

#define HEAD "From: a@h\r\nDate: d\r\nMessage-ID: <m>\r\n"

static const struct {
	const char *in, *out;
	bool from_header, dot_ends;
	const char *recipients; /* with commas */
} cases[] = {
	{ HEAD "\r\nbody\r\n", HEAD "\r\nbody\r\n", false, false, "" },
	/* programs write LF, and forget the last one */
	{ "From: a@h\nDate: d\nMessage-ID: <m>\n\nbody", HEAD "\r\nbody\r\n",
	    false, false, "" },
	{ HEAD "\na\rb\n", HEAD "\r\na\r\nb\r\n", false, false, "" },
	{ HEAD "\na\n.\nb\n", HEAD "\r\na\r\n", false, true, "" },
	{ HEAD "\na\n.\nb\n", HEAD "\r\na\r\n.\r\nb\r\n", false, false, "" },
	{ "From me Thu Jan  1\n" HEAD "\nx\n", HEAD "\r\nx\r\n", false, false,
	    "" },
	/* what is missing is put in front */
	{ "Subject: s\n\nx\n",
	    "From: \"Me\" <me@o>\r\nDate: Thu, 1 Jan 1970 00:00:00 +0000\r\n"
	    "Message-ID: <u@o>\r\nSubject: s\r\n\r\nx\r\n",
	    false, false, "" },
	{ "just words\n",
	    "From: \"Me\" <me@o>\r\nDate: Thu, 1 Jan 1970 00:00:00 +0000\r\n"
	    "Message-ID: <u@o>\r\n\r\njust words\r\n",
	    false, false, "" },
	/* recipients, and nobody sees Bcc */
	{ HEAD "To: b@c, D <d@e>\nCc: root\nBcc: g@h\n\nx\n",
	    HEAD "To: b@c, D <d@e>\r\nCc: root\r\n\r\nx\r\n", true, false,
	    "b@c,d@e,root@o,g@h" },
	{ HEAD "To: b@c\nBcc: g@h\n\nx\n",
	    HEAD "To: b@c\r\nBcc: g@h\r\n\r\nx\r\n", false, false, "" },
};

static void
messages_are_made_fit_for_smtp(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct compose *c = calloc(1, sizeof(*c));
		struct arena *arena = arena_new(0);
		struct buf out, recipients;
		struct err err;

		c->origin = STR("o");
		c->sender = STR("me@o");
		c->name = STR("M\"e\n");
		c->unique = "u";
		c->from_header = cases[i].from_header;
		c->dot_ends = cases[i].dot_ends;
		buf_init(&out, 10000);
		buf_init(&recipients, 10000);
		assert_int_equal(
		    compose_message(c, arena, &out, str_of(cases[i].in), &err),
		    0);
		assert_string_equal(buf_cstr(&out), cases[i].out);
		for (size_t r = 0; r < c->recipients_len; r++) {
			if (r > 0)
				(void)buf_addc(&recipients, ',');
			(void)buf_add_str(&recipients, c->recipients[r]);
		}
		assert_string_equal(buf_cstr(&recipients), cases[i].recipients);
		buf_clear(&out);
		buf_clear(&recipients);
		arena_free(arena);
		free(c);
	}
}

static void
too_many_recipients_are_an_error(void **state)
{
	struct compose *c = calloc(1, sizeof(*c));
	struct arena *arena = arena_new(0);
	struct err err;

	(void)state;
	c->origin = STR("o");
	for (size_t i = 0; i < COMPOSE_RECIPIENTS_MAX; i++)
		assert_int_equal(compose_recipient(c, arena, STR("a"), &err),
		    0);
	assert_int_equal(compose_recipient(c, arena, STR("a"), &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	arena_free(arena);
	free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_made_fit_for_smtp),
		cmocka_unit_test(too_many_recipients_are_an_error),
	};

	(void)setenv("TZ", "UTC0", 1);
	tzset();
	return cmocka_run_group_tests_name("ctl/compose", tests, NULL, NULL);
}
