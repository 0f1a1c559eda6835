#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "imapd/park_state.h"
#include "imapd/view_pack.h"
#include "ipc/handover_msg.h"

/* A view with every kind of message, several of most. */
static void
fill(struct view *view, uint32_t count)
{
	static const uint64_t keywords[] = { 0, 1, (uint64_t)1 << 63, 5 };

	*view = (struct view){ 0 };
	for (uint32_t i = 0; i < count; i++) {
		size_t at = view_insert(view, i * 3 + 1, i / 7 % 32,
		    keywords[i / 11 % 4], i % 13 < 5);

		view_mark(view, at, VIEW_EXPUNGED, i % 17 == 3);
	}
}

/* The same UIDs, and nothing else but what is packed. */
static int
copy(struct view *to, const struct view *from, struct err *err)
{
	struct buf flags, recent, expunged;
	int ret;

	*to = (struct view){ 0 };
	buf_init(&flags, 0);
	buf_init(&recent, 0);
	buf_init(&expunged, 0);
	view_pack_flags(&flags, from);
	view_pack_recent(&recent, from);
	view_pack_expunged(&expunged, from);
	for (size_t i = 0; i < from->len; i++)
		if (!view_is(from, i, VIEW_EXPUNGED))
			(void)view_insert(to, from->message[i].uid, 0, 0,
			    false);
	ret = view_unpack_expunged(to, buf_str(&expunged), err);
	if (ret == 0)
		ret = view_unpack_flags(to, buf_str(&flags), err);
	if (ret == 0)
		ret = view_unpack_recent(to, buf_str(&recent), err);
	buf_clear(&flags);
	buf_clear(&recent);
	buf_clear(&expunged);
	return ret;
}

static void
comes_back_as_it_was(void **state)
{
	static const uint32_t counts[] = { 0, 1, 2, 3, 4, 100, 5000 };

	(void)state;
	for (size_t n = 0; n < NELEMS(counts); n++) {
		struct view one, two;
		struct err err;

		fill(&one, counts[n]);
		assert_int_equal(copy(&two, &one, &err), 0);
		assert_int_equal(two.len, one.len);
		assert_int_equal(two.expunged, one.expunged);
		assert_int_equal(two.recent, one.recent);
		assert_int_equal(view_checksum(&two), view_checksum(&one));
		for (size_t i = 0; i < one.len; i++) {
			assert_int_equal(view_flags(&two, i),
			    view_flags(&one, i));
			assert_int_equal(view_keywords(&two, i),
			    view_keywords(&one, i));
			assert_int_equal(view_is(&two, i, VIEW_RECENT),
			    view_is(&one, i, VIEW_RECENT));
			assert_int_equal(view_is(&two, i, VIEW_EXPUNGED),
			    view_is(&one, i, VIEW_EXPUNGED));
		}
		view_clear(&one);
		view_clear(&two);
	}
}

static void
alike_messages_take_a_few_bytes(void **state)
{
	struct view view = { 0 };
	struct buf flags, recent;

	(void)state;
	for (uint32_t uid = 1; uid <= 20000; uid++)
		(void)view_insert(&view, uid, 1, 0, false);
	buf_init(&flags, 0);
	buf_init(&recent, 0);
	view_pack_flags(&flags, &view);
	view_pack_recent(&recent, &view);
	assert_true(flags.len + recent.len < 10);
	buf_clear(&flags);
	buf_clear(&recent);
	view_clear(&view);
}

/* For a view of three messages, UIDs 1, 4 and 7. */
static void
bytes_that_do_not_fit_are_refused(void **state)
{
	typedef int unpack_fn(struct view *, struct str, struct err *);
	static const struct {
		unpack_fn *unpack;
		const char *in;
		size_t len;
		int ret;
	} cases[] = {
		{ view_unpack_flags, "\3\0\0", 3, 0 },
		{ view_unpack_flags, "\1\0\0\2\37\1", 6, 0 },
		{ view_unpack_flags, "", 0, -1 },
		{ view_unpack_flags, "\2\0\0", 3, -1 },
		{ view_unpack_flags, "\4\0\0", 3, -1 },
		{ view_unpack_flags, "\3\40\0", 3, -1 },
		{ view_unpack_flags, "\3\0\0x", 4, -1 },
		{ view_unpack_flags, "\0\0\0\3\0\0", 6, -1 },
		{ view_unpack_flags, "\203", 1, -1 },
		{ view_unpack_recent, "\3", 1, 0 },
		{ view_unpack_recent, "\0\3", 2, 0 },
		{ view_unpack_recent, "\1\1\1", 3, 0 },
		{ view_unpack_recent, "\1\0\2", 3, -1 },
		{ view_unpack_recent, "\4", 1, -1 },
		{ view_unpack_recent, "\1\1", 2, -1 },
		{ view_unpack_recent, "\3\1", 2, -1 },
		{ view_unpack_expunged, "", 0, 0 },
		{ view_unpack_expunged, "\2\1\7", 3, 0 },
		{ view_unpack_expunged, "\1", 1, -1 },
		{ view_unpack_expunged, "\0", 1, -1 },
		{ view_unpack_expunged, "\2\0", 2, -1 },
		{ view_unpack_expunged, "\377\377\377\377\17", 5, 0 },
		{ view_unpack_expunged, "\377\377\377\377\17\1", 6, -1 },
		{ view_unpack_expunged, "\377\377\377\377\20", 5, -1 },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct view view = { 0 };
		struct err err = { 0 };

		for (uint32_t uid = 1; uid <= 7; uid += 3)
			(void)view_insert(&view, uid, 0, 0, false);
		assert_int_equal(cases[i].unpack(&view,
				     str_make(cases[i].in, cases[i].len), &err),
		    cases[i].ret);
		if (cases[i].ret < 0)
			assert_int_equal(err.kind, ERR_CORRUPT);
		view_clear(&view);
	}
}

static void
another_view_has_another_checksum(void **state)
{
	struct view one = { 0 }, two = { 0 };

	(void)state;
	(void)view_insert(&one, 1, 0, 0, false);
	(void)view_insert(&two, 2, 0, 0, false);
	assert_int_not_equal(view_checksum(&one), view_checksum(&two));
	(void)view_insert(&one, 2, 0, 0, false);
	assert_int_not_equal(view_checksum(&one), view_checksum(&two));
	view_clear(&one);
	view_clear(&two);
}

static void
a_state_comes_back_and_a_large_one_is_refused(void **state)
{
	char many[HANDOVER_PARKED_MAX] = "";
	struct park_state one = {
		.tag = STR("a.1"),
		.deadline = UINT64_MAX,
		.mailbox = 7,
		.modseq = 1234567890123,
		.read_only = true,
		.keywords = 64,
		.flags = STR("\1\2\3"),
	};
	struct arena *arena = arena_new(0);
	struct park_state two;
	struct err err;
	struct buf out;

	(void)state;
	buf_init(&out, 0);
	assert_int_equal(park_state_encode(&out, &one, &err), 0);
	assert_int_equal(park_state_decode(&two, buf_str(&out), arena, &err),
	    0);
	assert_true(str_eq(two.tag, one.tag) && str_eq(two.flags, one.flags));
	assert_int_equal(two.deadline, one.deadline);
	assert_int_equal(two.modseq, one.modseq);
	assert_int_equal(two.keywords, one.keywords);
	assert_true(two.read_only);
	for (size_t len = 0; len < out.len; len++) {
		assert_int_equal(park_state_decode(&two,
				     str_sub(buf_str(&out), 0, len), arena,
				     &err),
		    -1);
		assert_int_equal(err.kind, ERR_CORRUPT);
	}
	out.p[0]++; /* another version */
	assert_int_equal(park_state_decode(&two, buf_str(&out), arena, &err),
	    -1);
	buf_reset(&out);
	one.flags = str_make(many, sizeof(many));
	assert_int_equal(park_state_encode(&out, &one, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	buf_clear(&out);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back_as_it_was),
		cmocka_unit_test(alike_messages_take_a_few_bytes),
		cmocka_unit_test(bytes_that_do_not_fit_are_refused),
		cmocka_unit_test(another_view_has_another_checksum),
		cmocka_unit_test(a_state_comes_back_and_a_large_one_is_refused),
	};

	return cmocka_run_group_tests_name("imapd/view_pack", tests, NULL,
	    NULL);
}
