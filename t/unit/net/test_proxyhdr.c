#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "net/proxyhdr.h"

#define LONG6 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"

static void
headers_name_both_ends(void **state)
{
	static const struct {
		const char *in, *from, *to;
		size_t moved;
	} cases[] = {
		{ "PROXY TCP4 192.0.2.1 198.51.100.7 51234 25\r\nEHLO x\r\n",
		    "192.0.2.1:51234", "198.51.100.7:25", 44 },
		{ "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n",
		    "255.255.255.255:65535", "255.255.255.255:65535", 56 },
		{ "PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", "0.0.0.0:0",
		    "0.0.0.0:0", 32 },
		{ "PROXY TCP6 2001:DB8::1 ::1 1 2\r\n\r\n", "[2001:db8::1]:1",
		    "[::1]:2", 32 },
		{ "PROXY TCP6 " LONG6 " " LONG6 " 65535 65535\r\n",
		    "[" LONG6 "]:65535", "[" LONG6 "]:65535", 104 },
		{ "PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n", "192.0.2.1:1",
		    "[::1]:2", 37 },
		{ "PROXY UNKNOWN\r\n", "unknown", "unknown", 15 },
		{ "PROXY UNKNOWN ff::1 anything at all\r\nx", "unknown",
		    "unknown", 37 },
	};
	char out[ADDR_SIZE];
	struct proxyhdr hdr;
	struct err err;

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i].in);

		assert_int_equal(proxyhdr_take(&hdr, &in, &err), PROXYHDR_OK);
		assert_ptr_equal(in.p, cases[i].in + cases[i].moved);
		assert_string_equal(addr_format(out, &hdr.from), cases[i].from);
		assert_string_equal(addr_format(out, &hdr.to), cases[i].to);
		assert_int_equal(hdr.known,
		    strcmp(cases[i].from, "unknown") != 0);
	}
}

static void
what_is_no_header_is_refused_and_nothing_taken(void **state)
{
	static const char *const cases[] = {
		"E",
		"proxy ",
		"PROXYX",
		"\r\n\r\n",
		"PROXY \r\n",
		"PROXY\r\n",
		"PROXY TCP4\r\n",
		"PROXY TCP4 \r\n",
		"PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n",
		"PROXY tcp4 192.0.2.1 192.0.2.2 1 2\r\n",
		"PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
		"PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n",
		"PROXY TCP4 192.0.2.1 192.0.2.2 1  2\r\n",
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n",
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n",
		"PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 \r\n",
		"PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n",
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n",
		"PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n",
		"PROXY TCP4 192.0.2.01 192.0.2.2 1 2\r\n",
		"PROXY TCP4 ::1 ::1 1 2\r\n",
		"PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n",
		"PROXY TCP6 ::1%lo ::1 1 2\r\n",
		"PROXY UNKNOWNX\r\n",
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n",
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r \n",
	};
	struct proxyhdr hdr;
	struct err err;

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i]);

		assert_int_equal(proxyhdr_take(&hdr, &in, &err), PROXYHDR_BAD);
		assert_ptr_equal(in.p, cases[i]);
		assert_int_equal(err.kind, ERR_SYNTAX);
		assert_int_equal(hdr.from.family, ADDR_NONE);
	}
}

static void
every_beginning_of_a_header_asks_for_more(void **state)
{
	static const char text[] = "PROXY TCP6 2001:db8::1 ::1 1024 993\r\n";
	struct proxyhdr hdr;
	struct err err;

	(void)state;
	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		struct str in = str_make(text, len);

		assert_int_equal(proxyhdr_take(&hdr, &in, &err), PROXYHDR_MORE);
		assert_ptr_equal(in.p, text);
	}
}

static void
a_header_has_107_bytes_at_most(void **state)
{
	char text[PROXYHDR_MAX + 10];
	struct proxyhdr hdr;
	struct err err;
	struct str in;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "PROXY UNKNOWN ", 14);
	memcpy(text + PROXYHDR_MAX - 2, "\r\n", 2);
	in = str_make(text, sizeof(text));
	assert_int_equal(proxyhdr_take(&hdr, &in, &err), PROXYHDR_OK);
	assert_ptr_equal(in.p, text + PROXYHDR_MAX);

	memcpy(text + PROXYHDR_MAX - 2, "x\r\n", 3);
	in = str_make(text, sizeof(text));
	assert_int_equal(proxyhdr_take(&hdr, &in, &err), PROXYHDR_BAD);
	in = str_make(text, PROXYHDR_MAX - 1);
	assert_int_equal(proxyhdr_take(&hdr, &in, &err), PROXYHDR_BAD);
	in = str_make(text, PROXYHDR_MAX - 2);
	assert_int_equal(proxyhdr_take(&hdr, &in, &err), PROXYHDR_MORE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_name_both_ends),
		cmocka_unit_test(
		    what_is_no_header_is_refused_and_nothing_taken),
		cmocka_unit_test(every_beginning_of_a_header_asks_for_more),
		cmocka_unit_test(a_header_has_107_bytes_at_most),
	};

	return cmocka_run_group_tests_name("net/proxyhdr", tests, NULL, NULL);
}
