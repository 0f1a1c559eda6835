/*
 * A model beside the engine: mailboxes as plain arrays. Thousands of random
 * requests go to both, several a batch, and what a reader then sees must be
 * what the model has; every invariant of the index must hold; and it must all
 * still be so after a new start, and after the index was made anew from the
 * packs alone.
 */
#include "t/unit/stored/fixture.h"

#include "store/message.h"
#include "store/verify.h"
#include "stored/append.h"
#include "stored/check.h"
#include "stored/copy.h"
#include "stored/expunge.h"
#include "stored/flags.h"

enum { BOXES = 40, MESSAGES = 3000, WORDS = 5, BATCH = 6 };

struct message {
	uint32_t uid, size;
	uint16_t flags;
	uint8_t words; /* bits of word[] */
};

struct box {
	bool is_used;
	unsigned user;
	char name[32];
	uint32_t uidnext, count;
	struct message message[MESSAGES];
};

struct world {
	struct fixture f;
	struct box *box; /* BOXES of them */
	uint64_t seed;
};

static const char *const word[WORDS] = { "$Forwarded", "work", "x", "later",
	"$Label1" };

static uint32_t
below(struct world *w, uint32_t bound)
{
	w->seed = w->seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(w->seed >> 33) % bound;
}

static int
setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));

	fixture_open(&w->f, "model");
	w->box = xcalloc(BOXES, sizeof(*w->box));
	w->seed = 42;
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	fixture_close(&w->f);
	free(w->box);
	free(w);
	return 0;
}

/* Run until each request has its answer. */
static void
run(struct world *w)
{
	struct list done;

	list_init(&done);
	while (!list_is_empty(&w->f.batch)) {
		size_t count;

		engine_batch(w->f.engine, &w->f.batch, &count);
		assert_false(w->f.engine->is_failed);
		assert_true(count > 0);
		LIST_FOREACH(link, &w->f.batch)
		{
			struct request *request =
			    LIST_ITEM(link, struct request, link);

			if (count-- == 0)
				break;
			if (request->is_unfinished)
				continue;
			if (request->err.kind != ERR_NONE)
				fail_msg("%s: %s", request->msg->name,
				    request->err.text);
			assert_non_null(request->answer);
			list_remove(link);
			list_push(&done, link);
		}
	}
	LIST_FOREACH(link, &done)
	request_free(LIST_ITEM(link, struct request, link));
	w->f.pending = 0;
}

static uint32_t
create(struct world *w, unsigned user, const char *name, enum err_kind kind)
{
	struct store_mailbox in = { .op = STORE_CREATE,
		.name = str_of(name),
		.user = STR("") };
	struct request *request =
	    ask(&w->f, mailbox_run, &store_mailbox_msg, &in, user);
	uint32_t mailbox = 0;

	run_one(&w->f, request, kind);
	if (kind == ERR_NONE)
		mailbox =
		    ((struct store_mailbox_done *)request->answer)->mailbox;
	request_free(request);
	return mailbox;
}

/* ---- the model ---- */

static struct box *
find_box(struct world *w, unsigned user, const char *name)
{
	for (unsigned i = 0; i < BOXES; i++)
		if (w->box[i].is_used && w->box[i].user == user &&
		    strcmp(w->box[i].name, name) == 0)
			return &w->box[i];
	return NULL;
}

static struct box *
new_box(struct world *w, unsigned user, const char *name)
{
	for (unsigned i = 0; i < BOXES; i++) {
		struct box *box = &w->box[i];

		if (box->is_used)
			continue;
		box->is_used = true;
		box->user = user;
		(void)snprintf(box->name, sizeof(box->name), "%s", name);
		box->uidnext = 1;
		box->count = 0;
		return box;
	}
	return NULL;
}

static void
new_user(struct world *w, unsigned user)
{
	static const char *const names[] = { "INBOX", "Drafts", "Sent", "Junk",
		"Trash", "Archive" };

	hello(&w->f, user);
	for (size_t i = 0; i < NELEMS(names); i++)
		assert_non_null(new_box(w, user, names[i]));
}

static struct box *
any_box(struct world *w, int user)
{
	for (;;) {
		struct box *box = &w->box[below(w, BOXES)];

		if (box->is_used && (user < 0 || box->user == (unsigned)user))
			return box;
	}
}

static void
add_message(struct box *box, uint32_t size, uint16_t flags, uint8_t words)
{
	assert_true(box->count < MESSAGES);
	box->message[box->count++] =
	    (struct message){ box->uidnext++, size, flags, words };
}

static void
remove_message(struct box *box, uint32_t at)
{
	memmove(&box->message[at], &box->message[at + 1],
	    (box->count - at - 1) * sizeof(box->message[0]));
	box->count--;
}

static uint8_t
words_of(const struct store_mbox *mbox, uint64_t bits)
{
	uint8_t out = 0;

	for (unsigned i = 0; i < mbox->keywords.count; i++)
		for (unsigned j = 0; j < WORDS; j++)
			if (bits & 1ULL << i &&
			    str_eqz(mbox->keywords.keyword[i], word[j]))
				out |= (uint8_t)(1u << j);
	return out;
}

static void
compare_box(struct look *look, const struct box *box, uint32_t mailbox)
{
	static struct store_message message[MESSAGES];
	struct arena *arena = arena_new(0);
	uint32_t first_unseen, want_unseen = 0;
	struct store_uids uids;
	struct store_mbox mbox;
	struct err err;
	size_t count;

	assert_int_equal(store_select(look->reader, mailbox, arena, &mbox,
			     &uids, &first_unseen, &err),
	    0);
	assert_int_equal(store_scan(look->reader, mailbox, 1, UINT32_MAX,
			     message, MESSAGES, &count, &err),
	    0);
	assert_int_equal(count, box->count);
	assert_int_equal(mbox.exists, box->count);
	assert_int_equal(mbox.uidnext, box->uidnext);
	assert_int_equal(store_uids_count(&uids), box->count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(message[i].uid, box->message[i].uid);
		assert_int_equal(message[i].size, box->message[i].size);
		assert_int_equal(message[i].flags, box->message[i].flags);
		assert_int_equal(words_of(&mbox, message[i].keywords),
		    box->message[i].words);
		assert_int_equal(store_uids_at(&uids, (uint32_t)i + 1),
		    message[i].uid);
		if (want_unseen == 0 && !(message[i].flags & STORE_FLAG_SEEN))
			want_unseen = message[i].uid;
	}
	assert_int_equal(first_unseen, want_unseen);
	store_uids_clear(&uids);
	arena_free(arena);
}

static void
compare_user(struct world *w, unsigned user)
{
	struct arena *arena = arena_new(0);
	struct store_entry *entry;
	struct look look;
	size_t count, boxes = 0;
	struct err err;

	begin_look(&look, &w->f, user);
	assert_int_equal(store_mailbox_list(look.reader, user + 1, arena,
			     &entry, &count, &err),
	    0);
	for (size_t i = 0; i < count; i++) {
		char name[64];
		struct box *box;

		if (entry[i].mailbox == 0)
			continue; /* subscribed only */
		(void)snprintf(name, sizeof(name), "%" STR_F,
		    STR_A(entry[i].name));
		box = find_box(w, user, name);
		if (box == NULL)
			fail_msg("%s should not be there", name);
		compare_box(&look, box, entry[i].mailbox);
		boxes++;
	}
	for (unsigned i = 0; i < BOXES; i++)
		boxes -= w->box[i].is_used && w->box[i].user == user;
	assert_int_equal(boxes, 0);
	end_look(&look);
	arena_free(arena);
}

static void
compare(struct world *w)
{
	struct store_verify_ops ops = { print_problem, check_body,
		w->f.engine };
	struct err err = { 0 };

	assert_int_equal(store_verify_all(w->f.engine->kv, &ops, &err), 0);
	for (unsigned i = 0; i < USERS; i++)
		compare_user(w, i);
}

/* ---- random requests, to the engine and to the model ---- */

static uint32_t
mailbox_id(struct world *w, const struct box *box)
{
	struct store_name row;
	struct look look;
	struct err err;

	begin_look(&look, &w->f, box->user);
	assert_int_equal(store_mailbox_find(look.reader, box->user + 1,
			     str_of(box->name), &row, &err),
	    0);
	end_look(&look);
	return row.mailbox;
}

static struct ipc_list
words_list(struct store_word list[WORDS], uint8_t words)
{
	size_t count = 0;

	for (unsigned i = 0; i < WORDS; i++)
		if (words & 1u << i)
			list[count++].word = str_of(word[i]);
	return (struct ipc_list){ list, count };
}

static void
try_append(struct world *w)
{
	static char bytes[150000];
	struct store_word list[3][WORDS];
	struct store_target target[3];
	struct store_append in = { .internal = 1000,
		.queue_id = STR(""),
		.targets = { target, 1 + below(w, 3) },
		.digest = str_make(bytes, below(w, 10) == 0 ? 3000 : 100),
		.body = str_make(bytes, 1 + below(w, 5000)) };

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)('a' + i % 26);
	for (size_t i = 0; i < in.targets.count; i++) {
		struct box *box = any_box(w, -1);
		uint8_t words = (uint8_t)(below(w, 4) == 0 ? below(w, 32) : 0);

		if (box->count + 10 > MESSAGES)
			return;
		target[i] = (struct store_target){
			.user = user_name(box->user),
			.name = str_of(box->name),
			.flags = (uint16_t)below(w, STORE_FLAGS_ALL + 1),
			.keywords = words_list(list[i], words),
			.prefix = str_make(bytes, below(w, 100)),
		};
		add_message(box, (uint32_t)(in.body.len + target[i].prefix.len),
		    target[i].flags, words);
	}
	/* As lmtpd does: for nobody in particular, to anybody. */
	ask(&w->f, append_run, &store_append_msg, &in, 0)->who =
	    (struct store_who){ .user = 0 };
}

/* A random range of UIDs as a set, with a hole now and then. */
static struct str
some_uids(struct world *w, const struct box *box, struct buf *out,
    struct store_uids *set)
{
	uint32_t first = 1 + below(w, box->uidnext);
	uint32_t last = first + below(w, 40);

	*set = (struct store_uids){ 0 };
	store_uids_append(set, first, last);
	if (below(w, 2) == 0)
		store_uids_append(set, last + 5, last + 5 + below(w, 300));
	(void)store_uids_remove(set, first + 3);
	buf_init(out, 0);
	(void)store_uids_encode(out, set);
	return buf_str(out);
}

static void
try_flags(struct world *w)
{
	struct box *box = any_box(w, -1);
	struct store_word list[WORDS];
	uint8_t words = (uint8_t)(below(w, 3) == 0 ? below(w, 32) : 0);
	struct store_flags in = { .mailbox = mailbox_id(w, box),
		.mode = (uint8_t)below(w, 3),
		.flags = (uint16_t)below(w, STORE_FLAGS_ALL + 1),
		.keywords = words_list(list, words),
		.unchanged_since = UINT64_MAX };
	struct store_uids set;
	struct buf bytes;

	in.uids = some_uids(w, box, &bytes, &set);
	(void)ask(&w->f, flags_run, &store_flags_msg, &in, box->user);
	for (uint32_t i = 0; i < box->count; i++) {
		struct message *m = &box->message[i];

		if (!store_uids_has(&set, m->uid))
			continue;
		if (in.mode == STORE_FLAGS_ADD) {
			m->flags |= in.flags;
			m->words |= words;
		} else if (in.mode == STORE_FLAGS_REMOVE) {
			m->flags &= (uint16_t)~in.flags;
			m->words &= (uint8_t)~words;
		} else {
			m->flags = in.flags;
			m->words = words;
		}
	}
	store_uids_clear(&set);
	buf_clear(&bytes);
}

static void
try_expunge(struct world *w)
{
	struct box *box = any_box(w, -1);
	struct store_expunge in = { .mailbox = mailbox_id(w, box),
		.deleted_only = below(w, 4) != 0 };
	bool all = below(w, 4) == 0;
	struct store_uids set;
	struct buf bytes;

	in.uids = some_uids(w, box, &bytes, &set);
	if (all)
		in.uids = STR("");
	(void)ask(&w->f, expunge_run, &store_expunge_msg, &in, box->user);
	for (uint32_t i = 0; i < box->count;) {
		struct message *m = &box->message[i];

		if ((all || store_uids_has(&set, m->uid)) &&
		    (!in.deleted_only || m->flags & STORE_FLAG_DELETED))
			remove_message(box, i);
		else
			i++;
	}
	store_uids_clear(&set);
	buf_clear(&bytes);
}

static void
try_copy(struct world *w)
{
	struct box *from = any_box(w, -1), *to = any_box(w, (int)from->user);
	struct store_copy in = { .mailbox = mailbox_id(w, from),
		.user = STR(""),
		.name = str_of(to->name),
		.move = below(w, 2) };
	uint32_t end = from->uidnext;
	struct store_uids set;
	struct buf bytes;

	in.uids = some_uids(w, from, &bytes, &set);
	if (to->count + 400 < MESSAGES) {
		(void)ask(&w->f, copy_run, &store_copy_msg, &in, from->user);
		for (uint32_t i = 0; i < from->count;) {
			struct message m = from->message[i];

			if (m.uid >= end || !store_uids_has(&set, m.uid)) {
				i++;
				continue;
			}
			add_message(to, m.size, m.flags, m.words);
			if (in.move)
				remove_message(from, i);
			else
				i++;
		}
	}
	store_uids_clear(&set);
	buf_clear(&bytes);
}

static void
try_rename(struct world *w)
{
	unsigned user = below(w, USERS);
	struct box *box = any_box(w, (int)user);
	struct store_mailbox in = { .op = STORE_RENAME, .user = STR("") };
	char old[32], name[32];
	size_t len = strlen(box->name);
	struct request *request;
	struct box *made;

	(void)snprintf(old, sizeof(old), "%s", box->name);
	(void)snprintf(name, sizeof(name), "r%u", below(w, 1000));
	in.name = str_of(old);
	in.name2 = str_of(name);
	for (unsigned i = 0; i < BOXES; i++)
		if (w->box[i].is_used &&
		    strncmp(w->box[i].name, name, strlen(name)) == 0)
			return; /* it or one below is there */
	if (strcmp(old, "INBOX") == 0) {
		made = new_box(w, user, name);
		if (made == NULL)
			return;
		for (uint32_t i = 0; i < box->count; i++)
			add_message(made, box->message[i].size,
			    box->message[i].flags, box->message[i].words);
		box->count = 0;
	} else {
		for (unsigned i = 0; i < BOXES; i++) {
			char rest[12];

			made = &w->box[i];
			if (!made->is_used || made->user != user ||
			    strncmp(made->name, old, len) != 0 ||
			    (made->name[len] != '\0' && made->name[len] != '/'))
				continue;
			(void)snprintf(rest, sizeof(rest), "%.11s",
			    made->name + len);
			(void)snprintf(made->name, sizeof(made->name),
			    "%.20s%s", name, rest);
		}
	}
	request = ask(&w->f, mailbox_run, &store_mailbox_msg, &in, user);
	run_one(&w->f, request, ERR_NONE);
	request_free(request);
}

static void
try_create(struct world *w)
{
	unsigned user = below(w, USERS);
	char parent[32], name[32];
	uint32_t n = below(w, 1000);

	(void)snprintf(parent, sizeof(parent), "m%u", n);
	(void)snprintf(name, sizeof(name), "m%u/sub", n);
	if (find_box(w, user, parent) != NULL ||
	    new_box(w, user, parent) == NULL)
		return;
	if (new_box(w, user, name) == NULL) {
		assert_true(create(w, user, parent, ERR_NONE) > 0);
		return;
	}
	assert_true(create(w, user, name, ERR_NONE) > 0);
	assert_true(create(w, user, parent, ERR_EXISTS) == 0);
}

static void
try_delete(struct world *w)
{
	struct box *box = any_box(w, -1);
	struct store_mailbox in = { .op = STORE_DELETE,
		.name = str_of(box->name),
		.user = STR("") };
	bool is_inbox = strcmp(box->name, "INBOX") == 0;
	struct request *request =
	    ask(&w->f, mailbox_run, &store_mailbox_msg, &in, box->user);

	run_one(&w->f, request, is_inbox ? ERR_SYNTAX : ERR_NONE);
	request_free(request);
	if (!is_inbox)
		box->is_used = false;
}

static void
try_something(struct world *w)
{
	uint32_t n = below(w, 100);

	/* These look at the index, so nothing may be on its way. */
	if (n >= 40)
		run(w);
	if (n < 40)
		try_append(w);
	else if (n < 60)
		try_flags(w);
	else if (n < 75)
		try_expunge(w);
	else if (n < 90)
		try_copy(w);
	else if (n < 95)
		try_create(w);
	else if (n < 98)
		try_rename(w);
	else
		try_delete(w);
	if (w->f.pending >= BATCH)
		run(w);
}

static void
model_and_engine_agree(void **state)
{
	struct world *w = *state;

	for (unsigned i = 0; i < USERS; i++)
		new_user(w, i);
	for (unsigned i = 0; i < 3000; i++) {
		try_something(w);
		if (i % 300 == 299) {
			run(w);
			compare(w);
		}
		if (i % 1000 == 999) {
			run(w);
			reopen(&w->f, i % 2000 == 999);
			compare(w);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(model_and_engine_agree, setup,
		    teardown),
	};

	return cmocka_run_group_tests_name("stored/model", tests, NULL, NULL);
}
