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
		"\r\n\r\n\r",
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
	char text[PROXYHDR_LINE_MAX + 10];
	struct proxyhdr hdr;
	struct err err;
	struct str in;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "PROXY UNKNOWN ", 14);
	memcpy(text + PROXYHDR_LINE_MAX - 2, "\r\n", 2);
	in = str_make(text, sizeof(text));
	assert_int_equal(proxyhdr_take(&hdr, &in, &err), PROXYHDR_OK);
	assert_ptr_equal(in.p, text + PROXYHDR_LINE_MAX);

	memcpy(text + PROXYHDR_LINE_MAX - 2, "x\r\n", 3);
	in = str_make(text, sizeof(text));
	assert_int_equal(proxyhdr_take(&hdr, &in, &err), PROXYHDR_BAD);
	in = str_make(text, PROXYHDR_LINE_MAX - 1);
	assert_int_equal(proxyhdr_take(&hdr, &in, &err), PROXYHDR_BAD);
	in = str_make(text, PROXYHDR_LINE_MAX - 2);
	assert_int_equal(proxyhdr_take(&hdr, &in, &err), PROXYHDR_MORE);
}

#define SIG    "\r\n\r\n\0\r\nQUIT\n"
#define ENDS4  "\xc0\0\2\7\xc6\x33\x64\7\xc8\x22\0\x19"
#define MAPPED "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1"
#define DOC6   "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
#define PATHS  PATH PATH
#define PATH                                                                   \
	"/1234567890123456789012345678901234567890123456789012"                \
	"3456789012345678901234567890123456789012345678901234567"

static void
binary_headers_name_both_ends(void **state)
{
	static const struct {
		struct str in;
		const char *from, *to;
		size_t moved, rest;
	} cases[] = {
		{ STR(SIG "\x21\x11\0\x0c" ENDS4 "EHLO x"), "192.0.2.7:51234",
		    "198.51.100.7:25", 28, 0 },
		/* two TLVs: here, half here, not here */
		{ STR(SIG "\x21\x11\0\x14" ENDS4 "\1\0\1x\2\0\1yEHLO"),
		    "192.0.2.7:51234", "198.51.100.7:25", 36, 0 },
		{ STR(SIG "\x21\x11\0\x14" ENDS4 "\1\0\1"), "192.0.2.7:51234",
		    "198.51.100.7:25", 31, 5 },
		{ STR(SIG "\x21\x11\xff\xff" ENDS4), "192.0.2.7:51234",
		    "198.51.100.7:25", 28, 65535 - 12 },
		{ STR(SIG "\x21\x21\0\x24" DOC6 MAPPED "\0\1\0\2"),
		    "[2001:db8::1]:1", "192.0.2.1:2", 52, 0 },
		/* for itself, without addresses and with */
		{ STR(SIG "\x20\0\0\0x"), "unknown", "unknown", 16, 0 },
		{ STR(SIG "\x20\x11\0\x0c" ENDS4), "unknown", "unknown", 28,
		    0 },
		{ STR(SIG "\x20\x11\0\x0c"
			  "ab"),
		    "unknown", "unknown", 18, 10 },
		/* UNSPEC, UNIX, datagrams */
		{ STR(SIG "\x21\0\0\3abc"), "unknown", "unknown", 19, 0 },
		{ STR(SIG "\x21\1\0\3abc"), "unknown", "unknown", 19, 0 },
		{ STR(SIG "\x21\x31\0\xd8" PATHS), "unknown", "unknown", 232,
		    0 },
		{ STR(SIG "\x21\x12\0\x0c" ENDS4), "unknown", "unknown", 28,
		    0 },
	};
	char out[ADDR_SIZE];
	struct proxyhdr hdr;
	struct err err;

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = cases[i].in;

		assert_int_equal(proxyhdr_take(&hdr, &in, &err), PROXYHDR_OK);
		assert_ptr_equal(in.p, cases[i].in.p + cases[i].moved);
		assert_int_equal(hdr.rest, cases[i].rest);
		assert_string_equal(addr_format(out, &hdr.from), cases[i].from);
		assert_string_equal(addr_format(out, &hdr.to), cases[i].to);
		assert_int_equal(hdr.known,
		    strcmp(cases[i].from, "unknown") != 0);
	}
}

static void
a_wrong_byte_of_a_binary_header_is_refused_at_once(void **state)
{
	static const struct str cases[] = {
		STR("\r\n\r\n\0\r\nQUIT\r"),
		STR("\r\n\r\nQ"),
		STR("\n"),
		STR(SIG "\x11"),
		STR(SIG "\x31"),
		STR(SIG "\x22"),
		STR(SIG "\x2f"),
		STR(SIG "\x21\x41"),
		STR(SIG "\x21\xf1"),
		STR(SIG "\x21\x13"),
		STR(SIG "\x21\x11\0\x0b"),
		STR(SIG "\x21\x21\0\x23"),
		STR(SIG "\x21\x31\0\xd7"),
		STR(SIG "\x21\x11\0\0"),
	};
	struct proxyhdr hdr;
	struct err err;

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = cases[i];

		assert_int_equal(proxyhdr_take(&hdr, &in, &err), PROXYHDR_BAD);
		assert_ptr_equal(in.p, cases[i].p);
		assert_int_equal(err.kind, ERR_SYNTAX);
		in.len--;
		assert_int_equal(proxyhdr_take(&hdr, &in, &err), PROXYHDR_MORE);
	}
}

static void
every_beginning_of_a_binary_header_asks_for_more(void **state)
{
	static const struct str text =
	    STR(SIG "\x21\x31\1\xff" PATHS "and TLVs");
	struct proxyhdr hdr;
	struct err err;

	(void)state;
	for (size_t len = 0; len < PROXYHDR_MAX; len++) {
		struct str in = str_sub(text, 0, len);

		assert_int_equal(proxyhdr_take(&hdr, &in, &err), PROXYHDR_MORE);
		assert_ptr_equal(in.p, text.p);
	}
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
		cmocka_unit_test(binary_headers_name_both_ends),
		cmocka_unit_test(
		    a_wrong_byte_of_a_binary_header_is_refused_at_once),
		cmocka_unit_test(
		    every_beginning_of_a_binary_header_asks_for_more),
	};

	return cmocka_run_group_tests_name("net/proxyhdr", tests, NULL, NULL);
}
