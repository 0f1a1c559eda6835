/* envelope and bodystructure: what they write from plain structs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "imap/bodystructure.h"
#include "imap/envelope.h"

static const struct envelope_address terry = { { "Terry Gray", 10 }, { 0 },
	{ "gray", 4 }, { "cac.washington.edu", 18 } };
static const struct envelope_address group[] = {
	{ { 0 }, { 0 }, { "friends", 7 }, { 0 } },
	{ { 0 }, { 0 }, { "a", 1 }, { "b", 1 } },
	{ { 0 }, { 0 }, { 0 }, { 0 } },
};

/* The envelope of the example in RFC 3501 section 8, a group in Cc. */
static struct envelope
example(void)
{
	return (struct envelope){
		.date = STR("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)"),
		.subject = STR("IMAP4rev1 \"WG\" mtg"),
		.from = { &terry, 1 },
		.cc = { group, 3 },
		.message_id = STR("<B27397-0100000@cac.washington.edu>"),
	};
}

#define TERRY "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\"))"

static void
writes_envelopes(void **state)
{
	struct envelope envelope = example();
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	assert_int_equal(envelope_put(&out, &envelope), 0);
	assert_string_equal(buf_cstr(&out),
	    "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" "
	    "\"IMAP4rev1 \\\"WG\\\" mtg\" " TERRY " " TERRY " " TERRY
	    " NIL ((NIL NIL \"friends\" NIL)(NIL NIL \"a\" \"b\")"
	    "(NIL NIL NIL NIL)) NIL NIL "
	    "\"<B27397-0100000@cac.washington.edu>\")");
	buf_reset(&out);
	envelope = (struct envelope){ .subject = STR("gr\303\274n"),
		.sender = { &terry, 1 } };
	assert_int_equal(envelope_put(&out, &envelope), 0);
	assert_string_equal(buf_cstr(&out),
	    "(NIL {5}\r\ngr\303\274n NIL " TERRY " NIL NIL NIL NIL NIL NIL)");
	buf_clear(&out);
	buf_init(&out, 10);
	assert_int_equal(envelope_put(&out, &envelope), -1);
	buf_clear(&out);
}

static void
assert_structure(const struct bodypart *part, const char *body,
    const char *extended)
{
	struct buf out;

	buf_init(&out, 100000);
	assert_int_equal(bodystructure_put(&out, part, false), 0);
	assert_string_equal(buf_cstr(&out), body);
	buf_reset(&out);
	assert_int_equal(bodystructure_put(&out, part, true), 0);
	assert_string_equal(buf_cstr(&out), extended);
	buf_clear(&out);
}

static void
writes_single_parts(void **state)
{
	static const struct bodypart_param charset = { { "CHARSET", 7 },
		{ "US-ASCII", 8 } };
	static const struct bodypart_param name = { { "filename", 8 },
		{ "a\"b", 3 } };
	static const struct str languages[] = { { "de", 2 }, { "fr", 2 } };
	struct bodypart text = {
		.type = STR("TEXT"),
		.subtype = STR("PLAIN"),
		.params = { &charset, 1 },
		.encoding = STR("7BIT"),
		.octets = 3028,
		.lines = 92,
	};
	struct bodypart image = {
		.type = STR("image"),
		.subtype = STR("png"),
		.id = STR("<1@x>"),
		.description = STR("d"),
		.encoding = STR("base64"),
		.octets = 4294967295u,
		.md5 = STR("Q2hlY2s="),
		.disposition = STR("attachment"),
		.disposition_params = { &name, 1 },
		.language = languages,
		.languages = 2,
		.location = STR("http://x"),
	};

	(void)state;
	assert_structure(&text,
	    "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" "
	    "3028 92)",
	    "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" "
	    "3028 92 NIL NIL NIL NIL)");
	assert_structure(&image,
	    "(\"image\" \"png\" NIL \"<1@x>\" \"d\" \"base64\" 4294967295)",
	    "(\"image\" \"png\" NIL \"<1@x>\" \"d\" \"base64\" 4294967295 "
	    "\"Q2hlY2s=\" (\"attachment\" (\"filename\" \"a\\\"b\")) "
	    "(\"de\" \"fr\") \"http://x\")");
}

static void
writes_nested_parts(void **state)
{
	static const struct envelope envelope = { .subject = { "s", 1 } };
	static const struct bodypart_param boundary = { { "BOUNDARY", 8 },
		{ "b", 1 } };
	struct bodypart inner = {
		.type = STR("TEXT"),
		.subtype = STR("HTML"),
		.encoding = STR("7BIT"),
		.octets = 1,
		.lines = 1,
	};
	struct bodypart message = {
		.type = STR("MESSAGE"),
		.subtype = STR("RFC822"),
		.encoding = STR("7BIT"),
		.octets = 50,
		.lines = 4,
		.envelope = &envelope,
		.child = &inner,
	};
	struct bodypart text = inner;
	struct bodypart multipart = {
		.type = STR("MULTIPART"),
		.subtype = STR("MIXED"),
		.params = { &boundary, 1 },
		.child = &text,
	};

	(void)state;
	text.next = &message;
#define HTML "(\"TEXT\" \"HTML\" NIL NIL NIL \"7BIT\" 1 1"
#define INSIDE                                                                 \
	"(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 50 "                     \
	"(NIL \"s\" NIL NIL NIL NIL NIL NIL NIL NIL) " HTML
	assert_structure(&multipart, "(" HTML ")" INSIDE ") 4) \"MIXED\")",
	    "(" HTML " NIL NIL NIL NIL)" INSIDE
	    " NIL NIL NIL NIL) 4 NIL NIL NIL NIL) \"MIXED\" "
	    "(\"BOUNDARY\" \"b\") NIL NIL NIL)");
}

/* depth + 1 parts, each the only one of the multipart around it */
static size_t
written_for_depth(unsigned depth)
{
	static struct bodypart part[BODYPART_DEPTH + 3];
	struct buf out;
	size_t len;

	for (unsigned i = 0; i <= depth; i++) {
		bool last = i == depth;

		part[i] = (struct bodypart){
			.type = last ? STR("TEXT") : STR("MULTIPART"),
			.subtype = STR("X"),
			.encoding = STR("7BIT"),
			.child = last ? NULL : &part[i + 1],
		};
	}
	buf_init(&out, 100000);
	assert_int_equal(bodystructure_put(&out, &part[0], false), 0);
	len = out.len;
	assert_int_equal(str_find(buf_str(&out), STR("octet-stream")) >= 0,
	    depth > BODYPART_DEPTH);
	buf_clear(&out);
	return len;
}

static void
bounds_the_depth(void **state)
{
	(void)state;
	assert_true(written_for_depth(1) < written_for_depth(2));
	(void)written_for_depth(BODYPART_DEPTH);
	assert_int_equal(written_for_depth(BODYPART_DEPTH + 1),
	    written_for_depth(BODYPART_DEPTH + 2));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_envelopes),
		cmocka_unit_test(writes_single_parts),
		cmocka_unit_test(writes_nested_parts),
		cmocka_unit_test(bounds_the_depth),
	};

	return cmocka_run_group_tests_name("imap/structure", tests, NULL, NULL);
}
