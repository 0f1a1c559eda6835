/*
 * mixed_work - a store partition under simulated power cuts, with all that
 * IMAP and SMTP change in it.
 *
 *	mixed_work write DIR MARKS OPERATIONS FILL
 *		so many operations of mixed_model.h, the first of which puts
 *		FILL messages into INBOX; MARKS gets "born" when the user is
 *		there, "begun N" before
 *		operation N is handed in and "done N" once it is answered;
 *		snapshots, compaction, new starts and a new index in between
 *	mixed_work check FILL DIR MARKS
 *		the store has every mailbox, subscription, right, message,
 *		byte and flag that the done operations left, no other, and of
 *		the one that was under way all or nothing, or where IMAP
 *		promises no more, all or nothing of each message; every
 *		invariant of the index holds; an index made of snapshot and
 *		packs has the same rows; deliveries that come again are known
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/fsutil.h"
#include "base/log.h"
#include "base/num.h"
#include "ipc/store_msg.h"
#include "store/rights.h"
#include "store/row.h"
#include "stored/acl.h"
#include "stored/append.h"
#include "stored/append_all.h"
#include "stored/compact.h"
#include "stored/copy.h"
#include "stored/expunge.h"
#include "stored/flags.h"
#include "stored/mailbox.h"
#include "stored/snapshot.h"
#include "t/crash/marks.h"
#include "t/crash/mixed_look.h"
#include "t/crash/store_ask.h"
#include "t/crash/store_verify.h"

enum {
	SEGMENT = 1 << 20, /* a slice of 2,000 rows must fit into a batch */
	TIDY_EVERY = 23,   /* operations */
	START_EVERY = 61,
	COMPACT_BELOW = 90, /* percent */
	FILL_BATCH = 200,
	FILL_MAX = 5000,
	OPERATIONS_MAX = 100000,
};

/* Numbers of messages that came from the queue. */
struct delivered {
	uint32_t number[MIXED_MESSAGES];
	size_t count;
};

struct work {
	struct engine *engine;
	struct list batch, finished;
	struct mixed mixed;
	const char *dir;
	int marks;
};

static void
open_engine(struct work *work)
{
	struct engine_conf conf = { .path = work->dir,
		.index_size = 64 << 20,
		.segment_size = SEGMENT,
		.large_size = MIXED_LARGE };
	struct err err;

	list_init(&work->batch);
	list_init(&work->finished);
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

/* What the batch has run to its end goes to the finished ones. */
static void
sort_out(struct work *work, size_t done, const char *what)
{
	struct list *link = work->batch.next;

	while (done-- > 0) {
		struct request *request = LIST_ITEM(link, struct request, link);

		link = link->next;
		if (work->engine->is_failed || request->err.kind != ERR_NONE)
			fatal("%s: %s", what, request->err.text);
		if (request->is_unfinished)
			continue;
		list_remove(&request->link);
		list_push(&work->finished, &request->link);
	}
}

/* All that was asked, to its end. */
static void
run(struct work *work, const char *what)
{
	size_t done;

	while (!list_is_empty(&work->batch)) {
		engine_batch(work->engine, &work->batch, &done);
		sort_out(work, done, what);
	}
}

struct find {
	unsigned box;
	uint32_t mailbox; /* 0: there is none of that name */
};

static int
find(struct kv_txn *txn, void *arg, struct err *err)
{
	struct find *found = arg;
	struct store_name name;
	int ret = store_row_name(txn, store_anna.user,
	    str_of(mixed_name(found->box)), &name, err);

	found->mailbox = ret > 0 ? name.mailbox : 0;
	return ret < 0 ? -1 : 0;
}

static uint32_t
mailbox_of(struct work *work, unsigned box)
{
	struct find found = { box, 0 };
	struct err err;

	if (kv_view(work->engine->kv, find, &found, &err) < 0)
		fatal("%s", err.text);
	return found.mailbox;
}

/* One UID to the other as a set on the wire. */
static struct str
range(unsigned char out[8], const struct mixed_op *op)
{
	num_put_u32(out, op->lo);
	num_put_u32(out + 4, op->hi);
	return str_make(out, 8);
}

/* From the queue when queued, else a client's. */
static struct request *
append(struct work *work, const struct mixed_op *op, uint32_t number,
    bool queued)
{
	static char body[MIXED_BODY_MAX];
	size_t len = mixed_body(body, number);
	char id[20];
	struct store_target target = { .user = store_anna.name,
		.name = str_of(mixed_name(op->box)),
		.flags = queued ? 0 : op->flags };
	struct store_append in = { .queue = queued ? 9 : 0,
		.targets = { &target, 1 },
		.digest = STR("digest"),
		.body = str_make(body, len > MIXED_LARGE ? 0 : len),
		.large = len > MIXED_LARGE,
		.large_len = len > MIXED_LARGE ? len : 0 };
	struct request *request;

	(void)snprintf(id, sizeof(id), "m%u", number);
	in.queue_id = str_of(queued ? id : "");
	request = ask(work, append_run, &store_append_msg, &in);
	if (in.large == 0)
		return request;
	store_ask_body(work->engine, request, str_make(body, len));
	return request;
}

static void
do_messages(struct work *work, const struct mixed_op *op)
{
	for (unsigned i = 0; i < op->count; i++) {
		(void)append(work, op, op->first + i,
		    op->kind == MIXED_DELIVER);
		if (i % FILL_BATCH == FILL_BATCH - 1) {
			run(work, "fill");
			store_ask_clear(&work->finished);
		}
	}
	if (!list_is_empty(&work->batch))
		run(work, mixed_word(op->kind));
}

/* Several at once are one request, unless one has a file of its own. */
static void
do_append(struct work *work, const struct mixed_op *op)
{
	struct store_appendee *item = xcalloc(op->count, sizeof(*item));
	struct store_append_all in = { .name = str_of(mixed_name(op->box)),
		.messages = { item, op->count } };
	char *bodies = xcalloc(op->count, MIXED_BODY_MAX);
	bool is_small = op->count > 1;

	for (unsigned i = 0; i < op->count; i++) {
		char *body = bodies + (size_t)i * MIXED_BODY_MAX;
		size_t len = mixed_body(body, op->first + i);

		is_small = is_small && len <= MIXED_LARGE;
		item[i] = (struct store_appendee){ .flags = op->flags,
			.digest = STR("digest"),
			.body = str_make(body, len) };
	}
	if (is_small) {
		(void)ask(work, append_all_run, &store_append_all_msg, &in);
		run(work, "MULTIAPPEND");
	} else {
		do_messages(work, op);
	}
	free(bodies);
	free(item);
}

static void
do_flags(struct work *work, const struct mixed_op *op)
{
	unsigned char bytes[8];
	struct store_flags in = { .mailbox = mailbox_of(work, op->box),
		.uids = range(bytes, op),
		.mode = op->removes ? STORE_FLAGS_REMOVE : STORE_FLAGS_ADD,
		.flags = op->flags,
		.unchanged_since = UINT64_MAX };

	(void)ask(work, flags_run, &store_flags_msg, &in);
	run(work, "STORE");
}

static void
do_expunge(struct work *work, const struct mixed_op *op)
{
	unsigned char bytes[8];
	struct store_expunge in = { .mailbox = mailbox_of(work, op->box),
		.uids = range(bytes, op) };

	(void)ask(work, expunge_run, &store_expunge_msg, &in);
	run(work, "EXPUNGE");
}

static void
do_copy(struct work *work, const struct mixed_op *op)
{
	unsigned char bytes[8];
	struct store_copy in = { .mailbox = mailbox_of(work, op->box),
		.uids = range(bytes, op),
		.name = str_of(mixed_name(op->to)),
		.move = op->kind == MIXED_MOVE };

	(void)ask(work, copy_run, &store_copy_msg, &in);
	run(work, mixed_word(op->kind));
}

static void
do_mailbox(struct work *work, const struct mixed_op *op)
{
	static const uint8_t ops[MIXED_KINDS] = {
		[MIXED_CREATE] = STORE_CREATE,
		[MIXED_DELETE] = STORE_DELETE,
		[MIXED_RENAME] = STORE_RENAME,
		[MIXED_SUBSCRIBE] = STORE_SUBSCRIBE,
		[MIXED_UNSUBSCRIBE] = STORE_UNSUBSCRIBE,
	};
	struct store_mailbox in = { .op = ops[op->kind],
		.name = str_of(mixed_name(op->box)),
		.name2 = str_of(
		    op->kind == MIXED_RENAME ? mixed_name(op->to) : "") };

	(void)ask(work, mailbox_run, &store_mailbox_msg, &in);
	run(work, mixed_word(op->kind));
}

static void
do_share(struct work *work, const struct mixed_op *op)
{
	struct store_acl_change in = { .op = STORE_ACL_SET,
		.name = str_of(mixed_name(op->box)),
		.identifier = STR("bob@a.test"),
		.rights = op->kind == MIXED_SHARE ?
		    STORE_RIGHT_LOOKUP | STORE_RIGHT_READ :
		    0 };

	(void)ask(work, acl_run, &store_acl_change_msg, &in);
	run(work, mixed_word(op->kind));
}

static void
perform(struct work *work, const struct mixed_op *op)
{
	static void (*const fns[MIXED_KINDS])(struct work *,
	    const struct mixed_op *) = {
		[MIXED_FILL] = do_messages,
		[MIXED_DELIVER] = do_messages,
		[MIXED_APPEND] = do_append,
		[MIXED_STORE] = do_flags,
		[MIXED_EXPUNGE] = do_expunge,
		[MIXED_COPY] = do_copy,
		[MIXED_MOVE] = do_copy,
		[MIXED_CREATE] = do_mailbox,
		[MIXED_DELETE] = do_mailbox,
		[MIXED_RENAME] = do_mailbox,
		[MIXED_SUBSCRIBE] = do_mailbox,
		[MIXED_UNSUBSCRIBE] = do_mailbox,
		[MIXED_SHARE] = do_share,
		[MIXED_UNSHARE] = do_share,
	};

	fns[op->kind](work, op);
	store_ask_clear(&work->finished);
}

/* Space is taken back: what was promised stays. */
static void
tidy(struct work *work)
{
	struct compact_list list;
	unsigned count;
	bool more;
	struct err err;

	if (snapshot_make(work->engine, &err) < 0 ||
	    compact_release(work->engine, &count, &err) < 0)
		fatal("%s", err.text);
	compact_choose(work->engine, COMPACT_BELOW, &list);
	for (size_t i = 0; i < list.count; i++) {
		struct request *request =
		    compact_new(work->engine, list.pack[i], &err);

		if (request == NULL)
			fatal("%s", err.text);
		list_push(&work->batch, &request->link);
		run(work, "compact");
		store_ask_clear(&work->finished);
	}
	free(list.pack);
	engine_prepare(work->engine, &more);
}

static void
start_again(struct work *work, bool anew)
{
	struct err err;

	if (anew && engine_ask_rebuild(work->engine, &err) < 0)
		fatal("%s", err.text);
	engine_close(work->engine);
	open_engine(work);
}

/* The user and bob, with INBOX alone: the others are for CREATE. */
static void
begin(struct work *work)
{
	struct store_hello hello = { .user = store_anna.name };

	(void)ask(work, hello_run, &store_hello_msg, &hello);
	run(work, "hello");
	store_ask_clear(&work->finished);
}

static int
write_store(struct work *work, const char *marks, unsigned operations)
{
	work->marks = marks_open(marks);
	open_engine(work);
	begin(work);
	marks_put(work->marks, "born 0");
	for (unsigned n = 0; n < operations; n++) {
		struct mixed_op op = mixed_choose(&work->mixed, n);

		marks_put(work->marks, "begun %u", n);
		perform(work, &op);
		mixed_apply(&work->mixed, &op);
		marks_put(work->marks, "done %u", n);
		if (n % TIDY_EVERY == TIDY_EVERY - 1)
			tidy(work);
		if (n % START_EVERY == START_EVERY - 1)
			start_again(work, n % 2 == 0);
	}
	engine_close(work->engine);
	mixed_clear(&work->mixed);
	return 0;
}

/*
 * What the marks say: operations done, and whether one more was begun. False:
 * the user has not been there yet.
 */
static bool
read_marks(const char *path, unsigned *done, bool *begun)
{
	bool born = false;
	struct str rest, line;
	struct buf marks;
	uint64_t n;

	*done = 0;
	*begun = false;
	marks_read(&marks, path);
	rest = buf_str(&marks);
	while (str_split(&rest, '\n', &line)) {
		if (str_take_str(&line, STR("done "))) {
			if (!num_parse(line, OPERATIONS_MAX, &n))
				fatal("marks");
			*done = (unsigned)n + 1;
			*begun = false;
		} else if (str_take_str(&line, STR("begun "))) {
			*begun = true;
		} else if (line.len > 0) {
			born = true;
		}
	}
	buf_clear(&marks);
	return born;
}

static void
check_state(struct work *work, const struct mixed *after,
    const struct mixed_op *op, const char *what)
{
	struct mixed found;

	store_verify_engine(work->engine);
	mixed_init(&found, 0);
	mixed_look(&found, work->engine);
	if (!mixed_is_as(&found, &work->mixed, after == NULL ? what : NULL) &&
	    (after == NULL ||
		(!mixed_is_as(&found, after, NULL) &&
		    (!mixed_is_by_message(op) ||
			!mixed_is_between(&found, &work->mixed, after, op))))) {
		if (after != NULL) {
			(void)mixed_is_as(&found, &work->mixed, "before");
			(void)mixed_is_as(&found, after, "after");
		}
		fatal("%s: promises are broken (%s was under way)", what,
		    op == NULL ? "nothing" : mixed_word(op->kind));
	}
	/* From here on this is what must stay. */
	mixed_copy(&work->mixed, &found);
	mixed_clear(&found);
}

static void
compare_rebuilt(struct work *work)
{
	uint64_t was[STORE_TABLES], now[STORE_TABLES];

	mixed_sum(was, work->engine);
	start_again(work, true);
	mixed_sum(now, work->engine);
	for (unsigned table = 0; table < STORE_TABLES; table++)
		if (was[table] != now[table])
			fatal("table %u of the index made anew has other rows",
			    table);
}

/* Deliveries of done operations are known; a new one works. */
static void
deliver_again(struct work *work, const struct delivered *delivered)
{
	struct mixed_op op = { .kind = MIXED_DELIVER, .count = 1 };

	for (size_t i = 0; i < delivered->count; i += 3) {
		struct request *request =
		    append(work, &op, delivered->number[i], true);

		run(work, "again");
		if (!store_ask_result(request)->repeated)
			fatal("message %u was delivered twice",
			    delivered->number[i]);
		engine_drop_large(work->engine, request->large_name);
		store_ask_clear(&work->finished);
	}
	(void)append(work, &op, OPERATIONS_MAX, true);
	run(work, "new");
	store_ask_clear(&work->finished);
}

static int
check_store(struct work *work, const char *marks, unsigned fill)
{
	static struct delivered delivered;
	struct mixed after;
	struct mixed_op op;
	unsigned done;
	bool begun;

	if (!read_marks(marks, &done, &begun)) {
		open_engine(work);
		store_verify_engine(work->engine);
		engine_close(work->engine);
		mixed_clear(&work->mixed);
		return 0;
	}
	for (unsigned n = 0; n < done; n++) {
		op = mixed_choose(&work->mixed, n);
		mixed_apply(&work->mixed, &op);
		for (unsigned i = 0; op.kind == MIXED_DELIVER && i < op.count;
		     i++)
			delivered.number[delivered.count++] = op.first + i;
	}
	mixed_init(&after, fill);
	mixed_copy(&after, &work->mixed);
	op = mixed_choose(&after, done);
	mixed_apply(&after, &op);
	open_engine(work);
	check_state(work, begun ? &after : NULL, begun ? &op : NULL, "index");
	compare_rebuilt(work);
	check_state(work, NULL, NULL, "index made anew");
	tidy(work);
	check_state(work, NULL, NULL, "index after compaction");
	deliver_again(work, &delivered);
	engine_close(work->engine);
	mixed_clear(&after);
	mixed_clear(&work->mixed);
	return 0;
}

int
main(int argc, char **argv)
{
	struct work work = { 0 };
	uint64_t operations, fill;

	log_init("mixed_work", LOG_LEVEL_ERROR);
	if (argc == 6 && strcmp(argv[1], "write") == 0 &&
	    num_parse(str_of(argv[4]), OPERATIONS_MAX, &operations) &&
	    num_parse(str_of(argv[5]), FILL_MAX, &fill)) {
		mixed_init(&work.mixed, (unsigned)fill);
		work.dir = argv[2];
		return write_store(&work, argv[3], (unsigned)operations);
	}
	if (argc == 5 && strcmp(argv[1], "check") == 0 &&
	    num_parse(str_of(argv[2]), FILL_MAX, &fill)) {
		mixed_init(&work.mixed, (unsigned)fill);
		work.dir = argv[3];
		return check_store(&work, argv[4], (unsigned)fill);
	}
	fatal("usage: mixed_work write DIR MARKS OPERATIONS FILL\n"
	      "       mixed_work check FILL DIR MARKS");
}
