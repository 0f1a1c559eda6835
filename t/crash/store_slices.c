#include "t/crash/store_slices.h"

#include <stdio.h>

#include "base/log.h"
#include "ipc/store_msg.h"
#include "store/row.h"
#include "stored/append.h"
#include "stored/copy.h"
#include "stored/mailbox.h"
#include "stored/task.h"
#include "t/crash/marks.h"
#include "t/crash/store_ask.h"

enum { INBOX = 1, MOVED = 50 };

/* What is in batch, which is one request, to its end. */
static void
run(struct engine *engine, struct list *batch)
{
	struct request *request = LIST_ITEM(batch->next, struct request, link);
	size_t done;

	do {
		engine_batch(engine, batch, &done);
		if (engine->is_failed || request->err.kind != ERR_NONE)
			fatal("slice: %s", request->err.text);
	} while (request->is_unfinished);
	store_ask_clear(batch);
}

static void
ask(struct engine *engine, request_fn *fn, const struct ipc_msg *msg,
    const void *in, const struct store_who *who)
{
	struct list batch;

	list_init(&batch);
	(void)store_ask(&batch, who, fn, msg, in);
	run(engine, &batch);
}

/* A mailbox by name, or INBOX of the first user. exists -1: there is none. */
struct find {
	uint32_t user;
	const char *name;
	int64_t exists;
};

static int
find(struct kv_txn *txn, void *arg, struct err *err)
{
	struct find *find = arg;
	struct store_name name;
	struct store_mbox mbox;
	int ret =
	    store_row_name(txn, find->user, str_of(find->name), &name, err);

	find->exists = -1;
	if (ret > 0)
		ret = store_row_mbox(txn, name.mailbox, &mbox, err);
	if (ret > 0)
		find->exists = mbox.exists;
	return ret < 0 ? -1 : 0;
}

static int64_t
count(struct engine *engine, const struct store_who *who, const char *name)
{
	struct find look = { who->user, name, 0 };
	struct err err;

	if (kv_view(engine->kv, find, &look, &err) < 0)
		fatal("%s", err.text);
	return look.exists;
}

void
slices_copy(struct engine *engine, int marks, unsigned nth)
{
	static unsigned char all[8] = { 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff };
	struct store_mailbox create = { .op = STORE_CREATE };
	struct store_copy in = { .mailbox = INBOX, .uids = { (char *)all, 8 } };
	uint32_t messages = (uint32_t)count(engine, &store_anna, "INBOX");
	char name[20];

	(void)snprintf(name, sizeof(name), "copy%u", nth);
	create.name = in.name = str_of(name);
	ask(engine, mailbox_run, &store_mailbox_msg, &create, &store_anna);
	marks_put(marks, "copies %u %u", nth, messages);
	ask(engine, copy_run, &store_copy_msg, &in, &store_anna);
	marks_put(marks, "copied %u %u", nth, messages);
}

void
slices_rename(struct engine *engine, int marks, unsigned nth)
{
	static struct store_target target[MOVED];
	struct store_append in = { .internal = 1,
		.targets = { target, MOVED },
		.body = STR("x\r\n") };
	struct store_mailbox rename = { .op = STORE_RENAME,
		.name = STR("INBOX") };
	char name[20];

	for (size_t i = 0; i < MOVED; i++)
		target[i] = (struct store_target){ .user = store_bob.name,
			.name = STR("INBOX") };
	ask(engine, append_run, &store_append_msg, &in, &store_bob);
	(void)snprintf(name, sizeof(name), "old%u", nth);
	rename.name2 = str_of(name);
	marks_put(marks, "renames %u %u", nth,
	    (uint32_t)count(engine, &store_bob, "INBOX"));
	ask(engine, mailbox_run, &store_mailbox_msg, &rename, &store_bob);
	marks_put(marks, "renamed %u 0", nth);
}

bool
slices_mark(struct slices_promised *promised, const char *word, unsigned nth,
    unsigned messages)
{
	static const struct {
		const char *word;
		bool rename, done;
	} words[] = { { "copies", false, false }, { "copied", false, true },
		{ "renames", true, false }, { "renamed", true, true } };

	for (size_t i = 0; i < NELEMS(words); i++) {
		struct slices_promise *one =
		    words[i].rename ? promised->rename : promised->copy;

		if (strcmp(words[i].word, word) != 0)
			continue;
		if (nth >= SLICES_MAX)
			fatal("too many %s", word);
		one[nth].begun = true;
		one[nth].done |= words[i].done;
		if (messages > 0)
			one[nth].count = messages;
		return true;
	}
	return false;
}

/* A renamed INBOX may have some of its messages before it is ended. */
static bool
is_kept(const struct slices_promise *one, int64_t found, bool partly)
{
	if (one->done || found == one->count)
		return found == one->count;
	return found <= 0 || (partly && found < one->count);
}

void
slices_check(struct engine *engine, const struct slices_promised *promised,
    bool ended)
{
	char name[20];

	for (unsigned i = 0; i < SLICES_MAX; i++) {
		(void)snprintf(name, sizeof(name), "copy%u", i);
		if (promised->copy[i].begun &&
		    !is_kept(&promised->copy[i],
			count(engine, &store_anna, name), false))
			fatal("%s is not whole", name);
		(void)snprintf(name, sizeof(name), "old%u", i);
		if (promised->rename[i].begun &&
		    !is_kept(&promised->rename[i],
			count(engine, &store_bob, name), !ended))
			fatal("%s is not whole", name);
	}
}

void
slices_end(struct engine *engine)
{
	struct request *request;
	struct list batch;
	struct err err;

	list_init(&batch);
	for (;;) {
		if (task_next(engine, &request, &err) < 0)
			fatal("%s", err.text);
		if (request == NULL)
			return;
		list_push(&batch, &request->link);
		run(engine, &batch);
	}
}
