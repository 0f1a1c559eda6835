#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/attr.h"
#include "qmgr/bounce.h"

static const char header[] = "Received: x\r\nSubject: y\r\n\r\n";
static const char body[] = "the body\r\n";

struct made {
	struct queue_record record;
	struct bounce_rcpt rcpt[2];
	struct bounce bounce;
	struct buf out;
	size_t header_len;
};

static void
setup(struct made *made)
{
	*made = (struct made){
		.record = { .sender = str_of("ada@x.test"),
		    .arrival = 1700000000000000,
		    .envid = str_of("env+2B1") },
		.rcpt = { { .action = BOUNCE_FAILED,
			      .address = str_of("bob@x.test"),
			      .original = str_of("all@x.test"),
			      .orcpt = str_of("rfc822;All+2Bx@x.test"),
			      .status = str_of("5.1.1"),
			      .host = str_of("mx.y.test"),
			      .diagnostic = str_of("550 5.1.1 no such user") },
		    { .address = str_of("eve@x.test"),
			.status = str_of("5.2.2"),
			.diagnostic = str_of("552 5.2.2 full") } },
		.bounce = { .hostname = "mx.test",
		    .kind = BOUNCE_OF_FAILURE,
		    .to = str_of("ada@x.test"),
		    .id = "50000001F",
		    .boundary = "0123456789abcdef",
		    .message_id = "fedcba9876543210",
		    .now = 1700000100,
		    .rcpts = 2,
		    .header = str_of(header),
		    .body = str_of(body),
		    .whole = true },
	};
	made->bounce.record = &made->record;
	made->bounce.rcpt = made->rcpt;
	buf_init(&made->out, 0);
}

static bool
has(const struct made *made, const char *what)
{
	return str_find(buf_str(&made->out), str_of(what)) >= 0;
}

static void
says_what_rfc_3464_asks(void **state)
{
	static const char *const parts[] = {
		"To: <ada@x.test>\r\n",
		"Content-Type: multipart/report; report-type=delivery-status;"
		"\r\n\tboundary=\"0123456789abcdef\"\r\n",
		"Auto-Submitted: auto-replied\r\n",
		"Content-Type: message/delivery-status\r\n\r\n"
		"Original-Envelope-Id: env+1\r\n"
		"Reporting-MTA: dns; mx.test\r\n",
		"\r\n\r\nOriginal-Recipient: rfc822;All+x@x.test\r\n"
		"Final-Recipient: rfc822; bob@x.test\r\n"
		"Action: failed\r\nStatus: 5.1.1\r\n"
		"Remote-MTA: dns; mx.y.test\r\n"
		"Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n",
		"\r\n\r\nFinal-Recipient: rfc822; eve@x.test\r\n",
		"<bob@x.test> (expanded from <all@x.test>): host mx.y.test said: "
		"550 5.1.1",
		"Content-Type: message/rfc822\r\n",
		"8bit\r\n\r\nReceived: x\r\nSubject: y\r\n\r\nthe body\r\n",
		"\r\n--0123456789abcdef--\r\n",
	};
	struct made made;

	(void)state;
	setup(&made);
	made.header_len = bounce_write(&made.out, &made.bounce);
	for (size_t i = 0; i < NELEMS(parts); i++) {
		if (!has(&made, parts[i]))
			fail_msg("missing: %s", parts[i]);
	}
	assert_memory_equal(made.out.p + made.header_len - 4, "\r\n\r\n", 4);
	buf_clear(&made.out);
}

static void
ends_every_line_in_crlf_alone(void **state)
{
	struct made made;

	(void)state;
	setup(&made);
	(void)bounce_write(&made.out, &made.bounce);
	for (size_t i = 0; i < made.out.len; i++) {
		if (made.out.p[i] == '\n')
			assert_true(i > 0 && made.out.p[i - 1] == '\r');
		if (made.out.p[i] == '\r')
			assert_true(made.out.p[i + 1] == '\n');
	}
	buf_clear(&made.out);
}

static void
sends_back_headers_alone_when_asked(void **state)
{
	struct made made;

	(void)state;
	setup(&made);
	made.bounce.whole = false;
	(void)bounce_write(&made.out, &made.bounce);
	assert_true(has(&made, "Content-Type: text/rfc822-headers\r\n"));
	assert_true(has(&made, header));
	assert_false(has(&made, body));
	buf_clear(&made.out);
}

static void
uses_the_forms_of_rfc_6533_for_utf8(void **state)
{
	struct made made;

	(void)state;
	setup(&made);
	assert_false(bounce_is_utf8(&made.bounce));
	made.rcpt[0].address = str_of("b\xc3\xb6"
				      "b@x.test");
	made.rcpt[0].orcpt = str_of("utf-8;b\\x{F6}b@x.test");
	made.bounce.to = made.record.sender = str_of("\xc3\xa4"
						     "da@x.test");
	assert_true(bounce_is_utf8(&made.bounce));
	(void)bounce_write(&made.out, &made.bounce);
	assert_true(has(&made, "report-type=global-delivery-status"));
	assert_true(has(&made, "message/global-delivery-status"));
	assert_true(has(&made, "Final-Recipient: utf-8; b\xc3\xb6"));
	assert_true(has(&made, "Original-Recipient: utf-8;b\xc3\xb6"));
	assert_true(has(&made, "Content-Type: message/global\r\n"));
	assert_false(has(&made, "base64"));
	buf_clear(&made.out);
}

static void
goes_in_ascii_to_a_sender_in_ascii(void **state)
{
	struct made made;

	(void)state;
	setup(&made);
	made.rcpt[0].address = str_of("b\xc3\xb6"
				      "b@x.test");
	(void)bounce_write(&made.out, &made.bounce);
	assert_true(has(&made,
	    "message/global-delivery-status\r\n"
	    "Content-Transfer-Encoding: base64\r\n"));
	assert_true(has(&made,
	    "message/global\r\n"
	    "Content-Transfer-Encoding: base64\r\n"));
	for (size_t i = 0; i < made.out.len; i++)
		assert_true((unsigned char)made.out.p[i] < 128);
	buf_clear(&made.out);
}

static void
says_what_became_of_each(void **state)
{
	static const struct {
		enum bounce_kind kind;
		enum bounce_action action;
		const char *subject, *line;
	} cases[] = {
		{ BOUNCE_OF_SUCCESS, BOUNCE_DELIVERED,
		    "Subject: Successful Mail Delivery Report\r\n",
		    "Action: delivered\r\n" },
		{ BOUNCE_OF_SUCCESS, BOUNCE_RELAYED,
		    "Subject: Successful Mail Delivery Report\r\n",
		    "Action: relayed\r\n" },
		{ BOUNCE_OF_SUCCESS, BOUNCE_EXPANDED,
		    "Subject: Successful Mail Delivery Report\r\n",
		    "Action: expanded\r\n" },
		{ BOUNCE_OF_DELAY, BOUNCE_DELAYED,
		    "Subject: Delayed Mail (still being retried)\r\n",
		    "Action: delayed\r\n" },
		{ BOUNCE_TO_POSTMASTER, BOUNCE_FAILED,
		    "To: <postmaster@mx.test>\r\n"
		    "Subject: Postmaster Copy: Undelivered Mail\r\n",
		    "Action: failed\r\n" },
	};
	struct made made;

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		setup(&made);
		made.bounce.kind = cases[i].kind;
		made.rcpt[0].action = cases[i].action;
		made.bounce.whole = false;
		if (cases[i].kind == BOUNCE_TO_POSTMASTER)
			made.bounce.to = str_of("postmaster");
		(void)bounce_write(&made.out, &made.bounce);
		assert_true(has(&made, cases[i].subject));
		assert_true(has(&made, cases[i].line));
		assert_int_equal(has(&made, "\r\nWill-Retry-Until: "),
		    cases[i].action == BOUNCE_DELAYED);
		buf_clear(&made.out);
	}
}

static void
does_not_let_hidden_bytes_out(void **state)
{
	struct made made;

	(void)state;
	setup(&made);
	made.rcpt[0].orcpt = str_of("rfc822;a+0D+0ABcc:+20x@y");
	made.rcpt[1].orcpt = str_of("nonsense");
	(void)bounce_write(&made.out, &made.bounce);
	assert_true(
	    has(&made, "Original-Recipient: rfc822;a+0D+0ABcc:+20x@y\r\n"));
	assert_true(has(&made, "Original-Recipient: nonsense\r\n"));
	assert_false(has(&made, "Bcc: x"));
	buf_clear(&made.out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_rfc_3464_asks),
		cmocka_unit_test(ends_every_line_in_crlf_alone),
		cmocka_unit_test(sends_back_headers_alone_when_asked),
		cmocka_unit_test(uses_the_forms_of_rfc_6533_for_utf8),
		cmocka_unit_test(goes_in_ascii_to_a_sender_in_ascii),
		cmocka_unit_test(says_what_became_of_each),
		cmocka_unit_test(does_not_let_hidden_bytes_out),
	};

	return cmocka_run_group_tests_name("qmgr/bounce", tests, NULL, NULL);
}
