#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "imapd/msgset.h"
#include "imapd/view.h"
#include "store/uids.h"

/* Every second UID: 1, 3, 5, ... */
static void
fill(struct view *view, uint32_t count)
{
	*view = (struct view){ 0 };
	for (uint32_t i = 0; i < count; i++)
		(void)view_insert(view, 2 * i + 1, 0, 0, false);
}

static void
names_just_the_messages_of_the_view(void **state)
{
	struct seqset_range range[] = { { 1, 2 }, { 4, 9 } };
	struct seqset set = { range, 2, 2 };
	struct store_uids uids;
	struct view view;

	(void)state;
	fill(&view, 6);
	msgset_uids(&view, &set, false, &uids);
	assert_int_equal(uids.len, 5);
	assert_int_equal(store_uids_count(&uids), 5);
	assert_false(store_uids_has(&uids, 2));
	assert_false(store_uids_has(&uids, 5));
	assert_true(store_uids_has(&uids, 11));
	store_uids_clear(&uids);
	view_clear(&view);
}

/* What all of a large mailbox with holes comes to must fit a request. */
static void
joins_what_no_request_takes(void **state)
{
	const uint32_t most = MSGSET_RUNS_MAX, more = most + 10;
	struct seqset_range range[] = { { 1, 5 }, { 7, UINT32_MAX } };
	struct seqset set = { range, 2, 2 };
	struct store_uids uids;
	struct view view;

	(void)state;
	fill(&view, most + 1); /* but for the sixth */
	msgset_uids(&view, &set, false, &uids);
	assert_int_equal(uids.len, most);
	assert_int_equal(store_uids_count(&uids), most);
	store_uids_clear(&uids);
	view_clear(&view);

	fill(&view, more);
	msgset_uids(&view, &set, false, &uids);
	assert_int_equal(uids.len, 2);
	assert_int_equal(uids.run[0].first, 1);
	assert_int_equal(uids.run[0].last, 9);
	assert_int_equal(uids.run[1].first, 13);
	assert_int_equal(uids.run[1].last, 2 * more - 1);
	store_uids_clear(&uids);
	view_clear(&view);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_just_the_messages_of_the_view),
		cmocka_unit_test(joins_what_no_request_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
