/*
 * Snapshots of the index and compaction of packs: space comes back, and
 * nothing else changes.
 */
#include "t/unit/stored/fixture.h"

#include "base/num.h"
#include "store/row.h"
#include "store/verify.h"
#include "stored/append.h"
#include "stored/check.h"
#include "stored/compact.h"
#include "stored/expunge.h"
#include "stored/snapshot.h"

enum { BODY = 20000, MESSAGES = 200, DIGEST = 5000 };

static int
setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	fixture_open(f, "compact");
	hello(f, 0);
	*state = f;
	return 0;
}

static void
verify_bodies(struct fixture *f)
{
	struct store_verify_ops ops = { print_problem, check_body, f->engine };
	struct err err;

	assert_int_equal(store_verify_all(f->engine->kv, &ops, &err), 0);
}

static void
deliver(struct fixture *f, int number)
{
	static char body[BODY], digest[DIGEST];
	struct store_target target = { .user = user_name(0),
		.name = STR("INBOX"),
		.prefix = STR("") };
	struct store_append in = { .internal = number,
		.queue_id = STR(""),
		.targets = { &target, 1 },
		.digest = str_make(digest, sizeof(digest)),
		.body = str_make(body, sizeof(body)) };
	struct request *request;

	memset(body, 'a' + number % 26, sizeof(body));
	memset(digest, 'A' + number % 26, sizeof(digest));
	request = ask(f, append_run, &store_append_msg, &in, 0);
	run_one(f, request, ERR_NONE);
	request_free(request);
}

/* All but every tenth message. */
static void
expunge_most(struct fixture *f)
{
	for (uint32_t uid = 1; uid <= MESSAGES; uid++) {
		unsigned char bytes[8];
		struct store_expunge in = { .mailbox = 1,
			.uids = { (char *)bytes, 8 } };
		struct request *request;

		if (uid % 10 == 0)
			continue;
		num_put_u32(bytes, uid);
		num_put_u32(bytes + 4, uid);
		request = ask(f, expunge_run, &store_expunge_msg, &in, 0);
		run_one(f, request, ERR_NONE);
		request_free(request);
	}
}

static size_t
packs(struct fixture *f)
{
	return seglog_segments(f->engine->log, NULL, 0);
}

static void
snapshot(struct fixture *f)
{
	struct err err;

	if (snapshot_make(f->engine, &err) < 0)
		fail_msg("%s", err.text);
}

static unsigned
release(struct fixture *f)
{
	unsigned count;
	struct err err;

	if (compact_release(f->engine, &count, &err) < 0)
		fail_msg("%s", err.text);
	return count;
}

static uint64_t
compact(struct fixture *f, unsigned percent)
{
	struct compact_list list;
	uint64_t moved = 0;

	compact_choose(f->engine, percent, &list);
	for (size_t i = 0; i < list.count; i++) {
		struct err err;
		struct request *request =
		    compact_new(f->engine, list.pack[i], &err);

		assert_non_null(request);
		list_push(&f->batch, &request->link);
		run_one(f, request, ERR_NONE);
		moved += compact_moved(request);
		request_free(request);
	}
	free(list.pack);
	return moved;
}

static int
read_all(struct kv_txn *txn, void *arg, struct err *err)
{
	struct fixture *f = arg;
	struct store_blob blob;
	struct store_hot hot;

	for (uint32_t uid = 1; uid <= MESSAGES; uid++) {
		char *bytes;
		struct str body;

		assert_int_equal(store_row_hot(txn, 1, uid, &hot, err),
		    uid % 10 == 0);
		if (uid % 10 != 0)
			continue;
		assert_int_equal(store_row_blob(txn, hot.blob, &blob, err), 1);
		assert_int_equal(
		    check_read(f->engine, hot.blob, &blob, &bytes, &body, err),
		    0);
		assert_int_equal(body.len, BODY);
		for (size_t i = 0; i < BODY; i++)
			assert_int_equal(body.p[i],
			    'a' + (int)hot.internal % 26);
		free(bytes);
	}
	return 0;
}

static void
check(struct fixture *f)
{
	struct err err;

	verify_bodies(f);
	assert_int_equal(kv_view(f->engine->kv, read_all, f, &err), 0);
}

static void
space_of_what_is_expunged_comes_back(void **state)
{
	struct fixture *f = *state;
	size_t before;

	for (int i = 1; i <= MESSAGES; i++)
		deliver(f, i);
	expunge_most(f);
	before = packs(f);
	assert_true(before >= 5);
	assert_int_equal(release(f), 0); /* no snapshot covers them */
	snapshot(f);
	assert_int_equal(release(f), 0); /* each has something alive */
	assert_true(compact(f, 50) >= MESSAGES / 10 * (BODY + DIGEST) / 2);
	check(f);
	assert_int_equal(release(f), 0); /* the snapshot is older than that */
	snapshot(f);
	assert_true(release(f) >= 4);
	assert_true(packs(f) < before);
	check(f);
	reopen(f, false);
	check(f);
	/* From the snapshot, and the journal since. */
	deliver(f, MESSAGES + 1);
	engine_ask_rebuild(f->engine, &(struct err){ 0 });
	engine_close(f->engine);
	open_engine(f);
	assert_int_equal(f->engine->replayed, 1);
	check(f);
}

static void
a_record_that_dies_or_is_copied_meanwhile(void **state)
{
	struct fixture *f = *state;
	unsigned char bytes[8] = { 0, 0, 0, 10, 0, 0, 0, 10 };
	struct store_expunge in = { .mailbox = 1,
		.uids = { (char *)bytes, 8 } };
	struct compact_list list;
	struct request *request;
	struct err err;
	size_t done;

	for (int i = 1; i <= MESSAGES; i++)
		deliver(f, i);
	expunge_most(f);
	snapshot(f);
	compact_choose(f->engine, 50, &list);
	assert_true(list.count > 0);
	/* In one batch: the move is settled when all requests have run. */
	request = compact_new(f->engine, list.pack[0], &err);
	assert_non_null(request);
	list_push(&f->batch, &request->link);
	(void)ask(f, expunge_run, &store_expunge_msg, &in, 0);
	engine_batch(f->engine, &f->batch, &done);
	assert_int_equal(done, 2);
	while (!list_is_empty(&f->batch))
		request_free(LIST_ITEM(f->batch.next, struct request, link));
	free(list.pack);
	verify_bodies(f);
	reopen(f, true);
	verify_bodies(f);
}

/* A snapshot is of one moment, whatever is done while it is written. */
static void
a_snapshot_is_of_one_moment(void **state)
{
	struct fixture *f = *state;
	struct snapshot *snapshot;
	struct err err;
	bool more = true;

	for (int i = 1; i <= MESSAGES; i++)
		deliver(f, i);
	assert_int_equal(snapshot_begin(&snapshot, f->engine, &err), 0);
	expunge_most(f);
	while (more)
		assert_int_equal(snapshot_step(snapshot, 1, &more, &err), 0);
	snapshot_free(snapshot);
	engine_ask_rebuild(f->engine, &err);
	engine_close(f->engine);
	open_engine(f);
	assert_int_equal(f->engine->replayed, MESSAGES / 10 * 9);
	check(f);
}

static void
damage_is_noticed(void **state)
{
	struct fixture *f = *state;
	char path[100];
	struct buf file;
	struct err err;

	for (int i = 1; i <= MESSAGES; i++)
		deliver(f, i);
	expunge_most(f);
	snapshot(f);
	(void)snprintf(path, sizeof(path), "%s/snapshot", f->dir);
	buf_init(&file, 0);
	assert_int_equal(fs_read_file(AT_FDCWD, path, &file, &err), 0);
	for (size_t at = 0; at < file.len; at += file.len / 50) {
		size_t at_last = file.len - 1;
		struct str bytes = buf_str(&file);

		file.p[at] ^= 1;
		assert_int_equal(
		    fs_write_file(AT_FDCWD, path, bytes, 0600, &err), 0);
		engine_ask_rebuild(f->engine, &err);
		engine_close(f->engine);
		assert_int_equal(engine_open(&f->engine, &f->conf, &err), -1);
		assert_int_equal(err.kind, ERR_CORRUPT);
		file.p[at] ^= 1;
		bytes.len = at_last;
		assert_int_equal(
		    fs_write_file(AT_FDCWD, path, bytes, 0600, &err), 0);
		assert_int_equal(engine_open(&f->engine, &f->conf, &err), -1);
		bytes.len = file.len;
		assert_int_equal(
		    fs_write_file(AT_FDCWD, path, bytes, 0600, &err), 0);
		open_engine(f);
	}
	check(f);
	buf_clear(&file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    space_of_what_is_expunged_comes_back, setup,
		    fixture_teardown),
		cmocka_unit_test_setup_teardown(
		    a_record_that_dies_or_is_copied_meanwhile, setup,
		    fixture_teardown),
		cmocka_unit_test_setup_teardown(a_snapshot_is_of_one_moment,
		    setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(damage_is_noticed, setup,
		    fixture_teardown),
	};

	return cmocka_run_group_tests_name("stored/compact", tests, NULL, NULL);
}
