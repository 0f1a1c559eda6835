/*
 * thread - THREAD and UID THREAD (RFC 5256).
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/rand.h"
#include "base/utf8.h"
#include "imap/token.h"
#include "imapd/command.h"
#include "imapd/commands.h"
#include "imapd/keyed.h"
#include "imapd/search_find.h"
#include "imapd/selected.h"
#include "imapd/session.h"
#include "imapd/thread_tree.h"
#include "mime/charset.h"
#include "mime/msgid.h"

enum { MEMORY = 1 << 20 /* of one message's ids in another form */ };

struct thread {
	struct command *cmd;
	bool references; /* else ORDEREDSUBJECT */
	struct searchkey_program program;
	struct keyed keyed;
	uint64_t seed;
	struct thread_message *message; /* as many as keyed, of its bulk */
	uint64_t *ref;                  /* owned: of all, one after another */
	size_t refs, refs_cap;
	struct arena *arena; /* of one message */
	struct buf folded;
};

/* Never 0, which is none. */
static uint64_t
hash_of(const struct thread *thread, struct str s)
{
	uint64_t hash = hash_checksum(thread->seed, s.p, s.len);

	return hash == 0 ? 1 : hash;
}

static uint64_t
hash_subject(struct thread *thread, struct str subject)
{
	if (subject.len == 0)
		return 0;
	buf_reset(&thread->folded);
	(void)mime_casefold(&thread->folded, subject);
	return hash_of(thread, buf_str(&thread->folded));
}

/* An id in normal form; 0 when it takes more room than any id should. */
static uint64_t
hash_id(struct thread *thread, struct str id)
{
	id = mime_msgid_normal(thread->arena, id);
	return id.p == NULL ? 0 : hash_of(thread, id);
}

static void
add_ref(struct thread *thread, uint64_t id)
{
	if (id == 0)
		return;
	if (thread->refs == thread->refs_cap) {
		thread->refs_cap =
		    thread->refs_cap == 0 ? 1024 : thread->refs_cap * 2;
		thread->ref = xreallocarray(thread->ref, thread->refs_cap,
		    sizeof(*thread->ref));
	}
	thread->ref[thread->refs++] = id;
}

/* References, else the first id of In-Reply-To. */
static void
take_refs(struct thread *thread, struct thread_message *out,
    const struct store_keys *keys)
{
	struct str in = keys->references, id;

	out->ref = thread->refs;
	/* In a digest they have their normal form. */
	while (mime_msgid_next(&in, &id))
		add_ref(thread, hash_of(thread, id));
	in = keys->in_reply_to;
	if (thread->refs == out->ref && mime_msgid_next(&in, &id))
		add_ref(thread, hash_id(thread, id));
	out->refs = thread->refs - out->ref;
}

static void
take(void *ctx, size_t i, const struct keyed_message *message,
    const struct store_keys *keys)
{
	struct thread *thread = ctx;
	struct thread_message *out = &thread->message[i];
	struct str in = keys->message_id, id;

	*out = (struct thread_message){
		.date = keyed_date(message, keys),
		.number = keyed_number(&thread->keyed, i, thread->cmd),
		.subject = hash_subject(thread, keys->base_subject),
		.is_reply = keys->is_reply,
	};
	if (!thread->references)
		return;
	arena_reset(thread->arena);
	if (mime_msgid_next(&in, &id))
		out->id = hash_id(thread, id);
	take_refs(thread, out, keys);
}

static struct str
name_of(const struct thread *thread)
{
	if (thread->references)
		return thread->cmd->uid ? STR("TRU") : STR("TRS");
	return thread->cmd->uid ? STR("TSU") : STR("TSS");
}

/*
 * What we said of just these messages, under these numbers; the numbers stand
 * before the answer.
 */
static bool
recall_answer(const struct thread *thread, const uint32_t *uid, struct buf *out)
{
	struct recall *recall = &thread->cmd->session->selected->recall;
	const struct recall_answer *answer =
	    recall_find(recall, name_of(thread));
	size_t len = thread->keyed.len;
	const uint32_t *number;

	if (answer == NULL || answer->len != len ||
	    memcmp(answer->uid, uid, len * sizeof(*uid)) != 0)
		return false;
	number = (const uint32_t *)(const void *)answer->bytes.p;
	for (size_t i = 0; i < len; i++)
		if (number[i] != keyed_number(&thread->keyed, i, thread->cmd))
			return false;
	(void)buf_add_str(out,
	    str_sub(answer->bytes, len * sizeof(*number), answer->bytes.len));
	return true;
}

static void
keep_answer(const struct thread *thread, const uint32_t *uid, struct str text)
{
	struct recall *recall = &thread->cmd->session->selected->recall;
	struct buf bytes;

	buf_init(&bytes, 0);
	for (size_t i = 0; i < thread->keyed.len; i++) {
		uint32_t number = keyed_number(&thread->keyed, i, thread->cmd);

		(void)buf_add(&bytes, &number, sizeof(number));
	}
	(void)buf_add_str(&bytes, text);
	recall_keep(recall, name_of(thread), uid, thread->keyed.len,
	    buf_str(&bytes));
	buf_clear(&bytes);
}

static int
make_answer(struct thread *thread, struct buf *out, struct err *err)
{
	struct command *cmd = thread->cmd;

	thread->message = bulk_take(&thread->keyed.bulk, thread->keyed.len,
	    sizeof(*thread->message));
	if (keyed_read(&thread->keyed, cmd, STORE_KEYS_ALL, take, thread, err) <
	    0)
		return -1;
	(void)buf_addz(out, "* THREAD");
	if (thread->keyed.len > 0)
		(void)buf_addc(out, ' ');
	if (thread->references)
		thread_by_references(out, thread->message, thread->keyed.len,
		    thread->ref);
	else
		thread_by_subject(out, thread->message, thread->keyed.len);
	(void)buf_addz(out, "\r\n");
	return 0;
}

static int
run(struct thread *thread, struct err *err)
{
	struct command *cmd = thread->cmd;
	struct buf out;
	uint32_t *uid;
	int ret = 0;

	if (keyed_find(&thread->keyed, cmd, &thread->program,
		sizeof(*uid) + sizeof(*thread->message), err) < 0)
		return -1;
	uid = keyed_uids(&thread->keyed, cmd);
	buf_init(&out, 0);
	if (!recall_answer(thread, uid, &out) &&
	    (ret = make_answer(thread, &out, err)) == 0)
		keep_answer(thread, uid, buf_str(&out));
	if (ret == 0)
		stream_put(cmd->session->stream, buf_str(&out));
	buf_clear(&out);
	return ret;
}

/* SP thread-alg SP search-criteria */
static int
parse(struct thread *thread, struct err *err)
{
	struct command *cmd = thread->cmd;
	struct searchkey_view view;
	struct str word;

	if (token_sp(&cmd->in, err) < 0 || token_atom(&cmd->in, &word, err) < 0)
		return -1;
	thread->references = str_ieq(word, STR("REFERENCES"));
	if (!thread->references && !str_ieq(word, STR("ORDEREDSUBJECT")))
		return err_set(err, ERR_SYNTAX, "no such threading");
	if (token_sp(&cmd->in, err) < 0 || search_view(cmd, &view, err) < 0)
		return -1;
	return searchkey_parse_criteria(cmd->arena, &cmd->in, &view,
	    &thread->program, err);
}

void
thread_run(struct command *cmd)
{
	struct thread thread = { .cmd = cmd };
	struct err err;

	if (parse(&thread, &err) < 0) {
		command_syntax(cmd, &err);
		return;
	}
	if (search_begin(cmd, &thread.program) < 0)
		return;
	thread.seed = rand_u64();
	thread.arena = arena_new(MEMORY);
	buf_init(&thread.folded, 0);
	if (run(&thread, &err) < 0)
		command_trouble(cmd, &err);
	else
		command_ok(cmd, "done");
	buf_clear(&thread.folded);
	arena_free(thread.arena);
	free(thread.ref);
	keyed_clear(&thread.keyed);
}
