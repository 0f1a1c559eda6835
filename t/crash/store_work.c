/*
 * store_work - a store partition under simulated power cuts.
 *
 *	store_work write DIR MARKS BATCHES
 *		deliver numbered messages, set flags, expunge, copy (also all
 *		of a mailbox, in slices), rename INBOX, delete mailboxes and
 *		have them back, write snapshots, compact packs and unlink
 *		them, open the partition or make its index anew now and then;
 *		after each batch what it promised goes to MARKS
 *	store_work check DIR MARKS
 *		what MARKS promises is there: the message under its UID, byte
 *		for byte, with its flag; expunged ones are not; a copy of all
 *		is whole or not there, a renamed INBOX is whole once what was
 *		cut off has been ended; what was in a deleted mailbox is kept,
 *		or is back, once; no delivery is done twice; every invariant
 *		of the index holds; all this again of an index made anew; then
 *		more work works
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fsutil.h"
#include "base/log.h"
#include "base/num.h"
#include "ipc/store_msg.h"
#include "store/access.h"
#include "store/pack.h"
#include "store/rights.h"
#include "store/row.h"
#include "stored/acl.h"
#include "stored/append.h"
#include "stored/check.h"
#include "stored/compact.h"
#include "stored/copy.h"
#include "stored/expunge.h"
#include "stored/flags.h"
#include "stored/mailbox.h"
#include "stored/snapshot.h"
#include "stored/undelete.h"
#include "t/crash/marks.h"
#include "t/crash/store_ask.h"
#include "t/crash/store_bury.h"
#include "t/crash/store_slices.h"
#include "t/crash/store_verify.h"

enum {
	MESSAGES_MAX = 10000,
	BATCH_MAX = 5,
	SEGMENT = 256 << 10,
	LARGE = 12000,      /* bodies over this have files of their own */
	INBOX = 1,          /* the first mailbox of the first user */
	COMPACT_BELOW = 90, /* percent */
	COMPACTS_BY = 60,   /* batches */
};

struct work {
	struct engine *engine;
	unsigned released; /* packs */
	int marks;
	struct list batch;
	uint32_t buried,
	    message; /* the last mailbox deleted, and what it had */
};

/* What was promised of a message. */
enum { KEPT = 1, SEEN = 2, GOING = 4, GONE = 8, BOBS = 16 };

static void
open_engine(struct work *work, const char *dir)
{
	struct engine_conf conf = { .path = dir,
		.index_size = 64 << 20,
		.segment_size = SEGMENT,
		.large_size = LARGE,
		.copy_slice = SLICES_COPY };
	struct err err;

	list_init(&work->batch);
	if (engine_open(&work->engine, &conf, &err) < 0)
		fatal("%s", err.text);
}

/* In anna's name. */
static struct request *
ask(struct work *work, request_fn *fn, const struct ipc_msg *msg,
    const void *in)
{
	return store_ask(&work->batch, &store_anna, fn, msg, in);
}

static void
run(struct work *work)
{
	struct request *first =
	    LIST_ITEM(work->batch.next, struct request, link);
	size_t done;

	engine_batch(work->engine, &work->batch, &done);
	if (work->engine->is_failed || first->err.kind != ERR_NONE)
		fatal("batch: %s", first->err.text);
}

/* The message's bytes follow from its number. */
static size_t
make_body(char *out, uint32_t number)
{
	size_t len = 10 + number * 2654435761u % 6000;

	if (number % 23 == 0)
		len += LARGE;
	for (size_t i = 0; i < len; i++)
		out[i] = (char)(number * 31 + i);
	return len;
}

static struct request *
deliver(struct work *work, uint32_t number)
{
	char body[LARGE + 8000], id[20];
	struct store_target target = { .user = STR("anna@a.test"),
		.name = STR("INBOX"),
		.prefix = STR("Return-Path: <>\r\n") };
	struct store_append in = { .queue = 9,
		.targets = { &target, 1 },
		.digest = STR("digest") };
	size_t len = make_body(body, number);
	struct request *request;

	(void)snprintf(id, sizeof(id), "m%u", number);
	in.queue_id = str_of(id);
	in.body = len > LARGE ? STR("") : str_make(body, len);
	in.large = len > LARGE;
	in.large_len = len > LARGE ? len : 0;
	request = ask(work, append_run, &store_append_msg, &in);
	if (in.large == 0)
		return request;
	store_ask_body(work->engine, request, str_make(body, len));
	return request;
}

static void
deliver_some(struct work *work, uint32_t first, unsigned count)
{
	uint32_t number = first;

	for (unsigned i = 0; i < count; i++)
		(void)deliver(work, first + i);
	run(work);
	LIST_FOREACH(link, &work->batch)
	{
		struct request *request = LIST_ITEM(link, struct request, link);

		marks_put(work->marks, "kept %u %u",
		    store_ask_result(request)->uid, number++);
	}
	store_ask_clear(&work->batch);
}

/* One UID as a set on the wire. */
static struct str
one_uid(unsigned char out[8], uint32_t uid)
{
	num_put_u32(out, uid);
	num_put_u32(out + 4, uid);
	return str_make(out, 8);
}

static void
flag(struct work *work, uint32_t uid)
{
	unsigned char bytes[8];
	struct store_flags in = { .mailbox = INBOX,
		.uids = one_uid(bytes, uid),
		.flags = STORE_FLAG_SEEN,
		.unchanged_since = UINT64_MAX };

	(void)ask(work, flags_run, &store_flags_msg, &in);
	run(work);
	store_ask_clear(&work->batch);
	marks_put(work->marks, "seen %u 0", uid);
}

static void
expunge(struct work *work, uint32_t uid)
{
	unsigned char bytes[8];
	struct store_expunge in = { .mailbox = INBOX,
		.uids = one_uid(bytes, uid) };

	marks_put(work->marks, "goes %u 0", uid);
	(void)ask(work, expunge_run, &store_expunge_msg, &in);
	run(work);
	store_ask_clear(&work->batch);
	marks_put(work->marks, "gone %u 0", uid);
}

static void
copy(struct work *work, uint32_t uid)
{
	unsigned char bytes[8];
	struct store_copy in = { .mailbox = INBOX,
		.uids = one_uid(bytes, uid),
		.name = STR("Archive") };

	(void)ask(work, copy_run, &store_copy_msg, &in);
	run(work);
	store_ask_clear(&work->batch);
}

/* Bob may read anna's INBOX and keep his own \Seen there. */
static void
share(struct work *work)
{
	struct store_hello hello = { .user = store_bob.name };
	struct store_acl_change in = { .op = STORE_ACL_SET,
		.name = STR("INBOX"),
		.identifier = store_bob.name,
		.rights =
		    STORE_RIGHT_LOOKUP | STORE_RIGHT_READ | STORE_RIGHT_SEEN };

	ask(work, hello_run, &store_hello_msg, &hello)->who = store_bob;
	(void)ask(work, acl_run, &store_acl_change_msg, &in);
	run(work);
	store_ask_clear(&work->batch);
}

static void
flag_for_bob(struct work *work, uint32_t uid)
{
	unsigned char bytes[8];
	struct store_flags in = { .mailbox = INBOX,
		.uids = one_uid(bytes, uid),
		.flags = STORE_FLAG_SEEN,
		.unchanged_since = UINT64_MAX };

	ask(work, flags_run, &store_flags_msg, &in)->who = store_bob;
	run(work);
	store_ask_clear(&work->batch);
	marks_put(work->marks, "bobs %u 0", uid);
}

/* Rights of a mailbox that comes, gets another name, and goes. */
static void
share_for_a_while(struct work *work, unsigned nth)
{
	struct store_mailbox in = { .op = STORE_CREATE,
		.name = STR("lent"),
		.name2 = STR("lent again") };
	struct store_acl_change acl = { .op = STORE_ACL_SET,
		.name = STR("lent"),
		.identifier = STR("anyone"),
		.rights = STORE_RIGHT_LOOKUP };

	if (nth % 2 == 1) {
		in.op = STORE_DELETE;
		in.name = in.name2;
		(void)ask(work, mailbox_run, &store_mailbox_msg, &in);
	} else {
		(void)ask(work, mailbox_run, &store_mailbox_msg, &in);
		(void)ask(work, acl_run, &store_acl_change_msg, &acl);
		in.op = STORE_RENAME;
		(void)ask(work, mailbox_run, &store_mailbox_msg, &in);
	}
	run(work);
	store_ask_clear(&work->batch);
}

static uint32_t
change_mailbox(struct work *work, enum store_mailbox_op op)
{
	struct store_mailbox in = { .op = (uint8_t)op, .name = STR("kept") };
	struct request *request =
	    ask(work, mailbox_run, &store_mailbox_msg, &in);
	uint32_t mailbox;

	run(work);
	mailbox = ((struct store_mailbox_done *)request->answer)->mailbox;
	store_ask_clear(&work->batch);
	return mailbox;
}

/* A mailbox with a copy of that message is deleted, and kept. */
static void
bury(struct work *work, uint32_t uid)
{
	unsigned char bytes[8];
	struct store_copy in = { .mailbox = INBOX,
		.uids = one_uid(bytes, uid),
		.name = STR("kept") };

	work->buried = change_mailbox(work, STORE_CREATE);
	work->message = uid;
	(void)ask(work, copy_run, &store_copy_msg, &in);
	run(work);
	store_ask_clear(&work->batch);
	work->engine->conf.expunge_keep = 1 << 30;
	(void)change_mailbox(work, STORE_DELETE);
	work->engine->conf.expunge_keep = 0;
	marks_put(work->marks, "buried %u %u", work->buried, uid);
}

static void
have_back(struct work *work)
{
	char name[20];
	struct store_undelete in = { .user = STR("anna@a.test"),
		.since = INT64_MIN,
		.deleted = work->buried };

	(void)snprintf(name, sizeof(name), "back %u", work->buried);
	in.name = str_of(name);
	marks_put(work->marks, "comes %u %u", work->buried, work->message);
	(void)ask(work, undelete_run, &store_undelete_msg, &in);
	run(work);
	store_ask_clear(&work->batch);
	marks_put(work->marks, "back %u %u", work->buried, work->message);
}

/* Space is taken back: what was promised stays. */
static void
tidy(struct work *work)
{
	struct compact_list list;
	unsigned count;
	struct err err;

	/* With the old snapshot first: it does not cover what came since. */
	if (compact_release(work->engine, &count, &err) < 0 ||
	    snapshot_make(work->engine, &err) < 0)
		fatal("%s", err.text);
	work->released += count;
	if (compact_release(work->engine, &count, &err) < 0)
		fatal("%s", err.text);
	work->released += count;
	compact_choose(work->engine, COMPACT_BELOW, &list);
	for (size_t i = 0; i < list.count; i++) {
		struct request *request =
		    compact_new(work->engine, list.pack[i], &err);

		if (request == NULL)
			fatal("%s", err.text);
		list_push(&work->batch, &request->link);
		do {
			run(work);
		} while (request->is_unfinished);
		store_ask_clear(&work->batch);
	}
	free(list.pack);
}

/* A new start, or (every third) one whose index is gone. */
static void
start_again(struct work *work, const char *dir, unsigned nth)
{
	struct err err;

	if (nth % 3 == 2 && engine_ask_rebuild(work->engine, &err) < 0)
		fatal("%s", err.text);
	engine_close(work->engine);
	open_engine(work, dir);
}

static int
write_store(struct work *work, const char *dir, const char *marks,
    unsigned batches)
{
	uint32_t number = 1;

	work->marks = marks_open(marks);
	open_engine(work, dir);
	for (unsigned i = 0; i < batches; i++) {
		unsigned count = 1 + i * 7 % BATCH_MAX;
		bool more;

		deliver_some(work, number, count);
		number += count;
		if (i == 0)
			share(work);
		if (i % 3 == 1)
			flag(work, number - 1);
		if (i % 4 == 3)
			flag_for_bob(work, number - 1);
		if (i % 6 == 5)
			share_for_a_while(work, i / 6);
		if (i % 4 == 2)
			expunge(work, number - 2);
		if (i % 5 == 3)
			copy(work, number - 1);
		if (i % 10 == 7)
			slices_copy(work->engine, work->marks, i / 10);
		if (i % 20 == 13)
			slices_rename(work->engine, work->marks, i / 20);
		if (i % 7 == 4)
			bury(work, number - 1);
		if (i % 14 == 6)
			have_back(work);
		engine_prepare(work->engine, &more);
		if (i % 12 == 11)
			tidy(work);
		if (i % 20 == 19)
			start_again(work, dir, i / 20);
	}
	engine_close(work->engine);
	if (batches >= COMPACTS_BY && work->released == 0)
		fatal("no pack was ever unlinked");
	return 0;
}

struct promised {
	uint8_t what[MESSAGES_MAX];    /* by UID */
	uint32_t number[MESSAGES_MAX]; /* likewise */
	uint32_t last;                 /* message number */
	struct slices_promised slices;
	struct bury_promised buried;
};

static void
read_marks(const char *path, struct promised *promised)
{
	static const struct {
		const char *word;
		uint8_t what;
	} words[] = { { "kept", KEPT }, { "seen", SEEN }, { "goes", GOING },
		{ "gone", GONE }, { "bobs", BOBS } };
	struct buf marks;
	struct str rest, line;

	marks_read(&marks, path);
	rest = buf_str(&marks);
	while (str_split(&rest, '\n', &line)) {
		unsigned uid, number;
		char word[8], text[60];

		(void)snprintf(text, sizeof(text), "%" STR_F, STR_A(line));
		if (sscanf(text, "%7s %u %u", word, &uid, &number) != 3 ||
		    uid >= MESSAGES_MAX ||
		    slices_mark(&promised->slices, word, uid, number) ||
		    bury_mark(&promised->buried, word, uid, number))
			continue;
		for (size_t i = 0; i < NELEMS(words); i++)
			if (strcmp(word, words[i].word) == 0)
				promised->what[uid] |= words[i].what;
		if (number > 0)
			promised->number[uid] = number;
		if (number > promised->last)
			promised->last = number;
	}
	buf_clear(&marks);
}

struct look {
	struct engine *engine;
	const struct promised *promised;
	unsigned bad;
};

static bool
has_bytes(struct engine *engine, uint64_t blob, const struct store_blob *row,
    uint32_t number)
{
	static char body[LARGE + 8000];
	size_t len = make_body(body, number);
	struct str found;
	struct err err;
	char *bytes;
	bool same;

	if (check_read(engine, blob, row, &bytes, &found, &err) < 0) {
		log_error("message %u: %s", number, err.text);
		return false;
	}
	same = str_eq(found, str_make(body, len));
	free(bytes);
	return same;
}

/* Has bob seen all that he was told he had? */
static int
check_bob(struct kv_txn *txn, void *arg, struct err *err)
{
	struct look *look = arg;
	struct store_uids uids;
	struct str runs;

	if (store_access_seen(txn, INBOX, store_bob.user, &runs, err) < 0 ||
	    store_uids_decode(&uids, runs, err) < 0)
		return -1;
	for (uint32_t uid = 1; uid < MESSAGES_MAX; uid++)
		if (look->promised->what[uid] & BOBS &&
		    !store_uids_has(&uids, uid))
			look->bad++;
	store_uids_clear(&uids);
	return 0;
}

static int
check_messages(struct kv_txn *txn, void *arg, struct err *err)
{
	struct look *look = arg;

	for (uint32_t uid = 1; uid < MESSAGES_MAX; uid++) {
		uint8_t what = look->promised->what[uid];
		struct store_hot hot;
		struct store_blob blob;
		int ret;

		if (!(what & KEPT))
			continue;
		ret = store_row_hot(txn, INBOX, uid, &hot, err);
		if (ret < 0)
			return -1;
		if (ret == 0 && !(what & GOING))
			look->bad++;
		if (ret > 0 && what & GONE)
			look->bad++;
		if (ret == 0)
			continue;
		if (what & SEEN && !(hot.flags & STORE_FLAG_SEEN))
			look->bad++;
		if (store_row_blob(txn, hot.blob, &blob, err) <= 0 ||
		    !has_bytes(look->engine, hot.blob, &blob,
			look->promised->number[uid]))
			look->bad++;
	}
	return 0;
}

static bool
is_message(void *ctx, struct kv_txn *txn, const struct store_hot *hot,
    uint32_t number)
{
	struct look *look = ctx;
	struct store_blob blob;
	struct err err;

	return store_row_blob(txn, hot->blob, &blob, &err) > 0 &&
	    has_bytes(look->engine, hot->blob, &blob, number);
}

static int
check_buried(struct kv_txn *txn, void *arg, struct err *err)
{
	struct look *look = arg;

	return bury_check(txn, store_anna.user, &look->promised->buried,
	    is_message, look, &look->bad, err);
}

static void
check_promises(struct work *work, const struct promised *promised, bool ended)
{
	struct look look = { work->engine, promised, 0 };
	struct err err;

	store_verify_engine(work->engine);
	slices_check(work->engine, &promised->slices, ended);
	if (kv_view(work->engine->kv, check_messages, &look, &err) < 0 ||
	    kv_view(work->engine->kv, check_bob, &look, &err) < 0 ||
	    kv_view(work->engine->kv, check_buried, &look, &err) < 0)
		fatal("%s", err.text);
	if (look.bad > 0)
		fatal("%u promises are broken", look.bad);
}

/* Deliveries that were promised are known; a new one works. */
static void
deliver_again(struct work *work, const struct promised *promised)
{
	for (uint32_t number = 1; number <= promised->last; number += 7) {
		struct request *request = deliver(work, number);

		run(work);
		if (!store_ask_result(request)->repeated)
			fatal("message %u was delivered twice", number);
		engine_drop_large(work->engine, request->large_name);
		store_ask_clear(&work->batch);
	}
	(void)deliver(work, MESSAGES_MAX);
	run(work);
	store_ask_clear(&work->batch);
}

static int
check_store(struct work *work, const char *dir, const char *marks)
{
	static struct promised promised;

	read_marks(marks, &promised);
	open_engine(work, dir);
	check_promises(work, &promised, false);
	start_again(work, dir, 2);
	check_promises(work, &promised, false);
	slices_end(work->engine);
	check_promises(work, &promised, true);
	deliver_again(work, &promised);
	tidy(work);
	check_promises(work, &promised, true);
	engine_close(work->engine);
	return 0;
}

int
main(int argc, char **argv)
{
	struct work work = { 0 };
	uint64_t batches;

	log_init("store_work", LOG_LEVEL_ERROR);
	if (argc == 5 && strcmp(argv[1], "write") == 0 &&
	    num_parse(str_of(argv[4]), MESSAGES_MAX / BATCH_MAX, &batches))
		return write_store(&work, argv[2], argv[3], (unsigned)batches);
	if (argc == 4 && strcmp(argv[1], "check") == 0)
		return check_store(&work, argv[2], argv[3]);
	fatal("usage: store_work write|check DIR MARKS [BATCHES]");
}
