#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/attr.h"
#include "mime/encode.h"

static const enum mime_encoding B64 = MIME_BASE64;
static const enum mime_encoding QP = MIME_QUOTED_PRINTABLE;

static void
names_its_encodings(void **state)
{
	static const struct {
		const char *in;
		enum mime_encoding want;
	} cases[] = {
		{ "", MIME_7BIT },
		{ " 7bit ", MIME_7BIT },
		{ "8BIT", MIME_8BIT },
		{ "binary;", MIME_BINARY },
		{ "(x (y)) Base64 (z)", MIME_BASE64 },
		{ "quoted-printable\r\n", MIME_QUOTED_PRINTABLE },
		{ "quoted", MIME_ENCODING_UNKNOWN },
		{ "base64x", MIME_ENCODING_UNKNOWN },
		{ "(", MIME_7BIT },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++)
		assert_int_equal(mime_encoding_parse(str_of(cases[i].in)),
		    cases[i].want);
}

/* Whole, and in pieces of every size: the result must be the same. */
static void
assert_decodes(enum mime_encoding encoding, const char *in, const char *want)
{
	struct str whole = str_of(in);

	for (size_t step = 1; step <= whole.len + 1; step++) {
		struct mime_decoder d;
		struct buf out;

		buf_init(&out, 0);
		mime_decoder_init(&d, encoding);
		for (size_t at = 0; at < whole.len; at += step)
			assert_int_equal(mime_decode(&d, &out,
					     str_sub(whole, at, at + step)),
			    0);
		assert_int_equal(mime_decode_end(&d, &out), 0);
		assert_string_equal(buf_cstr(&out), want);
		buf_clear(&out);
	}
}

static void
decodes_base64_however_broken(void **state)
{
	(void)state;
	assert_decodes(B64, "", "");
	assert_decodes(B64, "YQ==", "a");
	assert_decodes(B64, "YWI=", "ab");
	assert_decodes(B64, "YWJj", "abc");
	assert_decodes(B64, "YWJjZA==", "abcd");
	assert_decodes(B64, "YW\r\nJj\r\n", "abc");
	assert_decodes(B64, "Y.W!J*j", "abc");
	assert_decodes(B64, "YQ", "a");
	assert_decodes(B64, "YWI", "ab");
	assert_decodes(B64, "Y", "");
	assert_decodes(B64, "YQ==YQ==", "aa");
	assert_decodes(B64, "YQ=YQ", "aa");
	assert_decodes(B64, "====", "");
	assert_decodes(B64, "fn5+fz8/", "~~~\x7f??");
}

static void
decodes_quoted_printable_however_broken(void **state)
{
	(void)state;
	assert_decodes(QP, "", "");
	assert_decodes(QP, "a=3Db", "a=b");
	assert_decodes(QP, "=c3=A9", "\xc3\xa9");
	assert_decodes(QP, "a=\r\nb", "ab");
	assert_decodes(QP, "a=\nb", "ab");
	assert_decodes(QP, "a= \t\r\nb", "ab");
	assert_decodes(QP, "a \t\r\nb", "a\r\nb");
	assert_decodes(QP, "a \tb", "a \tb");
	assert_decodes(QP, "a ", "a");
	assert_decodes(QP, "a=", "a");
	assert_decodes(QP, "a= ", "a");
	assert_decodes(QP, "a=4", "a=4");
	assert_decodes(QP, "a=4g", "a=4g");
	assert_decodes(QP, "a=g", "a=g");
	assert_decodes(QP, "a==3D", "a==");
	assert_decodes(QP, "a=4=3D", "a=4=");
	assert_decodes(QP, "a= x", "a= x");
	assert_decodes(QP, "a=\rb", "a=\rb");
	assert_decodes(QP, "=4\n", "=4\n");
}

static void
keeps_a_long_run_of_blanks(void **state)
{
	struct mime_decoder d;
	char blanks[300];
	struct buf out;

	(void)state;
	memset(blanks, ' ', sizeof(blanks));
	buf_init(&out, 0);
	mime_decoder_init(&d, MIME_QUOTED_PRINTABLE);
	mime_decode(&d, &out, str_make(blanks, sizeof(blanks)));
	mime_decode(&d, &out, STR("x"));
	assert_int_equal(out.len, sizeof(blanks) + 1);
	buf_clear(&out);
}

static void
assert_encodes(enum mime_encoding encoding, struct str whole, const char *want)
{
	for (size_t step = 1; step <= whole.len + 1; step++) {
		struct mime_encoder e;
		struct buf out;

		buf_init(&out, 0);
		mime_encoder_init(&e, encoding);
		for (size_t at = 0; at < whole.len; at += step)
			assert_int_equal(mime_encode(&e, &out,
					     str_sub(whole, at, at + step)),
			    0);
		assert_int_equal(mime_encode_end(&e, &out), 0);
		assert_string_equal(buf_cstr(&out), want);
		buf_clear(&out);
	}
}

#define TEN "aaaaaaaaaa"

static void
encodes_in_lines_of_76(void **state)
{
	(void)state;
	assert_encodes(B64, STR(""), "");
	assert_encodes(B64, STR("a"), "YQ==\r\n");
	assert_encodes(B64, STR("abc"), "YWJj\r\n");
	assert_encodes(B64, STR(TEN TEN TEN TEN TEN "aaaaaaa"),
	    "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWF"
	    "hYWFhYWFhYWFh\r\n");
	assert_encodes(B64, STR(TEN TEN TEN TEN TEN "aaaaaaaa"),
	    "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWF"
	    "hYWFhYWFhYWFh\r\nYQ==\r\n");
	assert_encodes(QP, STR("a=b\xc3\xa9"), "a=3Db=C3=A9");
	assert_encodes(QP, STR("a b \r\n\tc\t\r\n"), "a b=20\r\n\tc=09\r\n");
	assert_encodes(QP, STR("a \rb\n\r\r\n"), "a =0Db=0A=0D\r\n");
	assert_encodes(QP, STR("a "), "a=20");
	assert_encodes(QP, STR("a\r"), "a=0D");
	assert_encodes(QP, STR(TEN TEN TEN TEN TEN TEN TEN "aaaaab"),
	    TEN TEN TEN TEN TEN TEN TEN "aaaaa=\r\nb");
	assert_encodes(QP, STR(TEN TEN TEN TEN TEN TEN TEN "aaa\xff"),
	    TEN TEN TEN TEN TEN TEN TEN "aaa=\r\n=FF");
	assert_encodes(MIME_8BIT, STR("a\xff"), "a\xff");
}

static void
no_line_begins_like_a_boundary(void **state)
{
	(void)state;
	assert_encodes(QP, STR("--b\r\n-\r\n-- \r\n---\r\na--b"),
	    "-=2Db\r\n-\r\n-=2D=20\r\n-=2D-\r\na--b");
	assert_encodes(QP, STR(TEN TEN TEN TEN TEN TEN TEN "aaaaa--b"),
	    TEN TEN TEN TEN TEN TEN TEN "aaaaa=\r\n-=2Db");
	assert_encodes(QP, STR("\xff--"), "=FF--");
}

static void
says_when_out_is_full(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 3);
	assert_int_equal(mime_decode_all(&out, B64, STR("YWJj")), 0);
	assert_int_equal(mime_decode_all(&out, B64, STR("YQ==")), -1);
	buf_reset(&out);
	assert_int_equal(mime_encode_all(&out, QP, STR("abc")), 0);
	assert_int_equal(mime_encode_all(&out, QP, STR("d")), -1);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_its_encodings),
		cmocka_unit_test(decodes_base64_however_broken),
		cmocka_unit_test(decodes_quoted_printable_however_broken),
		cmocka_unit_test(keeps_a_long_run_of_blanks),
		cmocka_unit_test(encodes_in_lines_of_76),
		cmocka_unit_test(no_line_begins_like_a_boundary),
		cmocka_unit_test(says_when_out_is_full),
	};

	return cmocka_run_group_tests_name("mime/encode", tests, NULL, NULL);
}
