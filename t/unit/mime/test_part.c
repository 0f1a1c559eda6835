#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/attr.h"
#include "mime/part.h"
#include "t/unit/assert_str.h"

/*
 * Leaves as "type/subtype[body]lines", multiparts as "subtype(...)lines",
 * messages as "subtype<...>lines"; "?" in front of an opaque part.
 */
static void
show(struct buf *out, const struct mime_part *part)
{
	static const char *const open[] = { "", "(", "<" };
	static const char *const close[] = { "", ")", ">" };

	if (part->opaque)
		buf_addc(out, '?');
	if (part->kind == MIME_PART_LEAF) {
		buf_addf(out, "%" STR_F "/%" STR_F "[%" STR_F "]",
		    STR_A(part->type.type), STR_A(part->type.subtype),
		    STR_A(part->body));
	} else {
		buf_addf(out, "%" STR_F "%s", STR_A(part->type.subtype),
		    open[part->kind]);
		for (const struct mime_part *child = part->child; child != NULL;
		     child = child->next) {
			assert_ptr_equal(child->parent, part);
			if (child != part->child)
				buf_addc(out, ' ');
			show(out, child);
		}
		buf_addz(out, close[part->kind]);
	}
	buf_addf(out, "%zu", part->lines);
}

static void
assert_shape(const char *in, const struct mime_limits *limits, const char *want)
{
	struct arena *arena = arena_new(0);
	struct mime_part *root;
	struct buf out;
	struct err err;

	buf_init(&out, 0);
	assert_int_equal(
	    mime_part_parse(&root, NULL, arena, str_of(in), limits, &err), 0);
	show(&out, root);
	assert_string_equal(buf_cstr(&out), want);
	buf_clear(&out);
	arena_free(arena);
}

struct example {
	const char *in, *want;
};

static void
assert_examples(const struct example *examples, size_t len)
{
	for (size_t i = 0; i < len; i++)
		assert_shape(examples[i].in, &mime_default_limits,
		    examples[i].want);
}

#define MIXED "Content-Type: multipart/mixed; boundary=b\r\n\r\n"

static void
gives_every_message_a_structure(void **state)
{
	static const struct example cases[] = {
		{ "", "text/plain[]0" },
		{ "\r\n", "text/plain[]0" },
		{ "A: b", "text/plain[]0" },
		{ "A: b\r\n", "text/plain[]0" },
		{ "A: b\r\n\r\n", "text/plain[]0" },
		{ "\r\nbody\r\n", "text/plain[body\r\n]1" },
		{ "\nbody\nx", "text/plain[body\nx]1" },
		{ "Content-Type: image/png\r\n\r\nx", "image/png[x]0" },
		{ "Content-Type: rubbish\r\n\r\nx", "text/plain[x]0" },
		{ "Content-Type: a/b\r\nContent-Type: c/d\r\n\r\n", "a/b[]0" },
	};

	(void)state;
	assert_examples(cases, NELEMS(cases));
}

static void
splits_multiparts_at_their_boundaries(void **state)
{
	/* clang-format off */
	static const struct example cases[] = {
		{ MIXED "--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n\r\n--b--\r\n",
		    "mixed(text/plain[one]0 text/plain[two\r\n]1)8" },
		{ MIXED "pre\r\n--b\r\n\r\none\r\n--b--\r\nepi\r\n--b\r\n",
		    "mixed(text/plain[one]0)7" },
		{ MIXED "--b  \r\n\r\none\r\n--b-- \r\n",
		    "mixed(text/plain[one]0)4" },
		{ MIXED "--b\n\none\n--b--\n", "mixed(text/plain[one]0)4" },
		{ MIXED "--b\r\n\r\none", "mixed(text/plain[one]0)2" },
		{ MIXED "--b\r\n\r\none\r\n", "mixed(text/plain[one\r\n]1)3" },
		{ MIXED "--b\r\n\r\n--b\r\n\r\n\r\n--b--",
		    "mixed(text/plain[]0 text/plain[]0)5" },
		{ MIXED "--b\r\nA: b\r\n--b\r\n--b--",
		    "mixed(text/plain[]0 text/plain[]0)3" },
		{ MIXED "--b\r\n\r\na\r\n --b\r\nx--b\r\n--b--",
		    "mixed(text/plain[a\r\n --b\r\nx--b]2)5" },
		{ MIXED "--b\r\nContent-Type: a/b\r\n\r\nx\r\n--b--\r\n",
		    "mixed(a/b[x]0)5" },
		{ MIXED "--b", "mixed(text/plain[]0)0" },
	};
	/* clang-format on */

	(void)state;
	assert_examples(cases, NELEMS(cases));
}

static void
gives_an_empty_multipart_one_empty_part(void **state)
{
	static const struct example cases[] = {
		{ MIXED, "mixed(text/plain[]0)0" },
		{ MIXED "no boundary\r\n", "mixed(text/plain[]0)1" },
		{ MIXED "--b--\r\n", "mixed(text/plain[]0)1" },
		{ "Content-Type: multipart/mixed\r\n\r\n--b\r\n",
		    "mixed(text/plain[]0)1" },
		{ "Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\n",
		    "mixed(text/plain[]0)1" },
		{ "Content-Type: multipart/mixed; boundary=b\r\n",
		    "mixed(text/plain[]0)0" },
		{ "Content-Type: message/rfc822\r\n",
		    "rfc822<text/plain[]0>0" },
	};

	(void)state;
	assert_examples(cases, NELEMS(cases));
}

#define INNER(boundary)                                                        \
	"Content-Type: multipart/alternative; boundary=" boundary "\r\n\r\n"

static void
tells_boundaries_apart_that_begin_alike(void **state)
{
	/* clang-format off */
	static const struct example cases[] = {
		/* The outer one is the beginning of the inner one. */
		{ MIXED "--b\r\n" INNER("bb") "--bb\r\n\r\n1\r\n--bb\r\n\r\n2"
		    "\r\n--bb--\r\n--b\r\n\r\n3\r\n--b--\r\n",
		    "mixed(alternative(text/plain[1]0 text/plain[2]0)6 "
		    "text/plain[3]0)14" },
		/* Nothing needs to end the line: RFC 2046 section 5.1.1. */
		{ MIXED "--bx\r\n\r\n1\r\n--b--x\r\n",
		    "mixed(text/plain[1]0)4" },
		/* "b--" is open, so "--b--" does not close "b". */
		{ MIXED "--b\r\n" INNER("b--") "--b--\r\n\r\n1\r\n--b----\r\n"
		    "--b--\r\n",
		    "mixed(alternative(text/plain[1]0)3)8" },
		/* The same one twice: it belongs to the inner multipart. */
		{ MIXED "--b\r\n" INNER("b") "--b\r\n\r\n1\r\n--b--\r\n"
		    "--b\r\n\r\n2\r\n--b--\r\n",
		    "mixed(alternative(text/plain[1]0)3 text/plain[2]0)11" },
	};
	/* clang-format on */

	(void)state;
	assert_examples(cases, NELEMS(cases));
}

static void
ends_what_was_never_closed_with_what_holds_it(void **state)
{
	/* clang-format off */
	static const struct example cases[] = {
		{ MIXED "--b\r\n" INNER("i") "--i\r\n\r\n1\r\n--b\r\n\r\n2"
		    "\r\n--b--\r\n",
		    "mixed(alternative(text/plain[1]0)2 text/plain[2]0)10" },
		{ MIXED "--b\r\n" INNER("i") "--i\r\n\r\n1\r\n--b--\r\n",
		    "mixed(alternative(text/plain[1]0)2)7" },
		{ MIXED "--b\r\n" INNER("i") "--i\r\n\r\n1",
		    "mixed(alternative(text/plain[1]0)2)5" },
	};
	/* clang-format on */

	(void)state;
	assert_examples(cases, NELEMS(cases));
}

#define ATTACHED "Content-Type: message/rfc822\r\n\r\n"

static void
looks_into_messages(void **state)
{
	/* clang-format off */
	static const struct example cases[] = {
		{ ATTACHED "Subject: x\r\n\r\nhi\r\n",
		    "rfc822<text/plain[hi\r\n]1>3" },
		{ ATTACHED "Subject: x\r\n", "rfc822<text/plain[]0>1" },
		{ ATTACHED, "rfc822<text/plain[]0>0" },
		{ "Content-Type: message/global\r\n\r\n\r\nhi",
		    "global<text/plain[hi]0>1" },
		{ "Content-Type: message/partial\r\n\r\n\r\nhi",
		    "message/partial[\r\nhi]1" },
		{ MIXED "--b\r\n" ATTACHED MIXED "--b\r\n\r\n1\r\n--b--\r\n"
		    "--b--\r\n",
		    "mixed(rfc822<mixed(text/plain[1]0)3>5)10" },
		{ "Content-Type: multipart/digest; boundary=b\r\n\r\n"
		    "--b\r\n\r\nSubject: x\r\n\r\n1\r\n--b\r\n"
		    "Content-Type: text/plain\r\n\r\n2\r\n--b--\r\n",
		    "digest(rfc822<text/plain[1]0>2 text/plain[2]0)10" },
	};
	/* clang-format on */

	(void)state;
	assert_examples(cases, NELEMS(cases));
}

static void
treats_what_is_over_a_limit_as_opaque(void **state)
{
	static const struct mime_limits flat = { 0, 9, 9, 9 };
	static const struct mime_limits deep1 = { 1, 9, 9, 9 };
	static const struct mime_limits two = { 9, 2, 9, 9 };
	static const struct mime_limits one = { 9, 1, 9, 9 };
	static const char nested[] =
	    MIXED "--b\r\n" ATTACHED "\r\nx\r\n--b\r\n\r\n2\r\n--b--\r\n";
	static const char three[] =
	    MIXED "--b\r\n\r\n1\r\n--b\r\n\r\n2\r\n--b\r\n\r\n3\r\n--b--\r\n";

	(void)state;
	assert_shape(MIXED "x\r\n--b\r\n", &flat,
	    "?application/octet-stream[x\r\n--b\r\n]2");
	assert_shape(nested, &deep1,
	    "mixed(?application/octet-stream[\r\nx]1 text/plain[2]0)9");
	assert_shape(three, &two,
	    "mixed(text/plain[1]0 ?application/octet-stream"
	    "[2\r\n--b\r\n\r\n3\r\n--b--\r\n]5)10");
	assert_shape(MIXED "--b\r\n\r\n1\r\n--b--\r\n", &two,
	    "mixed(text/plain[1]0)4");
	assert_shape(MIXED "--b\r\n\r\n1\r\n--b--\r\n", &one,
	    "mixed(?application/octet-stream[1\r\n--b--\r\n]2)4");
}

static void
says_when_the_arena_is_full(void **state)
{
	struct arena *arena = arena_new(1000);
	struct mime_part *root;
	struct err err;

	(void)state;
	assert_int_equal(
	    mime_part_parse(&root, NULL, arena,
		STR(MIXED
		    "--b\r\n\r\n--b\r\n\r\n--b\r\n\r\n--b\r\n\r\n--b\r\n"),
		&mime_default_limits, &err),
	    -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	arena_free(arena);
}

static void
keeps_what_the_header_fields_say(void **state)
{
	struct str in = STR("Subject: hi\r\n"
			    "Content-Type: text/html; x=y\r\n"
			    "Content-Transfer-Encoding: Base64\r\n"
			    "Content-ID: <a@b>\r\n"
			    "Content-Description: d\r\n e\r\n"
			    "Content-MD5: m==\r\n"
			    "Content-Location: http://x/\r\n"
			    "Content-Disposition: inline; filename=f\r\n"
			    "Content-Language: en, de ,, fr\r\n"
			    "\r\nYQ==\r\n");
	struct arena *arena = arena_new(0);
	struct mime_envelope envelope;
	struct mime_part *p;
	struct err err;

	(void)state;
	assert_int_equal(mime_part_parse(&p, &envelope, arena, in,
			     &mime_default_limits, &err),
	    0);
	assert_str(envelope.subject, "hi");
	assert_str(p->type.params->name, "x");
	assert_str(p->type.params->next->name, "charset");
	assert_str(p->type.params->next->value, "us-ascii");
	assert_int_equal(p->encoding, MIME_BASE64);
	assert_str(p->encoding_name, "Base64");
	assert_str(p->id, "<a@b>");
	assert_str(p->description, "d e");
	assert_str(p->md5, "m==");
	assert_str(p->location, "http://x/");
	assert_str(p->disposition.type, "inline");
	assert_str(p->disposition.params->value, "f");
	assert_str(p->language->text, "en");
	assert_str(p->language->next->text, "de");
	assert_str(p->language->next->next->text, "fr");
	assert_null(p->language->next->next->next);
	assert_ptr_equal(p->header.p, in.p);
	assert_ptr_equal(p->header.p + p->header.len, p->body.p);
	assert_int_equal(p->header_lines, 11);
	assert_str(p->body, "YQ==\r\n");
	arena_free(arena);
}

static void
finds_parts_by_section_number(void **state)
{
	static const char in[] =
	    MIXED "--b\r\n\r\none\r\n"
		  "--b\r\n" ATTACHED "\r\ninner\r\n"
		  "--b\r\n" ATTACHED INNER("i") "--i\r\n\r\n31\r\n--i--\r\n"
						"--b--\r\n";
	static const struct {
		uint32_t section[4];
		size_t len;
		const char *body; /* NULL: no such part */
	} cases[] = {
		{ { 0 }, 0, "--b" },
		{ { 1 }, 1, "one" },
		{ { 0 }, 1, NULL },
		{ { 4 }, 1, NULL },
		{ { 1, 1 }, 2, NULL },
		{ { 2 }, 1, "\r\ninner" },
		{ { 2, 1 }, 2, "inner" },
		{ { 2, 2 }, 2, NULL },
		{ { 2, 1, 1 }, 3, NULL },
		{ { 3 }, 1, "Content-Type" },
		{ { 3, 1 }, 2, "31" },
		{ { 3, 2 }, 2, NULL },
	};
	struct arena *arena = arena_new(0);
	struct mime_part *root;
	struct err err;

	(void)state;
	assert_int_equal(mime_part_parse(&root, NULL, arena, str_of(in),
			     &mime_default_limits, &err),
	    0);
	for (size_t i = 0; i < NELEMS(cases); i++) {
		const struct mime_part *part =
		    mime_part_find(root, cases[i].section, cases[i].len);

		if (cases[i].body == NULL)
			assert_null(part);
		else
			assert_true(
			    str_starts(part->body, str_of(cases[i].body)));
	}
	arena_free(arena);
}

static void
numbers_a_single_part_and_a_lone_message(void **state)
{
	static const uint32_t section[] = { 1, 1, 1 };
	struct arena *arena = arena_new(0);
	const struct mime_part *part;
	struct mime_part *root;
	struct err err;

	(void)state;
	assert_int_equal(mime_part_parse(&root, NULL, arena, STR("\r\nx"),
			     &mime_default_limits, &err),
	    0);
	assert_ptr_equal(mime_part_find(root, section, 1), root);
	assert_null(mime_part_find(root, section, 2));
	assert_int_equal(mime_part_parse(&root, NULL, arena,
			     STR(ATTACHED "\r\nx"), &mime_default_limits, &err),
	    0);
	assert_ptr_equal(mime_part_find(root, section, 1), root);
	part = mime_part_find(root, section, 2);
	assert_ptr_equal(part, root->child);
	assert_null(mime_part_find(root, section, 3));
	arena_free(arena);
}

static void
assert_text(const char *in, size_t max, int ret, const char *want)
{
	struct arena *arena = arena_new(0);
	struct mime_part *root;
	struct buf out;
	struct err err;

	buf_init(&out, max);
	assert_int_equal(mime_part_parse(&root, NULL, arena, str_of(in),
			     &mime_default_limits, &err),
	    0);
	assert_int_equal(mime_part_text(&out, root), ret);
	assert_string_equal(buf_cstr(&out), want);
	buf_clear(&out);
	arena_free(arena);
}

static void
gives_the_text_of_a_part(void **state)
{
	(void)state;
	assert_text("Content-Type: text/plain; charset=koi8-r\r\n"
		    "Content-Transfer-Encoding: quoted-printable\r\n\r\n=C1",
	    0, 0, "\xd0\xb0");
	assert_text("Content-Type: image/png; charset=koi8-r\r\n"
		    "Content-Transfer-Encoding: base64\r\n\r\n4Q==",
	    0, 0, "\xe1");
	assert_text("\r\nabc", 2, -1, "");
}

/* Bombs: each would take minutes if it took more than linear time. */
static void
survives_bombs(void **state)
{
	static const struct mime_limits limits = { 50, 1000, 100, 1000 };
	struct arena *arena = arena_new(0);
	struct mime_part *root;
	struct buf in;
	struct err err;

	(void)state;
	buf_init(&in, 0);
	for (int i = 0; i < 20000; i++)
		buf_addf(&in,
		    "Content-Type: multipart/mixed; boundary=b%d\r\n"
		    "\r\n--b%d\r\n",
		    i, i);
	assert_int_equal(
	    mime_part_parse(&root, NULL, arena, buf_str(&in), &limits, &err),
	    0);
	buf_reset(&in);
	buf_addz(&in, MIXED);
	for (int i = 0; i < 500000; i++)
		buf_addz(&in, "--b\r\n");
	assert_int_equal(
	    mime_part_parse(&root, NULL, arena, buf_str(&in), &limits, &err),
	    0);
	buf_reset(&in);
	buf_addz(&in, "Content-Type: text/plain");
	for (int i = 0; i < 200000; i++)
		buf_addf(&in, "; n*%d=x", i);
	assert_int_equal(
	    mime_part_parse(&root, NULL, arena, buf_str(&in), &limits, &err),
	    0);
	buf_clear(&in);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_every_message_a_structure),
		cmocka_unit_test(splits_multiparts_at_their_boundaries),
		cmocka_unit_test(gives_an_empty_multipart_one_empty_part),
		cmocka_unit_test(tells_boundaries_apart_that_begin_alike),
		cmocka_unit_test(ends_what_was_never_closed_with_what_holds_it),
		cmocka_unit_test(looks_into_messages),
		cmocka_unit_test(treats_what_is_over_a_limit_as_opaque),
		cmocka_unit_test(says_when_the_arena_is_full),
		cmocka_unit_test(keeps_what_the_header_fields_say),
		cmocka_unit_test(finds_parts_by_section_number),
		cmocka_unit_test(numbers_a_single_part_and_a_lone_message),
		cmocka_unit_test(gives_the_text_of_a_part),
		cmocka_unit_test(survives_bombs),
	};

	return cmocka_run_group_tests_name("mime/part", tests, NULL, NULL);
}
