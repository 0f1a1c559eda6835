#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/num.h"
#include "base/time.h"
#include "base/utf8.h"

static void
utf8_is_exactly_rfc3629(void **state)
{
	static const struct {
		const char *in;
		bool valid;
	} cases[] = {
		{ "", true },
		{ "plain", true },
		{ "\xc2\x80", true },
		{ "\xc1\xbf", false }, /* overlong */
		{ "\xdf\xbf", true },
		{ "\xe0\xa0\x80", true },
		{ "\xe0\x9f\xbf", false },
		{ "\xed\x9f\xbf", true },
		{ "\xed\xa0\x80", false }, /* surrogate */
		{ "\xee\x80\x80", true },
		{ "\xf0\x90\x80\x80", true },
		{ "\xf0\x8f\xbf\xbf", false },
		{ "\xf4\x8f\xbf\xbf", true },
		{ "\xf4\x90\x80\x80", false },
		{ "\xf5\x80\x80\x80", false },
		{ "\x80", false },
		{ "a\xc3", false }, /* cut short */
		{ "\xe2\x82", false },
		{ "\xff", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(utf8_is_valid(str_of(cases[i].in)),
		    cases[i].valid);
}

static void
utf8_comes_back_as_it_was(void **state)
{
	static const uint32_t runes[] = { 0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff,
		0xe000, 0xffff, 0x10000, 0x10ffff };
	struct buf buf;

	(void)state;
	buf_init(&buf, 0);
	for (size_t i = 0; i < sizeof(runes) / sizeof(runes[0]); i++) {
		struct str in;
		uint32_t rune;

		buf_reset(&buf);
		utf8_put(&buf, runes[i]);
		in = buf_str(&buf);
		assert_true(utf8_take(&in, &rune));
		assert_int_equal(rune, runes[i]);
		assert_int_equal(in.len, 0);
	}
	buf_reset(&buf);
	utf8_put(&buf, 0xd800);
	assert_string_equal(buf_cstr(&buf), "\xef\xbf\xbd");
	buf_clear(&buf);
}

static void
base64_is_strict(void **state)
{
	static const struct {
		const char *in, *out; /* out NULL: refused */
	} cases[] = {
		{ "", "" },
		{ "Zg==", "f" },
		{ "Zm8=", "fo" },
		{ "Zm9v", "foo" },
		{ "Zm9vYmFy", "foobar" },
		{ "Zg", NULL },
		{ "Zg=", NULL },
		{ "Zh==", NULL }, /* unused bits */
		{ "Zm9=", NULL },
		{ "Zg==Zg==", NULL }, /* padding inside */
		{ "Zm9 ", NULL },
		{ "=m9v", NULL },
		{ "Z===", NULL },
		{ "====", NULL },
	};
	struct buf out;

	(void)state;
	buf_init(&out, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err;
		int ret;

		buf_reset(&out);
		ret = base64_decode(&out, str_of(cases[i].in), &err);
		assert_int_equal(ret, cases[i].out == NULL ? -1 : 0);
		assert_string_equal(buf_cstr(&out),
		    cases[i].out == NULL ? "" : cases[i].out);
		if (cases[i].out == NULL)
			continue;
		buf_reset(&out);
		base64_encode(&out, str_of(cases[i].out));
		assert_string_equal(buf_cstr(&out), cases[i].in);
	}
	buf_clear(&out);
}

static void
varints_go_both_ways(void **state)
{
	static const uint64_t numbers[] = { 0, 1, 127, 128, 16383, 16384,
		UINT32_MAX, UINT64_MAX - 1, UINT64_MAX };
	static const struct {
		const char *in;
		size_t len;
	} wrong[] = {
		{ "", 0 },
		{ "\x80", 1 },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10 },
		{ "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11 },
	};
	uint64_t n;

	(void)state;
	for (size_t i = 0; i < NELEMS(numbers); i++) {
		struct buf buf;
		struct str in;

		buf_init(&buf, 0);
		assert_int_equal(buf_add_varint(&buf, numbers[i]), 0);
		(void)buf_addc(&buf, 'x');
		in = buf_str(&buf);
		assert_true(num_take_varint(&in, numbers[i], &n));
		assert_int_equal(n, numbers[i]);
		assert_int_equal(in.len, 1);
		in = buf_str(&buf);
		if (numbers[i] > 0)
			assert_false(num_take_varint(&in, numbers[i] - 1, &n));
		assert_int_equal(in.len, buf.len);
		buf_clear(&buf);
	}
	for (size_t i = 0; i < NELEMS(wrong); i++) {
		struct str in = str_make(wrong[i].in, wrong[i].len);

		assert_false(num_take_varint(&in, UINT64_MAX, &n));
		assert_int_equal(in.len, wrong[i].len);
	}
}

static void
numbers_stop_at_their_bounds(void **state)
{
	static const struct {
		const char *in;
		uint64_t max;
		bool ok;
		uint64_t n;
	} cases[] = {
		{ "0", 0, true, 0 },
		{ "1", 0, false, 0 },
		{ "4294967295", UINT32_MAX, true, UINT32_MAX },
		{ "4294967296", UINT32_MAX, false, 0 },
		{ "18446744073709551615", UINT64_MAX, true, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, false, 0 },
		{ "99999999999999999999999", UINT64_MAX, false, 0 },
		{ "", 9, false, 0 },
		{ "-1", 9, false, 0 },
		{ "1x", 9, false, 0 },
		{ "007", 9, true, 7 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t n = 0;

		assert_int_equal(
		    num_parse(str_of(cases[i].in), cases[i].max, &n),
		    cases[i].ok);
		if (cases[i].ok)
			assert_int_equal(n, cases[i].n);
	}
}

static void
hex_goes_both_ways(void **state)
{
	unsigned char bytes[3];
	char text[7];

	(void)state;
	hex_encode(text, "\x00\xab\xff", 3);
	assert_string_equal(text, "00abff");
	assert_int_equal(hex_decode(bytes, 3, STR("00ABff")), 0);
	assert_memory_equal(bytes, "\x00\xab\xff", 3);
	assert_int_equal(hex_decode(bytes, 3, STR("00abf")), -1);
	assert_int_equal(hex_decode(bytes, 3, STR("00abfg")), -1);
}

static void
no_peer_writes_a_log_line_of_its_own(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "plain", "plain" },
		{ "a\r\nb", "a\\r\\nb" },
		{ "\x1b[2J", "\\x1b[2J" },
		{ "back\\slash", "back\\\\slash" },
		{ "\xc3\xa4", "\xc3\xa4" },
		{ "\xe4", "\\xe4" },
		{ "\x7f", "\\x7f" },
		/* CSI and the last of C1; a line separator; right to left */
		{ "\xc2\x9b", "\\xc2\\x9b" },
		{ "\xc2\x9f\xc2\xa0", "\\xc2\\x9f\xc2\xa0" },
		{ "\xe2\x80\xa8", "\\xe2\\x80\\xa8" },
		{ "\xe2\x80\xae", "\\xe2\\x80\\xae" },
		{ "\xe2\x80\x94", "\xe2\x80\x94" },
		{ "\xe2\x80", "\\xe2\\x80" },
	};
	char out[40];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(
		    log_escape(out, sizeof(out), str_of(cases[i].in)),
		    cases[i].out);
	log_escape(out, 16, STR("0123456789abcdefghij"));
	assert_true(strlen(out) < 16);
	assert_string_equal(out + strlen(out) - 3, "...");
	assert_string_equal(log_escape(out, 1, STR("x")), "");
}

static void
dates_are_those_of_rfc5322(void **state)
{
	char out[TIME_RFC5322_SIZE];

	(void)state;
	setenv("TZ", "UTC0", 1);
	tzset();
	time_format_rfc5322(out, 0);
	assert_string_equal(out, "Thu, 1 Jan 1970 00:00:00 +0000");
	setenv("TZ", "XST+3:30", 1);
	tzset();
	time_format_rfc5322(out, 951827696);
	assert_string_equal(out, "Tue, 29 Feb 2000 09:04:56 -0330");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_is_exactly_rfc3629),
		cmocka_unit_test(utf8_comes_back_as_it_was),
		cmocka_unit_test(base64_is_strict),
		cmocka_unit_test(numbers_stop_at_their_bounds),
		cmocka_unit_test(varints_go_both_ways),
		cmocka_unit_test(hex_goes_both_ways),
		cmocka_unit_test(no_peer_writes_a_log_line_of_its_own),
		cmocka_unit_test(dates_are_those_of_rfc5322),
	};

	return cmocka_run_group_tests_name("base/text", tests, NULL, NULL);
}
