/* envelope and bodystructure: what they write from lib/mime's structs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "imap/bodystructure.h"
#include "imap/envelope.h"

static struct mime_address terry = {
	.name = { "Terry Gray", 10 },
	.mailbox = { "gray", 4 },
	.host = { "cac.washington.edu", 18 },
};
static struct mime_address broken = { .mailbox = { "no address", 10 } };
static struct mime_address group_end = { .kind = MIME_ADDRESS_GROUP_END };
static struct mime_address member = { .next = &group_end,
	.mailbox = { "a", 1 },
	.host = { "b", 1 } };
static struct mime_address group = { .next = &member,
	.kind = MIME_ADDRESS_GROUP,
	.mailbox = { "friends", 7 } };

/* The envelope of the example in RFC 3501 section 8, a group in Cc. */
static struct mime_envelope
example(void)
{
	return (struct mime_envelope){
		.date = STR("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)"),
		.subject = STR("IMAP4rev1 \"WG\" mtg"),
		.list[MIME_FROM].first = &terry,
		.list[MIME_TO].first = &broken,
		.list[MIME_CC].first = &group,
		.message_id = STR("<B27397-0100000@cac.washington.edu>"),
	};
}

#define TERRY "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\"))"

static void
writes_envelopes(void **state)
{
	struct mime_envelope envelope = example();
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	assert_int_equal(envelope_put(&out, &envelope), 0);
	assert_string_equal(buf_cstr(&out),
	    "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" "
	    "\"IMAP4rev1 \\\"WG\\\" mtg\" " TERRY " " TERRY " " TERRY
	    " ((NIL NIL \"no address\" \"\")) "
	    "((NIL NIL \"friends\" NIL)(NIL NIL \"a\" \"b\")"
	    "(NIL NIL NIL NIL)) NIL NIL "
	    "\"<B27397-0100000@cac.washington.edu>\")");
	buf_reset(&out);
	envelope = (struct mime_envelope){
		.subject = STR("gr\303\274n"),
		.list[MIME_SENDER].first = &terry,
	};
	assert_int_equal(envelope_put(&out, &envelope), 0);
	assert_string_equal(buf_cstr(&out),
	    "(NIL {5}\r\ngr\303\274n NIL " TERRY " NIL NIL NIL NIL NIL NIL)");
	buf_clear(&out);
	buf_init(&out, 10);
	assert_int_equal(envelope_put(&out, &envelope), -1);
	buf_clear(&out);
}

static void
assert_structure(const struct mime_part *part, const char *body,
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
	struct mime_param charset = { .name = STR("CHARSET"),
		.value = STR("US-ASCII") };
	struct mime_param name = { .name = STR("filename"),
		.value = STR("UTF-8''a"),
		.extended = true };
	struct mime_param size = { .next = &name,
		.name = STR("size"),
		.value = STR("a\"b") };
	struct mime_tag french = { .text = STR("fr") };
	struct mime_tag german = { .next = &french, .text = STR("de") };
	struct mime_part text = {
		.type = { STR("TEXT"), STR("PLAIN"), &charset },
		.encoding_name = STR("7BIT"),
		.body = { NULL, 3028 },
		.lines = 92,
	};
	struct mime_part image = {
		.type = { STR("image"), STR("png"), NULL },
		.id = STR("<1@x>"),
		.description = STR("d"),
		.encoding_name = STR("base64"),
		.body = { NULL, 4294967295 },
		.md5 = STR("Q2hlY2s="),
		.disposition = { STR("attachment"), { NULL, 0 }, &size },
		.language = &german,
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
	    "\"Q2hlY2s=\" (\"attachment\" (\"size\" \"a\\\"b\" "
	    "\"filename*\" \"UTF-8''a\")) "
	    "(\"de\" \"fr\") \"http://x\")");
}

static void
writes_nested_parts(void **state)
{
	struct mime_envelope envelope = { .subject = STR("s") };
	struct mime_param boundary = { .name = STR("BOUNDARY"),
		.value = STR("b") };
	struct mime_part inner = {
		.type = { STR("TEXT"), STR("HTML"), NULL },
		.encoding_name = STR("7BIT"),
		.body = { NULL, 1 },
		.lines = 1,
	};
	struct mime_part message = {
		.kind = MIME_PART_MESSAGE,
		.type = { STR("MESSAGE"), STR("RFC822"), NULL },
		.encoding_name = STR("7BIT"),
		.body = { NULL, 50 },
		.lines = 4,
		.envelope = &envelope,
		.child = &inner,
	};
	struct mime_part text = inner;
	struct mime_part multipart = {
		.kind = MIME_PART_MULTIPART,
		.type = { STR("MULTIPART"), STR("MIXED"), &boundary },
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
	static struct mime_part part[BODYSTRUCTURE_DEPTH + 3];
	struct buf out;
	size_t len;

	for (unsigned i = 0; i <= depth; i++) {
		bool last = i == depth;

		part[i] = (struct mime_part){
			.kind = last ? MIME_PART_LEAF : MIME_PART_MULTIPART,
			.type = { STR("TEXT"), STR("X"), NULL },
			.encoding_name = STR("7BIT"),
			.child = last ? NULL : &part[i + 1],
		};
	}
	buf_init(&out, 100000);
	assert_int_equal(bodystructure_put(&out, &part[0], false), 0);
	len = out.len;
	assert_int_equal(str_find(buf_str(&out), STR("octet-stream")) >= 0,
	    depth > BODYSTRUCTURE_DEPTH);
	buf_clear(&out);
	return len;
}

static void
bounds_the_depth(void **state)
{
	(void)state;
	assert_true(written_for_depth(1) < written_for_depth(2));
	(void)written_for_depth(BODYSTRUCTURE_DEPTH);
	assert_int_equal(written_for_depth(BODYSTRUCTURE_DEPTH + 1),
	    written_for_depth(BODYSTRUCTURE_DEPTH + 2));
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
