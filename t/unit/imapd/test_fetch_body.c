#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "imapd/fetch_body.h"

/*
 * The example of RFC 3501 section 6.4.5, smaller: text, and a message that is
 * multipart.
 */
static const char nested[] = "Subject: outer\r\n"
			     "Content-Type: multipart/mixed; boundary=a\r\n"
			     "\r\n"
			     "preamble\r\n"
			     "--a\r\n"
			     "\r\n"
			     "one\r\n"
			     "--a\r\n"
			     "Content-Type: message/rfc822\r\n"
			     "\r\n"
			     "Subject: inner\r\n"
			     "Content-Type: multipart/mixed; boundary=b\r\n"
			     "\r\n"
			     "--b\r\n"
			     "X: y\r\n"
			     "\r\n"
			     "two one\r\n"
			     "--b--\r\n"
			     "--a--\r\n";

static const char simple[] = "To: a\r\n"
			     "Subject: s\r\n"
			     " folded\r\n"
			     "to: b\r\n"
			     "\r\n"
			     "body\r\n";

static void
assert_bytes(const char *message, const char *prefix, const char *item,
    const char *want)
{
	struct arena *arena = arena_new(1 << 20);
	struct fetch_source source = { .prefix = str_of(prefix),
		.body = str_of(message),
		.arena = arena };
	struct str in = str_of(item);
	struct fetch_bytes bytes;
	struct fetchatt_list list;
	struct buf out;
	struct err err;

	assert_int_equal(fetchatt_parse(arena, &in, &list, &err), 0);
	if (list.item[0].kind == FETCHATT_SECTION)
		assert_int_equal(
		    fetch_body(&source, &list.item[0], &bytes, &err), 0);
	else
		assert_int_equal(
		    fetch_binary(&source, &list.item[0], &bytes, &err), 0);
	assert_int_equal(bytes.exists, want != NULL);
	buf_init(&out, 0);
	(void)buf_add_str(&out, bytes.piece[0]);
	(void)buf_add_str(&out, bytes.piece[1]);
	if (want != NULL)
		assert_string_equal(buf_cstr(&out), want);
	buf_clear(&out);
	arena_free(arena);
}

static void
gives_sections_of_a_simple_message(void **state)
{
	static const struct {
		const char *item, *want;
	} cases[] = {
		{ "BODY[]",
		    "P: q\r\nTo: a\r\nSubject: s\r\n folded\r\nto: b\r\n\r\n"
		    "body\r\n" },
		{ "BODY[HEADER]",
		    "P: q\r\nTo: a\r\nSubject: s\r\n folded\r\nto: b\r\n\r\n" },
		{ "RFC822.HEADER",
		    "P: q\r\nTo: a\r\nSubject: s\r\n folded\r\nto: b\r\n\r\n" },
		{ "BODY[TEXT]", "body\r\n" },
		{ "BODY[1]", "body\r\n" },
		{ "BODY[2]", NULL },
		{ "BODY[1.1]", NULL },
		{ "BODY[1.TEXT]", NULL },
		{ "BODY[HEADER.FIELDS (TO p)]",
		    "P: q\r\nTo: a\r\nto: b\r\n\r\n" },
		{ "BODY[HEADER.FIELDS (None)]", "\r\n" },
		{ "BODY[HEADER.FIELDS.NOT (To P)]",
		    "Subject: s\r\n folded\r\n\r\n" },
		{ "BODY[]<0.4>", "P: q" },
		{ "BODY[]<3.5>", "q\r\nTo" },
		{ "BODY[]<6.3>", "To:" },
		{ "BODY[]<9999.3>", "" },
		{ "BODY[TEXT]<2.4294967295>", "dy\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++)
		assert_bytes(simple, "P: q\r\n", cases[i].item, cases[i].want);
}

static void
gives_sections_of_parts(void **state)
{
	static const struct {
		const char *item, *want;
	} cases[] = {
		{ "BODY[1]", "one" },
		{ "BODY[1.MIME]", "\r\n" },
		{ "BODY[1.HEADER]", NULL },
		{ "BODY[2.MIME]", "Content-Type: message/rfc822\r\n\r\n" },
		{ "BODY[2.HEADER]",
		    "Subject: inner\r\n"
		    "Content-Type: multipart/mixed; boundary=b\r\n\r\n" },
		{ "BODY[2.HEADER.FIELDS (subject)]", "Subject: inner\r\n\r\n" },
		{ "BODY[2.TEXT]", "--b\r\nX: y\r\n\r\ntwo one\r\n--b--" },
		{ "BODY[2.1]", "two one" },
		{ "BODY[2.1.MIME]", "X: y\r\n\r\n" },
		{ "BODY[2.1]<4.2>", "on" },
		{ "BODY[2.2]", NULL },
		{ "BODY[3]", NULL },
		{ "BODY[4294967295]", NULL },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++)
		assert_bytes(nested, "", cases[i].item, cases[i].want);
}

static void
takes_messages_without_header_or_body(void **state)
{
	(void)state;
	assert_bytes("A: b\r\n", "", "BODY[TEXT]", "");
	assert_bytes("A: b\r\n", "", "BODY[HEADER]", "A: b\r\n");
	assert_bytes("\r\nx", "", "BODY[HEADER]", "\r\n");
	assert_bytes("\r\nx", "", "BODY[TEXT]", "x");
	assert_bytes("", "", "BODY[]", "");
}

static const char encoded[] =
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\nContent-Transfer-Encoding: base64\r\n\r\nb25l\r\nIHR3bw==\r\n"
    "--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=3Db=\r\nc\r\n"
    "--b\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\nxyz\r\n"
    "--b\r\n\r\nplain\r\n"
    "--b\r\nContent-Transfer-Encoding: base64\r\n\r\n\r\n"
    "--b--\r\n";

static void
decodes_parts(void **state)
{
	static const struct {
		const char *item, *want;
	} cases[] = {
		{ "BINARY[1]", "one two" },
		{ "BINARY[1]<4.2>", "tw" },
		{ "BINARY.SIZE[1]", "one two" },
		{ "BINARY[2]", "a=bc" },
		{ "BINARY[4]", "plain" },
		{ "BINARY[5]", "" },
		{ "BINARY[6]", NULL },
		{ "BINARY[]<0.12>", "Content-Type" },
	};
	struct arena *arena = arena_new(1 << 20);
	struct fetch_source source = { .body = str_of(encoded),
		.arena = arena };
	struct str in = STR("BINARY[3]");
	struct fetchatt_list list;
	struct fetch_bytes bytes;
	struct err err;

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++)
		assert_bytes(encoded, "", cases[i].item, cases[i].want);
	assert_int_equal(fetchatt_parse(arena, &in, &list, &err), 0);
	assert_int_equal(fetch_binary(&source, &list.item[0], &bytes, &err),
	    -1);
	assert_int_equal(err.kind, ERR_SYNTAX);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_sections_of_a_simple_message),
		cmocka_unit_test(gives_sections_of_parts),
		cmocka_unit_test(takes_messages_without_header_or_body),
		cmocka_unit_test(decodes_parts),
	};

	return cmocka_run_group_tests_name("imapd/fetch_body", tests, NULL,
	    NULL);
}
