#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "imapd/view.h"

/* UIDs 10, 20, ... of count messages. */
static void
fill(struct view *view, uint32_t count)
{
	*view = (struct view){ 0 };
	for (uint32_t i = 1; i <= count; i++)
		assert_int_equal(view_insert(view, i * 10, 0, 0, false), i - 1);
}

static void
finds_messages_by_uid(void **state)
{
	struct view view = { 0 };

	(void)state;
	assert_int_equal(view_find(&view, 1), VIEW_NONE);
	assert_int_equal(view_last_uid(&view), 0);
	fill(&view, 100);
	assert_int_equal(view_find(&view, 10), 0);
	assert_int_equal(view_find(&view, 1000), 99);
	assert_int_equal(view_find(&view, 15), VIEW_NONE);
	assert_int_equal(view_find(&view, 1001), VIEW_NONE);
	assert_int_equal(view_last_uid(&view), 1000);
	/* One that comes late stands where its UID belongs. */
	assert_int_equal(view_insert(&view, 15, 0, 0, false), 1);
	assert_int_equal(view_find(&view, 20), 2);
	assert_int_equal(view.len, 101);
	view_clear(&view);
}

static void
names_ranges_by_number_and_by_uid(void **state)
{
	static const struct {
		uint32_t lo, hi;
		bool uid;
		size_t from, to;
	} cases[] = {
		{ 1, 5, false, 0, 5 },
		{ 2, 2, false, 1, 2 },
		{ 4, 9, false, 3, 5 },
		{ 6, 9, false, 5, 5 },
		{ 1, UINT32_MAX, false, 0, 5 },
		{ 0, 1, false, 0, 1 },
		{ 10, 10, true, 0, 1 },
		{ 11, 19, true, 1, 1 },
		{ 11, 20, true, 1, 2 },
		{ 1, UINT32_MAX, true, 0, 5 },
		{ 51, UINT32_MAX, true, 5, 5 },
		{ 0, 0, true, 0, 0 },
	};
	struct view view;

	(void)state;
	fill(&view, 5);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct seqset_range range = { cases[i].lo, cases[i].hi };
		size_t from, to;

		view_range(&view, &range, cases[i].uid, &from, &to);
		assert_int_equal(to - from, cases[i].to - cases[i].from);
		if (to > from)
			assert_int_equal(from, cases[i].from);
	}
	view_clear(&view);
}

static void
keeps_flags_and_any_set_of_keywords(void **state)
{
	struct view view;

	(void)state;
	fill(&view, 2000);
	for (size_t i = 0; i < view.len; i++)
		assert_int_equal(view_set(&view, i, i % 32, i * i), i > 0);
	for (size_t i = 0; i < view.len; i++) {
		assert_int_equal(view_flags(&view, i), i % 32);
		assert_int_equal(view_keywords(&view, i), i * i);
		assert_false(view_set(&view, i, i % 32, i * i));
	}
	/* The same sets again take no more room. */
	assert_int_equal(view.sets, 2000);
	view_mark(&view, 7, VIEW_DIRTY, true);
	view_mark(&view, 7, VIEW_MOVED, true);
	assert_true(view_set(&view, 7, 0, UINT64_MAX));
	assert_true(view_is(&view, 7, VIEW_DIRTY));
	assert_true(view_is(&view, 7, VIEW_MOVED));
	assert_int_equal(view_keywords(&view, 7), UINT64_MAX);
	view_clear(&view);
}

static void
counts_marks(void **state)
{
	struct view view;

	(void)state;
	fill(&view, 3);
	view_mark(&view, 1, VIEW_DIRTY, true);
	view_mark(&view, 1, VIEW_DIRTY, true);
	view_mark(&view, 2, VIEW_DIRTY, true);
	assert_int_equal(view.dirty, 2);
	view_mark(&view, 1, VIEW_DIRTY, false);
	view_mark(&view, 1, VIEW_DIRTY, false);
	assert_int_equal(view.dirty, 1);
	assert_int_equal(view_insert(&view, 99, 0, 0, true), 3);
	assert_int_equal(view.recent, 1);
	view_clear(&view);
}

struct told {
	size_t seq[10], len;
	uint32_t uid[10];
};

static void
note(void *ctx, size_t seq, uint32_t uid)
{
	struct told *told = ctx;

	told->uid[told->len] = uid;
	told->seq[told->len++] = seq;
}

static void
numbers_expunges_as_the_client_must_count(void **state)
{
	struct told told = { 0 };
	struct view view;

	(void)state;
	fill(&view, 6);
	view_expunge(&view, note, &told);
	assert_int_equal(told.len, 0);
	view_mark(&view, 0, VIEW_EXPUNGED, true);
	view_mark(&view, 2, VIEW_EXPUNGED, true);
	view_mark(&view, 3, VIEW_EXPUNGED, true);
	view_mark(&view, 3, VIEW_DIRTY, true);
	view_mark(&view, 3, VIEW_MOVED, true);
	assert_int_equal(view.moved, 1);
	view_mark(&view, 5, VIEW_EXPUNGED, true);
	view_expunge(&view, note, &told);
	/* 1 2 3 4 5 6: without 1 the third is 2, and so is the fourth then */
	assert_int_equal(told.len, 4);
	assert_int_equal(told.seq[0], 1);
	assert_int_equal(told.seq[1], 2);
	assert_int_equal(told.seq[2], 2);
	assert_int_equal(told.seq[3], 3);
	assert_int_equal(told.uid[1], 30);
	assert_int_equal(told.uid[3], 60);
	assert_int_equal(view.len, 2);
	assert_int_equal(view.message[0].uid, 20);
	assert_int_equal(view.message[1].uid, 50);
	assert_int_equal(view.expunged, 0);
	assert_int_equal(view.dirty, 0);
	assert_int_equal(view.moved, 0);
	view_clear(&view);
}

static void
begins_anew_without_marks(void **state)
{
	static const unsigned marks[] = { VIEW_EXPUNGED, VIEW_DIRTY,
		VIEW_RECENT, VIEW_MOVED };
	struct view view;

	(void)state;
	fill(&view, 6);
	for (size_t i = 0; i < view.len; i++)
		(void)view_set(&view, i, (unsigned)i, i);
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		view_mark(&view, i + 1, marks[i], true);
	view_mark(&view, 5, VIEW_EXPUNGED, true);
	view_mark(&view, 5, VIEW_RECENT, true);
	view_settle(&view);
	assert_int_equal(view.len, 4);
	assert_int_equal(view.expunged, 0);
	assert_int_equal(view.dirty, 0);
	assert_int_equal(view.recent, 0);
	assert_int_equal(view.moved, 0);
	for (size_t i = 0; i < view.len; i++) {
		size_t was = i == 0 ? 0 : i + 1;

		assert_int_equal(view.message[i].uid, (was + 1) * 10);
		assert_int_equal(view_flags(&view, i), was);
		assert_int_equal(view_keywords(&view, i), was);
		assert_false(view_is(&view, i,
		    VIEW_EXPUNGED | VIEW_DIRTY | VIEW_RECENT | VIEW_MOVED));
	}
	view_clear(&view);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_messages_by_uid),
		cmocka_unit_test(names_ranges_by_number_and_by_uid),
		cmocka_unit_test(keeps_flags_and_any_set_of_keywords),
		cmocka_unit_test(counts_marks),
		cmocka_unit_test(numbers_expunges_as_the_client_must_count),
		cmocka_unit_test(begins_anew_without_marks),
	};

	return cmocka_run_group_tests_name("imapd/view", tests, NULL, NULL);
}
