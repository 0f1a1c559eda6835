#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/attr.h"
#include "store/digest.h"
#include "t/unit/assert_str.h"

static const char typical[] =
    "From: a@b\r\n"
    "Subject: Re: [x] =?utf-8?q?h=C3=A9?=\r\n"
    "Date: 1 Jan 1970 01:00:10 +0100\r\n"
    "References: x <a@b>\r\n <\"c\" @d>\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\n\r\none\r\n"
    "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\ntwo\r\n"
    "--b--\r\n";

static void
makes_all_that_a_mailbox_shows(void **state)
{
	struct arena *arena = arena_new(0);
	struct store_digest digest;
	struct err err;

	(void)state;
	assert_int_equal(
	    store_digest_make(&digest, arena, str_of(typical), NULL, &err), 0);
	assert_int_equal(digest.length, sizeof(typical) - 1);
	assert_true(digest.has_date);
	assert_int_equal(digest.date, 10);
	assert_int_equal(digest.zone, 60);
	assert_str(digest.subject, "h\xc3\xa9");
	assert_true(digest.is_reply);
	assert_str(digest.references, "<a@b> <c@d>");
	assert_int_equal(digest.envelope.list[MIME_FROM].count, 1);
	assert_int_equal(digest.root->kind, MIME_PART_MULTIPART);
	arena_free(arena);
}

static void
leaves_out_what_the_message_does_not_say(void **state)
{
	struct arena *arena = arena_new(0);
	struct store_digest digest;
	struct err err;

	(void)state;
	assert_int_equal(store_digest_make(&digest, arena,
			     STR("Date: soon\r\nReferences: none\r\n"), NULL,
			     &err),
	    0);
	assert_false(digest.has_date);
	assert_null(digest.subject.p);
	assert_null(digest.references.p);
	assert_int_equal(store_digest_make(&digest, arena,
			     STR("Subject: Re:\r\n"), NULL, &err),
	    0);
	assert_non_null(digest.subject.p);
	assert_int_equal(digest.subject.len, 0);
	arena_free(arena);
}

static void
keeps_the_newest_references(void **state)
{
	struct arena *arena = arena_new(0);
	struct store_digest digest;
	struct buf in;
	struct err err;

	(void)state;
	buf_init(&in, 0);
	buf_addz(&in, "References: <first>");
	for (int i = 0; i < 499; i++)
		buf_addz(&in, "<x>");
	assert_int_equal(
	    store_digest_make(&digest, arena, buf_str(&in), NULL, &err), 0);
	assert_true(str_starts(digest.references, STR("<first> <x>")));
	buf_addz(&in, " <last>");
	assert_int_equal(
	    store_digest_make(&digest, arena, buf_str(&in), NULL, &err), 0);
	assert_true(str_starts(digest.references, STR("<x> <x>")));
	assert_true(str_ends(digest.references, STR("<x> <last>")));
	buf_clear(&in);
	arena_free(arena);
}

static void
says_when_the_arena_is_full(void **state)
{
	struct arena *arena = arena_new(100);
	struct store_digest digest;
	struct err err;

	(void)state;
	assert_int_equal(
	    store_digest_make(&digest, arena, str_of(typical), NULL, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	arena_free(arena);
}

/* Build, decode, and give the number of parts below the root. */
static size_t
assert_builds(struct str message, struct arena *arena,
    struct store_digest *digest)
{
	const struct mime_part *part;
	size_t parts = 0;
	struct buf out;
	struct err err;

	buf_init(&out, 0);
	buf_addc(&out, 'x'); /* what is there stays */
	store_digest_build(&out, message, NULL);
	assert_int_equal(
	    store_digest_decode(digest, arena,
		arena_str(arena, str_sub(buf_str(&out), 1, out.len)), message,
		&err),
	    0);
	for (part = digest->root->child; part != NULL; part = part->next)
		parts++;
	buf_clear(&out);
	return parts;
}

static void
survives_the_way_through_bytes(void **state)
{
	struct arena *arena = arena_new(0);
	struct store_digest digest;
	const struct mime_part *inner;

	(void)state;
	assert_int_equal(assert_builds(str_of(typical), arena, &digest), 2);
	assert_str(digest.root->child->body, "one");
	inner = digest.root->child->next;
	assert_str(inner->envelope->subject, "in");
	assert_str(inner->child->body, "two");
	assert_str(digest.references, "<a@b> <c@d>");
	arena_free(arena);
}

static void
describes_what_is_too_much_by_smaller_limits(void **state)
{
	struct arena *arena = arena_new(0);
	struct store_digest digest;
	struct buf in;

	(void)state;
	buf_init(&in, 0);
	buf_addz(&in, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (int i = 0; i < 900; i++) {
		buf_addz(&in, "--b\r\nContent-Type: a/b");
		for (int j = 0; j < 30; j++)
			buf_addf(&in, "; p%d=x", j);
		buf_addz(&in, "\r\n\r\n");
	}
	assert_int_equal(assert_builds(buf_str(&in), arena, &digest), 50);
	buf_clear(&in);
	arena_free(arena);
}

static void
gives_nothing_where_even_that_is_too_much(void **state)
{
	struct buf in, out;

	(void)state;
	buf_init(&in, 0);
	buf_init(&out, 0);
	buf_addz(&in, "Subject: ");
	for (int i = 0; i < 300000; i++)
		buf_addc(&in, 'x');
	store_digest_build(&out, buf_str(&in), NULL);
	assert_int_equal(out.len, 0);
	buf_clear(&in);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_all_that_a_mailbox_shows),
		cmocka_unit_test(leaves_out_what_the_message_does_not_say),
		cmocka_unit_test(keeps_the_newest_references),
		cmocka_unit_test(says_when_the_arena_is_full),
		cmocka_unit_test(survives_the_way_through_bytes),
		cmocka_unit_test(describes_what_is_too_much_by_smaller_limits),
		cmocka_unit_test(gives_nothing_where_even_that_is_too_much),
	};

	return cmocka_run_group_tests_name("store/digest_make", tests, NULL,
	    NULL);
}
