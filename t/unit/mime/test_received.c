#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/attr.h"
#include "mime/received.h"

#include <stdlib.h>
#include <time.h>

static void
counts_received_fields_of_the_header_alone(void **state)
{
	(void)state;
	assert_int_equal(mime_received_count(STR("")), 0);
	assert_int_equal(mime_received_count(STR("Received: a\r\n"
						 "RECEIVED : b\r\n c\r\n"
						 "X-Received: d\r\n"
						 "\r\n"
						 "Received: e\r\n")),
	    2);
}

static void
finds_a_delivery_to_the_same_address(void **state)
{
	struct str in = STR("Delivered-To: a@b\r\n"
			    "delivered-to:\r\n c@d \r\n"
			    "\r\n"
			    "Delivered-To: e@f\r\n");

	(void)state;
	assert_true(mime_delivered_to(in, STR("a@b")));
	assert_true(mime_delivered_to(in, STR("C@D")));
	assert_false(mime_delivered_to(in, STR("e@f")));
	assert_false(mime_delivered_to(in, STR("a@")));
	assert_false(mime_delivered_to(in, STR("xa@b")));
}

static void
assert_written(const struct mime_received *r, const char *want)
{
	struct buf out;

	buf_init(&out, 0);
	assert_int_equal(mime_received_write(&out, r), 0);
	assert_string_equal(buf_cstr(&out), want);
	buf_clear(&out);
}

static void
writes_all_clauses_or_few(void **state)
{
	struct mime_received all = {
		.helo = STR("client.example"),
		.name = STR("client.example"),
		.address = STR("2001:db8::1"),
		.by = STR("mx.example"),
		.software = STR("Chancery"),
		.protocol = STR("ESMTPS"),
		.tls = STR("TLSv1.3"),
		.id = STR("1A"),
		.rcpt = STR("\xc3\xb6@b"),
		.seconds = 0,
	};
	struct mime_received few = { .by = STR("mx"), .protocol = STR("LMTP") };

	(void)state;
	assert_written(&all,
	    "Received: from client.example"
	    " (client.example [IPv6:2001:db8::1])\r\n"
	    "\t(using TLSv1.3)\r\n"
	    "\tby mx.example (Chancery) with ESMTPS id 1A\r\n"
	    "\tfor <\xc3\xb6@b>;\r\n"
	    "\tThu, 1 Jan 1970 00:00:00 +0000\r\n");
	assert_written(&few,
	    "Received: by mx with LMTP;\r\n"
	    "\tThu, 1 Jan 1970 00:00:00 +0000\r\n");
}

static void
lets_nothing_from_outside_break_the_field(void **state)
{
	struct mime_received bad = {
		.helo = STR("a) (b\r\nX: y\\;<\xff"),
		.address = STR("192.0.2.1"),
		.by = STR("mx"),
	};

	(void)state;
	assert_written(&bad,
	    "Received: from a? ?b??X: y????"
	    " (unknown [192.0.2.1])\r\n"
	    "\tby mx;\r\n"
	    "\tThu, 1 Jan 1970 00:00:00 +0000\r\n");
}

static void
says_when_it_does_not_fit(void **state)
{
	struct mime_received r = { .by = STR("mx") };
	struct buf out;

	(void)state;
	buf_init(&out, 20);
	assert_int_equal(mime_received_write(&out, &r), -1);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_received_fields_of_the_header_alone),
		cmocka_unit_test(finds_a_delivery_to_the_same_address),
		cmocka_unit_test(writes_all_clauses_or_few),
		cmocka_unit_test(lets_nothing_from_outside_break_the_field),
		cmocka_unit_test(says_when_it_does_not_fit),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests_name("mime/received", tests, NULL, NULL);
}
