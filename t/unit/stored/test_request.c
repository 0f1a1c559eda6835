#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ipc/store_msg.h"
#include "store/uids.h"
#include "stored/request.h"

enum { RUNS = STORE_MSG_UIDS_MAX / STORE_RUN_SIZE };

static int
nothing(struct change *change, struct request *request, struct err *err)
{
	(void)change;
	(void)request;
	(void)err;
	return 0;
}

/* Half of a set of UIDs is another set: it is whole, or there is none. */
static void
uids_are_whole_or_refused(void **state)
{
	struct store_uids uids = { 0 }, back;
	struct store_recent in = { 1 };
	struct err err;
	struct request *request =
	    request_new(nothing, &store_recent_msg, &in, 16 << 20, &err);
	struct str out;

	(void)state;
	assert_non_null(request);
	assert_true(request_put_uids(request, &uids, &out));
	assert_int_equal(out.len, 0);
	for (uint32_t i = 0; i < RUNS; i++)
		store_uids_append(&uids, 2 * i + 1, 2 * i + 1);
	assert_true(request_put_uids(request, &uids, &out));
	assert_int_equal(out.len, STORE_MSG_UIDS_MAX);
	assert_int_equal(store_uids_decode(&back, out, &err), 0);
	assert_int_equal(store_uids_count(&back), RUNS);
	store_uids_append(&uids, 2 * RUNS + 1, 2 * RUNS + 1);
	assert_false(request_put_uids(request, &uids, &out));
	assert_int_equal(out.len, 0);
	store_uids_clear(&back);
	store_uids_clear(&uids);
	request_free(request);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uids_are_whole_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
