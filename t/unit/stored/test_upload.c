/*
 * Uploads: several messages that become one mailbox's at once, or nobody's.
 */
#include "t/unit/stored/fixture.h"

#include "store/verify.h"
#include "stored/append.h"
#include "stored/upload.h"

static int
setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	fixture_open(f, "upload");
	hello(f, 0);
	hello(f, 1);
	*state = f;
	return 0;
}

static uint64_t
hold(struct fixture *f, unsigned user)
{
	struct store_append in = { .internal = INT64_MIN,
		.queue_id = STR(""),
		.digest = STR("digest"),
		.body = STR("Subject: x\r\n\r\nx\r\n"),
		.hold = true };
	struct request *request =
	    ask(f, append_run, &store_append_msg, &in, user);
	uint64_t blob;

	run_one(f, request, ERR_NONE);
	blob = ((struct store_appended *)request->answer)->blob;
	request_free(request);
	assert_true(blob != 0);
	return blob;
}

static void
adopt(struct fixture *f, unsigned user, const char *name, uint64_t first,
    uint64_t second, enum err_kind kind)
{
	struct store_adoptee item[2] = {
		{ .blob = first, .internal = 5, .flags = STORE_FLAG_SEEN },
		{ .blob = second, .internal = INT64_MIN },
	};
	struct store_adopt in = { STR(""), str_of(name), { item, 2 } };
	struct request *request =
	    ask(f, adopt_run, &store_adopt_msg, &in, user);
	const struct store_adopted *answer;

	run_one(f, request, kind);
	answer = request->answer;
	if (kind == ERR_NONE && name[0] != '\0')
		assert_true(answer->first == 1 && answer->count == 2);
	request_free(request);
	verify(f);
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
there_are(struct fixture *f, unsigned blobs, unsigned messages,
    unsigned uploads)
{
	uint64_t count[3];
	struct err err;

	assert_int_equal(kv_view(f->engine->kv, count_rows, count, &err), 0);
	assert_int_equal(count[0], blobs);
	assert_int_equal(count[1], messages);
	assert_int_equal(count[2], uploads);
}

static void
are_adopted_by_their_user_all_or_none(void **state)
{
	struct fixture *f = *state;
	uint64_t a = hold(f, 0), b = hold(f, 0);

	verify(f);
	there_are(f, 2, 0, 2);
	adopt(f, 1, "INBOX", a, b, ERR_TEMP);
	adopt(f, 0, "INBOX", b, a, ERR_SYNTAX);
	adopt(f, 0, "INBOX", a, a, ERR_SYNTAX);
	adopt(f, 0, "INBOX", a, b + 1, ERR_TEMP);
	adopt(f, 0, "nowhere", a, b, ERR_NOENT);
	there_are(f, 2, 0, 2);
	reopen(f, true);
	adopt(f, 0, "INBOX", a, b, ERR_NONE);
	there_are(f, 2, 2, 0);
	adopt(f, 0, "INBOX", a, b, ERR_TEMP);
	reopen(f, true);
	there_are(f, 2, 2, 0);
	verify(f);
}

static void
prune(struct fixture *f, bool all)
{
	struct request *request = upload_prune_new(all);
	size_t count;

	list_push(&f->batch, &request->link);
	engine_batch(f->engine, &f->batch, &count);
	assert_int_equal(request->err.kind, ERR_NONE);
	request_free(request);
	verify(f);
}

static void
nobody_wants_them(void **state)
{
	struct fixture *f = *state;
	uint64_t a = hold(f, 0), b = hold(f, 0);

	adopt(f, 0, "", a, b, ERR_NONE);
	there_are(f, 0, 0, 0);
	(void)hold(f, 1);
	prune(f, false);
	there_are(f, 1, 0, 1);
	prune(f, true);
	there_are(f, 0, 0, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    are_adopted_by_their_user_all_or_none, setup,
		    fixture_teardown),
		cmocka_unit_test_setup_teardown(nobody_wants_them, setup,
		    fixture_teardown),
	};

	return cmocka_run_group_tests_name("stored/upload", tests, NULL, NULL);
}
