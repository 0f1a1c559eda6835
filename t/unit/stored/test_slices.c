/*
 * COPY whole or not at all though it goes in slices (RFC 3501 section 6.4.7),
 * RENAME of INBOX to its end though it is cut off.
 */
#include "t/unit/stored/fixture.h"

#include "store/changes.h"
#include "store/row.h"
#include "store/verify.h"
#include "stored/append.h"
#include "stored/copy.h"
#include "stored/quota.h"
#include "stored/task.h"

enum { INBOX = 1, ARCHIVE = 6, SLICE = 10, MESSAGES = 25 };

static int
setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->copy_slice = SLICE;
	fixture_open(f, "slices");
	hello(f, 0);
	*state = f;
	return 0;
}

static void
append(struct fixture *f, const char *name, unsigned count)
{
	struct store_word word = { STR("word") };
	struct store_target target = { .user = user_name(0),
		.name = str_of(name),
		.keywords = { &word, 1 },
		.prefix = STR("P: x\r\n") };
	struct store_append in = { .internal = 1,
		.queue_id = STR(""),
		.targets = { &target, 1 },
		.digest = STR(""),
		.body = STR("x\r\n") };

	for (unsigned i = 0; i < count; i++) {
		struct request *request;

		target.flags = i % 3 == 0 ? STORE_FLAG_SEEN : 0;
		request = ask(f, append_run, &store_append_msg, &in, 0);
		run_one(f, request, ERR_NONE);
		request_free(request);
	}
}

static struct request *
ask_copy(struct fixture *f, uint32_t mailbox, const char *name)
{
	static unsigned char all[8] = { 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff };
	struct store_copy in = { .mailbox = mailbox,
		.uids = { (char *)all, 8 },
		.user = STR(""),
		.name = str_of(name) };

	return ask(f, copy_run, &store_copy_msg, &in, 0);
}

static struct request *
ask_mailbox(struct fixture *f, unsigned op, const char *name, const char *name2)
{
	struct store_mailbox in = { .op = (uint8_t)op,
		.user = STR(""),
		.name = str_of(name),
		.name2 = str_of(name2) };

	return ask(f, mailbox_run, &store_mailbox_msg, &in, 0);
}

/* One batch of all that wait. */
static void
turn(struct fixture *f)
{
	size_t count;

	engine_batch(f->engine, &f->batch, &count);
	assert_false(f->engine->is_failed);
}

/* What is left undone goes or is ended, as stored would do. */
static unsigned
tend(struct fixture *f)
{
	struct request *request;
	unsigned tasks = 0;
	struct err err;

	for (;;) {
		assert_int_equal(task_next(f->engine, &request, &err), 0);
		if (request == NULL)
			return tasks;
		list_push(&f->batch, &request->link);
		run_one(f, request, ERR_NONE);
		request_free(request);
		tasks++;
	}
}

struct seen {
	struct store_mbox mbox;
	struct store_uids uids;
	size_t scanned, changed;
};

/* A mailbox by all the ways in which a session reads it. */
static void
look_at(struct fixture *f, uint32_t mailbox, struct seen *out)
{
	static struct store_message message[100];
	static struct store_change change[100];
	uint64_t since = 0;
	uint32_t after = 0, unseen;
	size_t count;
	struct arena *arena = arena_new(0);
	struct look look;
	struct err err;

	begin_look(&look, f, 0);
	assert_int_equal(store_select(look.reader, mailbox, arena, &out->mbox,
			     &out->uids, &unseen, &err),
	    0);
	assert_int_equal(store_scan(look.reader, mailbox, 1, UINT32_MAX,
			     message, NELEMS(message), &out->scanned, &err),
	    0);
	assert_int_equal(store_changes(look.reader, mailbox, &since, &after,
			     change, NELEMS(change), &count, &err),
	    0);
	out->changed = 0;
	for (size_t i = 0; i < count; i++)
		out->changed += !change[i].expunged;
	assert_true(since == out->mbox.modseq || out->mbox.modseq == 0);
	assert_int_equal(store_message_get(look.reader, mailbox,
			     out->mbox.uidnext, &message[0], &err),
	    -1);
	end_look(&look);
	arena_free(arena);
	assert_int_equal(out->scanned, out->mbox.exists);
	assert_int_equal(out->changed, out->mbox.exists);
	assert_int_equal(store_uids_count(&out->uids), out->mbox.exists);
}

static uint32_t
exists(struct fixture *f, uint32_t mailbox)
{
	struct seen seen;

	look_at(f, mailbox, &seen);
	store_uids_clear(&seen.uids);
	return seen.mbox.exists;
}

static void
a_copy_shows_whole(void **state)
{
	struct fixture *f = *state;
	struct request *request;
	struct store_copied *copied;
	struct store_uids to;
	struct seen before, now;
	unsigned batches = 0;
	struct err err;

	append(f, "INBOX", MESSAGES);
	append(f, "Archive", 1);
	look_at(f, ARCHIVE, &before);
	request = ask_copy(f, INBOX, "Archive");
	do {
		if (batches > 0) {
			assert_int_equal(exists(f, ARCHIVE), batches);
			verify(f);
			list_remove(&request->link);
			append(f, "Archive", 1);
			list_push(&f->batch, &request->link);
		}
		turn(f);
		batches++;
	} while (request->is_unfinished);
	assert_int_equal(request->err.kind, ERR_NONE);
	assert_int_equal(batches, 3);
	copied = request->answer;
	assert_int_equal(copied->count, MESSAGES);
	assert_int_equal(store_uids_decode(&to, copied->to, &err), 0);
	assert_int_equal(to.len, 1);
	look_at(f, ARCHIVE, &now);
	assert_int_equal(now.mbox.exists, MESSAGES + 3);
	assert_int_equal(now.mbox.uidnext, to.run[0].last + 1);
	assert_int_equal(now.mbox.unseen, before.mbox.unseen + 16);
	assert_true(now.mbox.modseq > before.mbox.modseq);
	request_free(request);
	store_uids_clear(&to);
	store_uids_clear(&before.uids);
	store_uids_clear(&now.uids);
	assert_int_equal(tend(f), 0);
	verify(f);
	append(f, "Archive", 1);
	assert_int_equal(exists(f, ARCHIVE), MESSAGES + 4);
	reopen(f, true);
	verify(f);
	assert_int_equal(exists(f, ARCHIVE), MESSAGES + 4);
}

static void
a_copy_cut_off_leaves_nothing(void **state)
{
	struct fixture *f = *state;

	append(f, "INBOX", MESSAGES);
	for (int rebuild = 0; rebuild < 2; rebuild++) {
		struct request *request = ask_copy(f, INBOX, "Archive");

		turn(f);
		turn(f);
		assert_true(request->is_unfinished);
		request_free(request);
		reopen(f, rebuild);
		verify(f);
		assert_int_equal(exists(f, ARCHIVE), (uint32_t)rebuild);
		append(f, "Archive", 1);
		/* Before it is undone there is no other. */
		request = ask_copy(f, INBOX, "Archive");
		run_one(f, request, ERR_TEMP);
		request_free(request);
		assert_int_equal(tend(f), 1);
		verify(f);
		assert_int_equal(exists(f, ARCHIVE), (uint32_t)rebuild + 1);
	}
}

static void
copies_of_a_user_wait_for_each_other(void **state)
{
	struct fixture *f = *state;
	struct request *first, *second;
	unsigned batches;

	append(f, "INBOX", MESSAGES);
	first = ask_copy(f, INBOX, "Archive");
	second = ask_copy(f, INBOX, "Archive");
	for (batches = 0; batches == 0 || first->is_unfinished; batches++)
		turn(f);
	assert_int_equal(batches, 3);
	assert_int_equal(exists(f, ARCHIVE), MESSAGES);
	request_free(first);
	for (; second->is_unfinished; batches++)
		turn(f);
	assert_int_equal(batches, 6);
	assert_int_equal(second->err.kind, ERR_NONE);
	request_free(second);
	assert_int_equal(exists(f, ARCHIVE), 2 * MESSAGES);
	assert_int_equal(tend(f), 0);
}

/* What was appended meanwhile took the room: nothing of it is there. */
static void
a_copy_over_quota_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct store_quota quota = { user_name(0), true, 0, 2 * MESSAGES };
	struct request *request;

	append(f, "INBOX", MESSAGES);
	request = ask(f, quota_run, &store_quota_msg, &quota, 0);
	run_one(f, request, ERR_NONE);
	request_free(request);
	request = ask_copy(f, INBOX, "Archive");
	turn(f);
	list_remove(&request->link);
	append(f, "INBOX", 1);
	list_push(&f->batch, &request->link);
	run_one(f, request, ERR_LIMIT);
	assert_int_equal(request->err.cause, ERR_CAUSE_QUOTA);
	request_free(request);
	assert_int_equal(exists(f, ARCHIVE), 0);
	assert_int_equal(tend(f), 1);
	verify(f);
	assert_int_equal(exists(f, INBOX), MESSAGES + 1);
}

/* The mailbox goes only when nothing of the copy is in it any more. */
static void
a_copy_into_what_is_deleted(void **state)
{
	struct fixture *f = *state;
	struct request *copy, *delete;

	append(f, "INBOX", MESSAGES);
	copy = ask_copy(f, INBOX, "Archive");
	turn(f);
	delete = ask_mailbox(f, STORE_DELETE, "Archive", "");
	turn(f);
	turn(f);
	assert_int_equal(copy->err.kind, ERR_NOENT);
	assert_true(delete->is_unfinished);
	request_free(copy);
	list_remove(&delete->link);
	assert_int_equal(tend(f), 1);
	list_push(&f->batch, &delete->link);
	run_one(f, delete, ERR_NONE);
	request_free(delete);
	verify(f);
	reopen(f, true);
	verify(f);
}

static int
be_bad(struct change *change, struct request *request, struct err *err)
{
	(void)change;
	(void)request;
	return err_set(err, ERR_CORRUPT, "damaged");
}

/* Each slice is run twice, for another request of its batch is bad. */
static void
slices_are_taken_back_with_their_batch(void **state)
{
	struct fixture *f = *state;
	struct store_done in = { 0 };
	struct request *copy, *bad;
	struct store_copied *copied;

	append(f, "INBOX", MESSAGES);
	copy = ask_copy(f, INBOX, "Archive");
	do {
		bad = ask(f, be_bad, &store_done_msg, &in, 0);
		turn(f);
		request_free(bad);
		bad = ask(f, be_bad, &store_done_msg, &in, 0);
		list_remove(&bad->link);
		list_push_front(&f->batch, &bad->link);
		turn(f);
		request_free(bad);
	} while (copy->is_unfinished);
	assert_int_equal(copy->err.kind, ERR_NONE);
	copied = copy->answer;
	assert_int_equal(copied->count, MESSAGES);
	assert_int_equal(copied->uids.len, 8);
	assert_int_equal(copied->to.len, 8);
	request_free(copy);
	assert_int_equal(exists(f, ARCHIVE), MESSAGES);
	assert_int_equal(tend(f), 0);
	verify(f);
}

static void
inbox_is_renamed_to_the_end(void **state)
{
	struct fixture *f = *state;
	struct request *request;

	append(f, "INBOX", MESSAGES);
	request = ask_mailbox(f, STORE_RENAME, "INBOX", "old");
	turn(f);
	assert_true(request->is_unfinished);
	assert_int_equal(exists(f, INBOX), MESSAGES - SLICE);
	assert_int_equal(exists(f, 7), SLICE);
	list_remove(&request->link);
	append(f, "INBOX", 1); /* came later: stays */
	list_push(&f->batch, &request->link);
	run_one(f, request, ERR_NONE);
	request_free(request);
	assert_int_equal(exists(f, INBOX), 1);
	assert_int_equal(exists(f, 7), MESSAGES);
	assert_int_equal(tend(f), 0);

	append(f, "INBOX", MESSAGES);
	request = ask_mailbox(f, STORE_RENAME, "INBOX", "older");
	turn(f);
	request_free(request);
	reopen(f, true);
	verify(f);
	assert_int_equal(tend(f), 1);
	assert_int_equal(exists(f, INBOX), 0);
	assert_int_equal(exists(f, 8), MESSAGES + 1);
	verify(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_copy_shows_whole, setup,
		    fixture_teardown),
		cmocka_unit_test_setup_teardown(a_copy_cut_off_leaves_nothing,
		    setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
		    copies_of_a_user_wait_for_each_other, setup,
		    fixture_teardown),
		cmocka_unit_test_setup_teardown(
		    a_copy_over_quota_leaves_nothing, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(a_copy_into_what_is_deleted,
		    setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
		    slices_are_taken_back_with_their_batch, setup,
		    fixture_teardown),
		cmocka_unit_test_setup_teardown(inbox_is_renamed_to_the_end,
		    setup, fixture_teardown),
	};

	return cmocka_run_group_tests_name("stored/slices", tests, NULL, NULL);
}
