/*
 * The promises of the engine one by one: exactly once, nothing lost between
 * journal and index, rights, changes.
 */
#include <dirent.h>

#include "t/unit/stored/fixture.h"

#include "store/changes.h"
#include "store/row.h"
#include "store/verify.h"
#include "base/time.h"
#include "seglog/segment.h"
#include "stored/append.h"
#include "stored/copy.h"
#include "stored/expunge.h"
#include "stored/flags.h"
#include "stored/prune.h"
#include "stored/settle.h"

static int
setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	fixture_open(f, "engine");
	*state = f;
	return 0;
}

static struct request *
deliver(struct fixture *f, const char *id, uint32_t number, const char *user)
{
	struct store_target target = { .number = number,
		.user = str_of(user),
		.name = STR("INBOX"),
		.prefix = STR("") };
	struct store_append in = { .queue = 77,
		.queue_id = str_of(id),
		.internal = INT64_MIN,
		.targets = { &target, 1 },
		.digest = STR(""),
		.body = STR("Subject: x\r\n\r\nbody\r\n") };

	return ask(f, append_run, &store_append_msg, &in, 0);
}

static bool
is_repeated(struct fixture *f, const char *id, uint32_t number)
{
	struct request *request = deliver(f, id, number, "anna@a.test");
	struct store_append_result *result;
	bool repeated;

	run_one(f, request, ERR_NONE);
	result = ((struct store_appended *)request->answer)->results.items;
	assert_int_equal(result->kind, ERR_NONE);
	repeated = result->repeated;
	assert_true(repeated || result->uid > 0);
	request_free(request);
	return repeated;
}

static void
settle(struct fixture *f, enum store_settle_op op, const char *id)
{
	struct store_word word_of_id = { str_of(id) };
	struct store_settle in = { (uint8_t)op, 77,
		{ &word_of_id, id == NULL ? 0 : 1 } };
	struct request *request = ask(f, settle_run, &store_settle_msg, &in, 0);

	run_one(f, request, ERR_NONE);
	request_free(request);
}

static void
a_delivery_happens_once_until_it_is_settled(void **state)
{
	struct fixture *f = *state;

	assert_false(is_repeated(f, "q1", 0));
	assert_true(is_repeated(f, "q1", 0));
	assert_false(is_repeated(f, "q1", 7));
	assert_false(is_repeated(f, "q1", 3));
	assert_true(is_repeated(f, "q1", 7));
	assert_false(is_repeated(f, "q2", 0));
	reopen(f, false);
	assert_true(is_repeated(f, "q1", 3));
	reopen(f, true);
	assert_true(is_repeated(f, "q1", 3));

	settle(f, STORE_SETTLE_FORGET, "q1");
	assert_false(is_repeated(f, "q1", 0));
	assert_true(is_repeated(f, "q2", 0));

	/* Delivered while the list was on its way: stays. */
	settle(f, STORE_SETTLE_BEGIN, NULL);
	settle(f, STORE_SETTLE_ALIVE, "q2");
	assert_false(is_repeated(f, "q3", 0));
	settle(f, STORE_SETTLE_END, NULL);
	assert_true(is_repeated(f, "q2", 0));
	assert_true(is_repeated(f, "q3", 0));
	assert_false(is_repeated(f, "q1", 0));
}

static void
a_crash_between_journal_and_index_loses_nothing(void **state)
{
	struct fixture *f = *state;
	char index[100], kept[100], command[400];

	/* An index from before: what the packs have since is put in again. */
	hello(f, 0);
	engine_close(f->engine);
	(void)snprintf(index, sizeof(index), "%s/index", f->dir);
	(void)snprintf(kept, sizeof(kept), "%s/kept", f->dir);
	(void)snprintf(command, sizeof(command), "cp -r %s %s", index, kept);
	assert_int_equal(system(command), 0);
	open_engine(f);
	for (int i = 0; i < 5; i++) {
		char id[8];

		(void)snprintf(id, sizeof(id), "m%d", i);
		assert_false(is_repeated(f, id, 0));
	}
	engine_close(f->engine);
	(void)snprintf(command, sizeof(command), "rm -r %s; mv %s %s", index,
	    kept, index);
	assert_int_equal(system(command), 0);
	open_engine(f);
	assert_int_equal(f->engine->replayed, 5);
	assert_true(is_repeated(f, "m4", 0));

	/* Packs that end before the index are another store's. */
	engine_close(f->engine);
	f->engine = NULL;
	(void)snprintf(command, sizeof(command), "rm %s/packs/*", f->dir);
	assert_int_equal(system(command), 0);
	{
		struct err err;

		assert_int_equal(engine_open(&f->engine, &f->conf, &err), -1);
		assert_int_equal(err.kind, ERR_CORRUPT);
	}
}

static void
strangers_are_refused(void **state)
{
	struct fixture *f = *state;
	struct store_mailbox in = { .op = STORE_CREATE,
		.user = user_name(1),
		.name = STR("x") };
	struct store_flags flags = { .mailbox = 1, .uids = STR("") };
	struct request *request;

	hello(f, 0);
	hello(f, 1);
	request = ask(f, mailbox_run, &store_mailbox_msg, &in, 0);
	request->is_trusted = false;
	run_one(f, request, ERR_DENIED);
	request_free(request);

	flags.mailbox = 7; /* bob's INBOX */
	request = ask(f, flags_run, &store_flags_msg, &flags, 0);
	run_one(f, request, ERR_DENIED);
	request_free(request);
	flags.mailbox = 999;
	request = ask(f, flags_run, &store_flags_msg, &flags, 0);
	run_one(f, request, ERR_NOENT);
	request_free(request);
}

static void
changes_are_told_once_and_in_order(void **state)
{
	struct fixture *f = *state;
	struct store_change change[4];
	uint64_t since = 0;
	uint32_t after = 0, uid = 0, seen = 0;
	struct look look;
	struct err err;
	size_t count;

	for (int i = 0; i < 10; i++) {
		char id[8];

		(void)snprintf(id, sizeof(id), "m%d", i);
		assert_false(is_repeated(f, id, 0));
	}
	begin_look(&look, f, 0);
	do {
		assert_int_equal(store_changes(look.reader, 1, &since, &after,
				     change, NELEMS(change), &count, &err),
		    0);
		for (size_t i = 0; i < count; i++) {
			assert_true(change[i].uid > uid);
			assert_false(change[i].expunged);
			uid = change[i].uid;
			seen++;
		}
	} while (count == NELEMS(change));
	assert_int_equal(seen, 10);
	assert_int_equal(uid, 10);
	assert_int_equal(store_changes(look.reader, 1, &since, &after, change,
			     NELEMS(change), &count, &err),
	    0);
	assert_int_equal(count, 0);
	end_look(&look);
}

/*
 * Full in the middle of a batch, or only in its commit, when the journal has
 * it already: either way a larger index has all that was answered.
 */
static void
a_full_index_loses_nothing(void **state)
{
	struct fixture *f = *state;
	struct err err;
	bool is_full = false;
	char id[12];
	int done = 0;
	size_t count;

	hello(f, 0);
	engine_close(f->engine);
	f->conf.index_size = 400 << 10;
	assert_int_equal(engine_open(&f->engine, &f->conf, &err), 0);
	while (!is_full) {
		struct request *request;

		(void)snprintf(id, sizeof(id), "m%d", done);
		request = deliver(f, id, 0, "anna@a.test");
		engine_batch(f->engine, &f->batch, &count);
		is_full = f->engine->is_failed || request->err.kind != ERR_NONE;
		if (is_full)
			assert_int_equal(request->err.kind, ERR_TEMP);
		else
			done++;
		request_free(request);
		assert_true(done < 10000);
	}
	assert_true(done > 50);
	engine_close(f->engine);
	f->conf.index_size = 64 << 20;
	assert_int_equal(engine_open(&f->engine, &f->conf, &err), 0);
	verify(f);
	for (int i = 0; i < done; i++) {
		(void)snprintf(id, sizeof(id), "m%d", i);
		assert_true(is_repeated(f, id, 0));
	}
	assert_false(is_repeated(f, "new", 0));
}

/* One number twice in one request; and a message that nobody takes. */
static void
what_nobody_takes_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct store_target target[2] = {
		{ .number = 4,
		    .user = user_name(0),
		    .name = STR("INBOX"),
		    .prefix = STR("") },
		{ .number = 4,
		    .user = user_name(0),
		    .name = STR("INBOX"),
		    .prefix = STR("") },
	};
	struct store_append in = { .queue = 77,
		.queue_id = STR("q"),
		.targets = { target, 2 },
		.digest = STR("digest"),
		.body = STR("x\r\n") };
	struct store_append_result *result;
	struct request *request = ask(f, append_run, &store_append_msg, &in, 0);

	run_one(f, request, ERR_NONE);
	result = ((struct store_appended *)request->answer)->results.items;
	assert_true(!result[0].repeated && result[1].repeated);
	request_free(request);
	verify(f);
	in.queue_id = STR("q2");
	target[0].name = target[1].name = STR("none");
	request = ask(f, append_run, &store_append_msg, &in, 0);
	run_one(f, request, ERR_NONE);
	result = ((struct store_appended *)request->answer)->results.items;
	assert_true(result[0].kind == ERR_NOENT && result[1].kind == ERR_NOENT);
	request_free(request);
	verify(f);
}

/* 500 messages with each round, in five requests of 100 targets. */
static void
fill(struct fixture *f, const char *name, int rounds)
{
	static struct store_target target[100];
	struct store_append in = { .internal = 1,
		.queue_id = STR(""),
		.targets = { target, NELEMS(target) },
		.digest = STR(""),
		.body = STR("x\r\n") };

	for (size_t i = 0; i < NELEMS(target); i++)
		target[i] = (struct store_target){ .user = user_name(0),
			.name = str_of(name),
			.prefix = STR("") };
	for (int i = 0; i < rounds * 5; i++) {
		struct request *request =
		    ask(f, append_run, &store_append_msg, &in, 0);

		run_one(f, request, ERR_NONE);
		request_free(request);
	}
}

/* Batches until the request is done. */
static unsigned
count_batches(struct fixture *f, struct request *request)
{
	unsigned batches = 0;
	size_t count;

	do {
		engine_batch(f->engine, &f->batch, &count);
		assert_int_equal(request->err.kind, ERR_NONE);
		batches++;
	} while (request->is_unfinished);
	return batches;
}

static void
big_requests_go_in_slices(void **state)
{
	struct fixture *f = *state;
	unsigned char all[8] = { 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff };
	struct store_flags flags = { .mailbox = 1,
		.uids = { (char *)all, 8 },
		.flags = STORE_FLAG_DELETED,
		.unchanged_since = UINT64_MAX };
	struct store_expunge expunge = { .mailbox = 1,
		.uids = STR(""),
		.deleted_only = true };
	struct request *request;

	fill(f, "INBOX", 9);
	request = ask(f, flags_run, &store_flags_msg, &flags, 0);
	assert_int_equal(count_batches(f, request), 3);
	assert_int_equal(((struct store_flagged *)request->answer)->changed,
	    4500);
	request_free(request);
	verify(f);
	request = ask(f, expunge_run, &store_expunge_msg, &expunge, 0);
	assert_int_equal(count_batches(f, request), 3);
	assert_int_equal(((struct store_expunged *)request->answer)->count,
	    4500);
	request_free(request);
	verify(f);
}

/* A slice a batch, and its UIDs in step with where they came from. */
static void
a_big_move_goes_in_slices(void **state)
{
	struct fixture *f = *state;
	unsigned char all[8] = { 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff };
	struct store_copy in = { .mailbox = 1,
		.uids = { (char *)all, 8 },
		.user = STR(""),
		.name = STR("Archive"),
		.move = true };
	struct store_uids from, to;
	struct store_copied *copied;
	struct request *request;
	struct err err;

	fill(f, "INBOX", 9);
	request = ask(f, copy_run, &store_copy_msg, &in, 0);
	assert_int_equal(count_batches(f, request), 3);
	copied = request->answer;
	assert_int_equal(copied->count, 4500);
	assert_int_equal(store_uids_decode(&from, copied->uids, &err), 0);
	assert_int_equal(store_uids_decode(&to, copied->to, &err), 0);
	assert_int_equal(store_uids_count(&from), 4500);
	for (uint32_t i = 1; i <= 4500; i++)
		assert_int_equal(store_uids_at(&to, i), i);
	store_uids_clear(&from);
	store_uids_clear(&to);
	request_free(request);
	verify(f);

	/* Into itself: those that were there when it began, and no more. */
	in.mailbox = 6; /* Archive */
	request = ask(f, copy_run, &store_copy_msg, &in, 0);
	assert_int_equal(count_batches(f, request), 3);
	assert_int_equal(((struct store_copied *)request->answer)->count, 4500);
	request_free(request);
	verify(f);
	reopen(f, true);
	verify(f);
}

static int
mbox_is_there(struct kv_txn *txn, void *arg, struct err *err)
{
	struct store_mbox mbox;

	*(int *)arg = store_row_mbox(txn, 7, &mbox, err);
	return 0;
}

/* The name goes first; a crash leaves a mailbox that nobody finds. */
static void
a_deletion_cut_off_is_taken_up_again(void **state)
{
	struct fixture *f = *state;
	struct store_mailbox in = { .op = STORE_CREATE,
		.user = STR(""),
		.name = STR("big") };
	struct store_recent rest = { 7 };
	struct request *request;
	struct err err;
	size_t count;
	int is_there;

	hello(f, 0);
	request = ask(f, mailbox_run, &store_mailbox_msg, &in, 0);
	run_one(f, request, ERR_NONE);
	request_free(request);
	fill(f, "big", 6);
	in.op = STORE_DELETE;
	request = ask(f, mailbox_run, &store_mailbox_msg, &in, 0);
	engine_batch(f->engine, &f->batch, &count);
	assert_true(request->is_unfinished);
	request_free(request);
	reopen(f, false);
	verify(f);
	assert_int_equal(kv_view(f->engine->kv, mbox_is_there, &is_there, &err),
	    0);
	assert_int_equal(is_there, 1);
	request = ask(f, mailbox_empty_run, &store_recent_msg, &rest, 0);
	assert_int_equal(count_batches(f, request), 1);
	request_free(request);
	verify(f);
	assert_int_equal(kv_view(f->engine->kv, mbox_is_there, &is_there, &err),
	    0);
	assert_int_equal(is_there, 0);
}

static void
over_quota_is_refused_and_told_apart(void **state)
{
	struct fixture *f = *state;
	struct request *request = deliver(f, "m1", 0, "anna@a.test");
	struct store_target *target =
	    ((const struct store_append *)request->in)->targets.items;
	struct store_append_result *result;

	target->quota = 39; /* the message has 20 bytes */
	run_one(f, request, ERR_NONE);
	request_free(request);
	for (int quota = 39; quota <= 40; quota++) {
		request = deliver(f, "m2", 0, "anna@a.test");
		target =
		    ((const struct store_append *)request->in)->targets.items;
		target->quota = (uint64_t)quota;
		run_one(f, request, ERR_NONE);
		result =
		    ((struct store_appended *)request->answer)->results.items;
		assert_int_equal(result->kind,
		    quota < 40 ? ERR_LIMIT : ERR_NONE);
		request_free(request);
	}
}

static void
old_tombstones_go(void **state)
{
	struct fixture *f = *state;
	struct store_expunge in = { .mailbox = 1, .uids = STR("") };
	struct store_change change[4];
	uint64_t since = 0, old;
	uint32_t after = 0;
	struct look look;
	struct err err;
	size_t count;

	f->engine->conf.tombstones_keep = 1000;
	assert_false(is_repeated(f, "m1", 0));
	assert_false(is_repeated(f, "m2", 0));
	run_one(f, ask(f, expunge_run, &store_expunge_msg, &in, 0), ERR_NONE);
	request_free(LIST_ITEM(f->batch.next, struct request, link));

	begin_look(&look, f, 0);
	assert_int_equal(store_changes(look.reader, 1, &since, &after, change,
			     4, &count, &err),
	    0);
	assert_int_equal(count, 2);
	assert_true(change[0].expunged && change[1].expunged);
	old = since - 1;
	end_look(&look);

	time_set_for_test(time_real() + (int64_t)1002 * TIME_SECOND, -1);
	assert_false(is_repeated(f, "m3", 0));
	list_push(&f->batch, &prune_new()->link);
	run_one(f, LIST_ITEM(f->batch.next, struct request, link), ERR_NONE);
	request_free(LIST_ITEM(f->batch.next, struct request, link));
	time_set_for_test(-1, -1);

	begin_look(&look, f, 0);
	after = 0;
	assert_int_equal(store_changes(look.reader, 1, &since, &after, change,
			     4, &count, &err),
	    0);
	assert_int_equal(count, 1); /* the new message */
	after = 0;
	assert_int_equal(store_changes(look.reader, 1, &old, &after, change, 4,
			     &count, &err),
	    -1);
	assert_int_equal(err.kind, ERR_NOENT);
	end_look(&look);
}

/* A message with a file of its own. */
static struct request *
append_large(struct fixture *f)
{
	static char body[200000];
	struct store_target target = { .user = user_name(0),
		.name = STR("INBOX"),
		.prefix = STR("") };
	struct store_append in = { .internal = 1,
		.queue_id = STR(""),
		.large = 1,
		.large_len = sizeof(body),
		.targets = { &target, 1 },
		.digest = STR("") };
	struct request *request = ask(f, append_run, &store_append_msg, &in, 0);
	struct err err;

	request->fd = engine_open_large(f->engine, request->large_name, &err);
	assert_true(request->fd >= 0);
	assert_int_equal(fs_write_all(request->fd, body, sizeof(body), &err),
	    0);
	return request;
}

static unsigned
count_large(struct fixture *f)
{
	char path[100];
	unsigned count = 0;
	struct dirent *entry;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "%s/large", f->dir);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		count += entry->d_name[0] != '.';
	(void)closedir(dir);
	return count;
}

/* Another file in its place: writes go nowhere, syncs fail. */
static void
break_fd(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	assert_true(dup2(null, fd) >= 0);
	(void)close(null);
}

/* After a failed sync a start may find the batch: its file is kept so long. */
static void
a_file_stays_while_its_batch_is_in_doubt(void **state)
{
	struct fixture *f = *state;
	struct request *request;

	assert_false(is_repeated(f, "q1", 0));
	break_fd(f->engine->log->current->fd);
	request = append_large(f);
	run_one(f, request, ERR_TEMP);
	engine_drop_large(f->engine, request->large_name);
	request_free(request);
	assert_false(f->engine->is_failed);
	assert_int_equal(count_large(f), 1);
	request = append_large(f);
	run_one(f, request, ERR_NONE);
	request_free(request);
	assert_int_equal(count_large(f), 1);
	verify(f);
}

static void
break_index(void)
{
	char path[300], name[300];
	ssize_t len;

	for (int fd = 0; fd < 100; fd++) {
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		len = readlink(path, name, sizeof(name));
		if (len > 0 &&
		    str_ends(str_make(name, (size_t)len),
			STR("/index/data.mdb")))
			break_fd(fd);
	}
}

/* The journal has the batch, so the next start needs the file. */
static void
a_file_stays_when_the_index_fails(void **state)
{
	struct fixture *f = *state;
	struct request *request;
	size_t count;

	hello(f, 0);
	engine_close(f->engine);
	f->conf.nosync = false;
	open_engine_as(f);
	break_index();
	request = append_large(f);
	engine_batch(f->engine, &f->batch, &count);
	assert_true(f->engine->is_failed);
	request_free(request);
	engine_close(f->engine);
	open_engine(f);
	assert_int_equal(f->engine->replayed, 1);
	assert_int_equal(count_large(f), 1);
	verify(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_delivery_happens_once_until_it_is_settled, setup,
		    fixture_teardown),
		cmocka_unit_test_setup_teardown(
		    a_crash_between_journal_and_index_loses_nothing, setup,
		    fixture_teardown),
		cmocka_unit_test_setup_teardown(strangers_are_refused, setup,
		    fixture_teardown),
		cmocka_unit_test_setup_teardown(
		    changes_are_told_once_and_in_order, setup,
		    fixture_teardown),
		cmocka_unit_test_setup_teardown(a_full_index_loses_nothing,
		    setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
		    what_nobody_takes_leaves_nothing, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(big_requests_go_in_slices,
		    setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
		    a_deletion_cut_off_is_taken_up_again, setup,
		    fixture_teardown),
		cmocka_unit_test_setup_teardown(
		    over_quota_is_refused_and_told_apart, setup,
		    fixture_teardown),
		cmocka_unit_test_setup_teardown(a_big_move_goes_in_slices,
		    setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
		    a_file_stays_while_its_batch_is_in_doubt, setup,
		    fixture_teardown),
		cmocka_unit_test_setup_teardown(
		    a_file_stays_when_the_index_fails, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(old_tombstones_go, setup,
		    fixture_teardown),
	};

	return cmocka_run_group_tests_name("stored/engine", tests, NULL, NULL);
}
