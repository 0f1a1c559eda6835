#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/attr.h"
#include "mime/envelope.h"
#include "t/unit/assert_str.h"

static void
takes_the_first_string_and_all_addresses(void **state)
{
	struct arena *arena = arena_new(0);
	struct mime_envelope e;

	(void)state;
	mime_envelope_parse(&e, arena,
	    STR("Subject: a\r\n b\r\nsubject: c\r\nDate: d\r\nTo: x@y\r\n"
		"In-Reply-To: <i>\r\nTO: z@y\r\nMessage-ID:\r\n"
		"\r\nDate: body\r\n"),
	    10);
	assert_str(e.subject, "a b");
	assert_str(e.date, "d");
	assert_str(e.in_reply_to, "<i>");
	assert_non_null(e.message_id.p);
	assert_int_equal(e.message_id.len, 0);
	assert_int_equal(e.list[MIME_TO].count, 2);
	assert_null(e.list[MIME_CC].first);
	arena_free(arena);
}

static void
tells_absent_from_empty(void **state)
{
	struct arena *arena = arena_new(0);
	struct mime_envelope e;

	(void)state;
	mime_envelope_parse(&e, arena, STR("Subject:\r\n"), 10);
	assert_non_null(e.subject.p);
	assert_null(e.date.p);
	arena_free(arena);
}

static void
shows_from_where_sender_or_reply_to_is_missing(void **state)
{
	struct arena *arena = arena_new(0);
	struct mime_envelope e;

	(void)state;
	mime_envelope_parse(&e, arena,
	    STR("From: a@b\r\nSender:\r\nReply-To: c@d\r\n"), 10);
	assert_ptr_equal(mime_envelope_list(&e, MIME_SENDER),
	    &e.list[MIME_FROM]);
	assert_ptr_equal(mime_envelope_list(&e, MIME_REPLY_TO),
	    &e.list[MIME_REPLY_TO]);
	assert_ptr_equal(mime_envelope_list(&e, MIME_TO), &e.list[MIME_TO]);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_first_string_and_all_addresses),
		cmocka_unit_test(tells_absent_from_empty),
		cmocka_unit_test(
		    shows_from_where_sender_or_reply_to_is_missing),
	};

	return cmocka_run_group_tests_name("mime/envelope", tests, NULL, NULL);
}
