/*
 * Several messages in one request: all of them in the mailbox, under UIDs that
 * follow each other, or none.
 */
#include "t/unit/stored/fixture.h"

#include "store/verify.h"
#include "stored/append_all.h"
#include "stored/quota.h"

enum { MANY = 300 };

static int
setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	fixture_open(f, "append-all");
	hello(f, 0);
	hello(f, 1);
	*state = f;
	return 0;
}

static const struct store_appendee small = { .internal = INT64_MIN,
	.digest = STR("digest"),
	.body = STR("Subject: x\r\n\r\nx\r\n") };

/* As user 0 who has the rights of a session; the UID of the first, or 0. */
static uint32_t
append_all(struct fixture *f, const char *name,
    const struct store_appendee *item, size_t count, enum err_kind kind)
{
	struct store_append_all in = { str_of(name),
		{ (void *)(uintptr_t)item, count } };
	struct request *request =
	    ask(f, append_all_run, &store_append_all_msg, &in, 0);
	uint32_t uid = 0;

	request->is_trusted = false;
	run_one(f, request, kind);
	if (kind == ERR_NONE) {
		const struct store_appended *answer = request->answer;
		const struct store_append_result *result =
		    answer->results.items;

		assert_int_equal(answer->results.count, 1);
		assert_int_equal(result->kind, ERR_NONE);
		uid = result->uid;
	}
	request_free(request);
	verify(f);
	return uid;
}

static int
count_rows(struct kv_txn *txn, void *arg, struct err *err)
{
	uint64_t *count = arg;

	if (kv_count(txn, STORE_TAB_BLOB, &count[0], err) < 0 ||
	    kv_count(txn, STORE_TAB_HOT, &count[1], err) < 0)
		return -1;
	return kv_count(txn, STORE_TAB_UPLOAD, &count[2], err);
}

static void
there_are(struct fixture *f, unsigned messages)
{
	uint64_t count[3];
	struct err err;

	assert_int_equal(kv_view(f->engine->kv, count_rows, count, &err), 0);
	assert_int_equal(count[0], messages);
	assert_int_equal(count[1], messages);
	assert_int_equal(count[2], 0);
}

static void
they_come_in_order_and_last(void **state)
{
	struct fixture *f = *state;
	struct store_appendee *item = xcalloc(MANY, sizeof(*item));
	struct store_word word = { STR("$One") };

	for (size_t i = 0; i < MANY; i++)
		item[i] = small;
	item[1].flags = STORE_FLAG_SEEN;
	item[2].keywords = (struct ipc_list){ &word, 1 };
	item[2].internal = 5;
	assert_int_equal(append_all(f, "INBOX", item, MANY, ERR_NONE), 1);
	assert_int_equal(append_all(f, "INBOX", item, 1, ERR_NONE), MANY + 1);
	assert_int_equal(append_all(f, "INBOX", item, 2, ERR_NONE), MANY + 2);
	there_are(f, MANY + 3);
	reopen(f, true);
	there_are(f, MANY + 3);
	verify(f);
	free(item);
}

static int
look_at(struct kv_txn *txn, void *arg, struct err *err)
{
	struct store_hot *hot = arg;
	struct kv_range range;
	struct str key, value;
	int ret =
	    kv_range_open(&range, txn, STORE_TAB_HOT, STR(""), STR(""), err);

	for (int i = 0; ret >= 0 && i < 3; i++) {
		ret = kv_range_next(&range, &key, &value, err);
		assert_int_equal(ret, 1);
		assert_int_equal(store_hot_decode(&hot[i], value, err), 0);
	}
	kv_range_close(&range);
	return 0;
}

static void
each_keeps_what_it_brings(void **state)
{
	struct fixture *f = *state;
	struct store_word word = { STR("$One") };
	struct store_appendee item[3] = { small, small, small };
	struct store_hot hot[3];
	struct err err;

	item[0].flags = STORE_FLAG_SEEN | STORE_FLAG_DRAFT;
	item[1].keywords = (struct ipc_list){ &word, 1 };
	item[1].internal = 5;
	item[2].body = STR("another\r\n");
	assert_int_equal(append_all(f, "INBOX", item, 3, ERR_NONE), 1);
	assert_int_equal(kv_view(f->engine->kv, look_at, hot, &err), 0);
	assert_int_equal(hot[0].flags, STORE_FLAG_SEEN | STORE_FLAG_DRAFT);
	assert_int_equal(hot[1].flags, 0);
	assert_int_equal(hot[0].keywords, 0);
	assert_int_equal(hot[1].keywords, 1);
	assert_int_equal(hot[1].internal, 5);
	assert_true(hot[0].internal > 5);
	assert_int_equal(hot[0].size, small.body.len);
	assert_int_equal(hot[2].size, item[2].body.len);
	assert_int_equal(hot[0].modseq, hot[2].modseq);
	assert_true(hot[0].blob < hot[1].blob && hot[1].blob < hot[2].blob);
}

static void
none_when_one_cannot_be(void **state)
{
	struct fixture *f = *state;
	struct store_appendee item[2] = { small, small };
	struct store_appendee *many = xcalloc(STORE_SLICE, sizeof(*many));
	struct store_word bad = { STR("no word") };
	char *large = xcalloc(1, STORE_MSG_INLINE_MAX);

	(void)append_all(f, "INBOX", item, 0, ERR_SYNTAX);
	(void)append_all(f, "nowhere", item, 2, ERR_NOENT);
	item[1].flags = 0x8000;
	(void)append_all(f, "INBOX", item, 2, ERR_SYNTAX);
	item[1].flags = 0;
	item[1].keywords = (struct ipc_list){ &bad, 1 };
	(void)append_all(f, "INBOX", item, 2, ERR_LIMIT);
	item[1] = small;
	item[1].body = str_make(large, STORE_MSG_INLINE_MAX - 10);
	(void)append_all(f, "INBOX", item, 2, ERR_SYNTAX);
	there_are(f, 0);
	for (size_t i = 0; i < STORE_SLICE; i++)
		many[i] = small;
	assert_int_equal(append_all(f, "INBOX", many, STORE_SLICE, ERR_NONE),
	    1);
	there_are(f, STORE_SLICE);
	free(large);
	free(many);
}

/* A quota counts them together. */
static void
quota_holds_for_all(void **state)
{
	struct fixture *f = *state;
	struct store_quota in = { user_name(0), true, 0, 2 };
	struct request *request = ask(f, quota_run, &store_quota_msg, &in, 0);
	struct store_appendee item[3] = { small, small, small };

	run_one(f, request, ERR_NONE);
	request_free(request);
	(void)append_all(f, "INBOX", item, 3, ERR_LIMIT);
	there_are(f, 0);
	assert_int_equal(append_all(f, "INBOX", item, 2, ERR_NONE), 1);
	there_are(f, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(they_come_in_order_and_last,
		    setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(each_keeps_what_it_brings,
		    setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(none_when_one_cannot_be, setup,
		    fixture_teardown),
		cmocka_unit_test_setup_teardown(quota_holds_for_all, setup,
		    fixture_teardown),
	};

	return cmocka_run_group_tests_name("stored/append_all", tests, NULL,
	    NULL);
}
