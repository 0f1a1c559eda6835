/*
 * Mailboxes that were deleted: kept for expunge_keep, had back, taken away,
 * and what compaction does meanwhile.
 */
#include "t/unit/stored/fixture.h"

#include "base/time.h"
#include "store/message.h"
#include "store/row.h"
#include "store/verify.h"
#include "stored/append.h"
#include "stored/bury.h"
#include "stored/check.h"
#include "stored/compact.h"
#include "stored/expunge.h"
#include "stored/prune.h"
#include "stored/snapshot.h"
#include "stored/undelete.h"

enum { BODY = 20000, MESSAGES = 200, KEEP = 100000 };

static int
setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	fixture_open(f, "bury");
	f->engine->conf.expunge_keep = KEEP;
	hello(f, 0);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	time_set_for_test(-1, -1);
	return fixture_teardown(state);
}

static void
verify_bodies(struct fixture *f)
{
	struct store_verify_ops ops = { print_problem, check_body, f->engine };
	struct err err;

	assert_int_equal(store_verify_all(f->engine->kv, &ops, &err), 0);
}

static void
start_again(struct fixture *f, bool rebuild)
{
	reopen(f, rebuild);
	f->engine->conf.expunge_keep = KEEP;
}

/* A change of mailboxes; its answer's number. */
static uint32_t
change_mailbox(struct fixture *f, enum store_mailbox_op op, const char *name,
    bool wholly, enum err_kind kind)
{
	struct store_mailbox in = { .op = (uint8_t)op,
		.user = user_name(0),
		.name = str_of(name),
		.name2 = STR(""),
		.wholly = wholly };
	struct request *request =
	    ask(f, mailbox_run, &store_mailbox_msg, &in, 0);
	uint32_t mailbox = 0;

	run_one(f, request, kind);
	if (kind == ERR_NONE)
		mailbox =
		    ((struct store_mailbox_done *)request->answer)->mailbox;
	request_free(request);
	return mailbox;
}

static void
deliver(struct fixture *f, const char *name, int number)
{
	static char body[BODY];
	struct store_target target = { .user = user_name(0),
		.name = str_of(name),
		.prefix = STR("") };
	struct store_append in = { .internal = number,
		.queue_id = STR(""),
		.targets = { &target, 1 },
		.digest = STR("digest"),
		.body = str_make(body, sizeof(body)) };
	struct request *request;

	memset(body, 'a' + number % 26, sizeof(body));
	request = ask(f, append_run, &store_append_msg, &in, 0);
	run_one(f, request, ERR_NONE);
	request_free(request);
}

/* A mailbox with messages, deleted. Its number. */
static uint32_t
bury(struct fixture *f, const char *name, int count)
{
	uint32_t number =
	    change_mailbox(f, STORE_CREATE, name, false, ERR_NONE);

	for (int i = 0; i < count; i++)
		deliver(f, name, i);
	(void)change_mailbox(f, STORE_DELETE, name, false, ERR_NONE);
	return number;
}

static uint32_t
undelete(struct fixture *f, const char *name, uint32_t number,
    enum err_kind kind)
{
	struct store_undelete in = { .user = user_name(0),
		.name = str_of(name),
		.since = INT64_MIN,
		.uids = STR(""),
		.deleted = number };
	struct request *request =
	    ask(f, undelete_run, &store_undelete_msg, &in, 0);
	uint32_t count = 0;

	run_one(f, request, kind);
	if (kind == ERR_NONE)
		count = ((struct store_undeleted *)request->answer)->count;
	request_free(request);
	return count;
}

static void
prune(struct fixture *f, unsigned seconds_later)
{
	time_set_for_test(time_real() + (int64_t)seconds_later * TIME_SECOND,
	    -1);
	list_push(&f->batch, &prune_new()->link);
	run_one(f, LIST_ITEM(f->batch.next, struct request, link), ERR_NONE);
	request_free(LIST_ITEM(f->batch.next, struct request, link));
	time_set_for_test(-1, -1);
}

struct question {
	uint32_t mailbox;
	bool there;
	struct store_mbox row; /* no strings */
};

static int
look_at(struct kv_txn *txn, void *arg, struct err *err)
{
	struct question *question = arg;
	int ret = store_row_mbox(txn, question->mailbox, &question->row, err);

	question->there = ret > 0;
	return ret < 0 ? -1 : 0;
}

/* Its row; false: it has none. */
static bool
has_row(struct fixture *f, uint32_t mailbox, struct store_mbox *row)
{
	struct question question = { .mailbox = mailbox };
	struct err err;

	assert_int_equal(kv_view(f->engine->kv, look_at, &question, &err), 0);
	*row = question.row;
	return question.there;
}

/* Shrink the log as far as it goes. How many packs are left. */
static size_t
compact(struct fixture *f)
{
	struct compact_list list;
	unsigned count;
	struct err err;

	assert_int_equal(snapshot_make(f->engine, &err), 0);
	assert_int_equal(compact_release(f->engine, &count, &err), 0);
	compact_choose(f->engine, 90, &list);
	for (size_t i = 0; i < list.count; i++) {
		struct request *request =
		    compact_new(f->engine, list.pack[i], &err);

		assert_non_null(request);
		list_push(&f->batch, &request->link);
		run_one(f, request, ERR_NONE);
		request_free(request);
	}
	free(list.pack);
	assert_int_equal(snapshot_make(f->engine, &err), 0);
	assert_int_equal(compact_release(f->engine, &count, &err), 0);
	return seglog_segments(f->engine->log, NULL, 0);
}

static void
comes_back_into_a_new_mailbox(void **state)
{
	struct fixture *f = *state;
	uint32_t number = bury(f, "box", 3), made;
	struct store_mbox was, is;

	assert_true(has_row(f, number, &was));
	assert_true(was.gone > 0 && was.was.exists == 3 && was.exists == 0);
	assert_int_equal(was.was.bytes, 3 * BODY);
	verify_bodies(f);
	start_again(f, true); /* the journal says the same */
	verify_bodies(f);
	assert_int_equal(undelete(f, "box", 0, ERR_NONE), 3);
	made = f->engine->state.mailbox;
	assert_true(made != number && has_row(f, made, &is));
	assert_true(is.exists == 3 && is.gone == 0);
	assert_true(is.uidvalidity > was.uidvalidity);
	/* nothing of that name is kept any more, and the other one is there */
	assert_int_equal(undelete(f, "box", 0, ERR_NONE), 0);
	assert_int_equal(undelete(f, "box", number, ERR_NONE), 0);
	(void)undelete(f, "other", 0, ERR_NOENT);
	(void)undelete(f, "other", made, ERR_NOENT); /* it is not deleted */
	verify_bodies(f);
}

static void
nobody_opens_one(void **state)
{
	struct fixture *f = *state;
	uint32_t number = bury(f, "box", 1);
	struct store_expunge in = { .mailbox = number, .uids = STR("") };
	struct store_message message;
	struct request *request;
	struct look look;
	struct err err;
	size_t count;

	request = ask(f, expunge_run, &store_expunge_msg, &in, 0);
	run_one(f, request, ERR_NOENT);
	request_free(request);
	(void)change_mailbox(f, STORE_DELETE, "box", false, ERR_NOENT);
	begin_look(&look, f, 0);
	assert_int_equal(store_scan(look.reader, number, 1, UINT32_MAX,
			     &message, 1, &count, &err),
	    0);
	assert_int_equal(count, 0);
	assert_int_equal(
	    store_message_get(look.reader, number, 1, &message, &err), -1);
	assert_int_equal(err.kind, ERR_NOENT);
	end_look(&look);
}

static void
space_comes_back_when_its_time_is_over(void **state)
{
	struct fixture *f = *state;
	uint32_t number = bury(f, "box", MESSAGES);
	struct store_mbox row;
	size_t before;

	deliver(f, "INBOX", 1);
	before = compact(f);
	assert_true(before >= MESSAGES * BODY >> 20);
	prune(f, KEEP / 2);
	assert_true(compact(f) + 1 >= before);
	assert_true(has_row(f, number, &row));
	verify_bodies(f);

	prune(f, KEEP + 100);
	assert_false(has_row(f, number, &row));
	verify_bodies(f);
	assert_true(compact(f) <= 3);
	(void)undelete(f, "box", 0, ERR_NOENT);
	deliver(f, "INBOX", 2); /* for the journal */
	start_again(f, true);
	verify_bodies(f);
	assert_false(has_row(f, number, &row));
}

static void
the_last_one_of_a_name_and_any_by_number(void **state)
{
	struct fixture *f = *state;
	uint32_t first = bury(f, "box", 1), second = bury(f, "box", 2);

	assert_true(first != second);
	assert_int_equal(undelete(f, "box", 0, ERR_NONE), 2);
	assert_int_equal(undelete(f, "a/b/c", first, ERR_NONE), 1);
	verify_bodies(f);
}

/* More than a slice, cut off by the end of the process. */
static void
a_deletion_that_was_cut_off_is_ended(void **state)
{
	enum { MANY = STORE_SLICE + 100 };
	struct fixture *f = *state;
	uint32_t number =
	    change_mailbox(f, STORE_CREATE, "box", false, ERR_NONE);
	struct store_mailbox in = { .op = STORE_DELETE,
		.user = user_name(0),
		.name = STR("box") };
	struct store_recent rest = { number };
	struct store_target target = { .user = user_name(0),
		.name = STR("box"),
		.prefix = STR("") };
	struct store_append append = { .queue_id = STR(""),
		.targets = { &target, 1 },
		.digest = STR("digest"),
		.body = STR("body") };
	struct request *request;
	struct store_mbox row;
	size_t count;

	for (int i = 0; i < MANY; i++) {
		request = ask(f, append_run, &store_append_msg, &append, 0);
		run_one(f, request, ERR_NONE);
		request_free(request);
	}
	request = ask(f, mailbox_run, &store_mailbox_msg, &in, 0);
	engine_batch(f->engine, &f->batch, &count);
	assert_true(request->is_unfinished);
	request_free(request);
	f->pending = 0;
	start_again(f, false);
	verify_bodies(f);
	assert_true(has_row(f, number, &row));
	assert_true(row.gone != 0 && row.exists == 100);
	/* it is neither had back nor taken away before it is ended */
	(void)undelete(f, "box", number, ERR_TEMP);
	prune(f, KEEP + 100);
	assert_true(has_row(f, number, &row));
	/* what orphan_start asks for */
	request = ask(f, mailbox_empty_run, &store_recent_msg, &rest, 0);
	run_one(f, request, ERR_NONE);
	request_free(request);
	assert_true(has_row(f, number, &row));
	assert_int_equal(row.exists, 0);
	verify_bodies(f);
	assert_int_equal(undelete(f, "box", number, ERR_NONE), 100);
}

static void
purged_ones_are_gone(void **state)
{
	struct fixture *f = *state;
	uint32_t first = bury(f, "one", 3), second = bury(f, "two", 0), third;
	struct store_mbox row;

	assert_false(has_row(f, second, &row)); /* nothing was ever in it */
	third = change_mailbox(f, STORE_CREATE, "three", false, ERR_NONE);
	deliver(f, "three", 1);
	(void)change_mailbox(f, STORE_DELETE, "three", true, ERR_NONE);
	assert_false(has_row(f, third, &row));
	assert_true(has_row(f, first, &row));
	(void)change_mailbox(f, STORE_PURGE, "", true, ERR_NONE);
	assert_false(has_row(f, first, &row));
	verify_bodies(f);
}

static void
none_is_kept_without_expunge_keep(void **state)
{
	struct fixture *f = *state;
	struct store_mbox row;
	uint32_t number;

	f->engine->conf.expunge_keep = 0;
	number = bury(f, "box", 2);
	assert_false(has_row(f, number, &row));
	verify_bodies(f);
}

int
main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(comes_back_into_a_new_mailbox),
		TEST(nobody_opens_one),
		TEST(space_comes_back_when_its_time_is_over),
		TEST(the_last_one_of_a_name_and_any_by_number),
		TEST(a_deletion_that_was_cut_off_is_ended),
		TEST(purged_ones_are_gone),
		TEST(none_is_kept_without_expunge_keep),
	};

	return cmocka_run_group_tests_name("stored/bury", tests, NULL, NULL);
}
