#include "verb/importer.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/num.h"
#include "store/digest.h"
#include "verb/progress.h"
#include "verb/store_edge.h"

enum {
	TIMEOUT_MS = 600 * 1000,
	OPEN_MAX = 128, /* messages that stored has not answered */
	OPEN_BYTES = 4 << 20,
	ID = 40,
	TELL_MAX = 20, /* refusals that are printed */
	FORGET = 1000, /* ids in one request */
	ANSWER = 1 << 20,
};

struct importer {
	struct verb_call *call;
	struct store_edge edge;
	struct str user;
	uint64_t queue;    /* the name under which stored remembers */
	struct hash *seen; /* ids of this run: how often, as a pointer */
	struct arena *ids; /* all of them, for the end */
	struct store_word *id;
	size_t id_count, id_cap;
	struct arena *arena; /* of one answer */
	struct progress progress;
	size_t open_bytes;
	bool has_failed;
	struct err failure;
	uint64_t imported, repeated, refused;
};

int
importer_open(struct importer **out, struct verb_call *call, const char *user,
    struct err *err)
{
	struct importer *importer = xcalloc(1, sizeof(*importer));

	*out = NULL;
	if (store_edge_open(&importer->edge, call, TIMEOUT_MS, err) < 0) {
		free(importer);
		return -1;
	}
	importer->call = call;
	importer->user = store_edge_user(&importer->edge, user);
	importer->queue =
	    hash_checksum(0x696d706f7274, importer->user.p, importer->user.len);
	importer->seen = hash_new();
	importer->ids = arena_new(0);
	importer->arena = arena_new(ANSWER);
	*out = importer;
	return 0;
}

void
importer_begin(struct importer *importer, struct str mailbox, uint64_t total)
{
	progress_begin(&importer->progress, mailbox, total);
}

void
importer_refuse(struct importer *importer, struct str what,
    const struct err *why)
{
	char text[200];

	if (importer->refused++ == TELL_MAX)
		print_line(importer->call->print, "(and others)");
	if (importer->refused > TELL_MAX)
		return;
	progress_end(&importer->progress);
	print_line(importer->call->print, "left out: %s: %s",
	    log_escape(text, sizeof(text), what), why->text);
}

/* Trouble that the next message would have as well. */
static bool
is_the_end(const struct err *err)
{
	return err->kind == ERR_TEMP || err->kind == ERR_NOENT ||
	    err->kind == ERR_DENIED || err->cause == ERR_CAUSE_QUOTA;
}

static void
fail(struct importer *importer, const struct err *err)
{
	if (!importer->has_failed)
		importer->failure = *err;
	importer->has_failed = true;
}

static void
take_result(struct importer *importer, const struct store_append_result *result)
{
	struct err err;

	if (result->kind == ERR_NONE) {
		importer->repeated += result->repeated;
		importer->imported += !result->repeated;
		return;
	}
	(void)err_set_cause(&err, (enum err_kind)result->kind,
	    (enum err_cause)result->cause, "%" STR_F, STR_A(result->text));
	if (is_the_end(&err))
		fail(importer, &err);
	else
		importer_refuse(importer, STR("message"), &err);
}

/* Take one answer. false: there is none. */
static bool
end_one(struct importer *importer, bool wait)
{
	struct store_appended answer;
	struct err refused, err;
	uint16_t tag;
	int ret;

	arena_reset(importer->arena);
	ret = store_client_append_end(importer->edge.client, wait,
	    importer->arena, &tag, &answer, &refused, &err);
	if (ret < 0)
		fail(importer, &err);
	if (ret <= 0)
		return false;
	if (store_client_pending(importer->edge.client) == 0)
		importer->open_bytes = 0;
	if (refused.kind != ERR_NONE)
		fail(importer, &refused);
	else if (answer.results.count == 1)
		take_result(importer, answer.results.items);
	return true;
}

static void
end_all(struct importer *importer)
{
	while (store_client_pending(importer->edge.client) > 0 &&
	    end_one(importer, true))
		;
}

/*
 * Mailbox, date and bytes, and how many of these there were before in this
 * run: a message that is there twice comes twice, but none of them again.
 */
static struct str
make_id(struct importer *importer, struct str mailbox,
    const struct archive_message *message)
{
	unsigned char date[8];
	uint64_t seed, sum[2];
	uintptr_t times;
	char id[ID];
	struct str key;

	num_put_u64(date, (uint64_t)message->internal);
	seed = hash_checksum(hash_checksum(1, mailbox.p, mailbox.len), date,
	    sizeof(date));
	for (unsigned i = 0; i < 2; i++)
		sum[i] = hash_checksum(seed + i, message->bytes.p,
		    message->bytes.len);
	key = str_make(sum, sizeof(sum));
	times = (uintptr_t)hash_get(importer->seen, key) + 1;
	(void)hash_put(importer->seen, key, (void *)times);
	(void)snprintf(id, sizeof(id), "%016llx%016llx",
	    (unsigned long long)sum[0], (unsigned long long)sum[1]);
	return arena_str(importer->ids,
	    str_of(arena_printf(importer->ids, "%s.%llx", id,
		(unsigned long long)times)));
}

static void
remember(struct importer *importer, struct str id)
{
	if (importer->id_count == importer->id_cap) {
		importer->id_cap = importer->id_cap * 2 + 256;
		importer->id = xreallocarray(importer->id, importer->id_cap,
		    sizeof(*importer->id));
	}
	importer->id[importer->id_count++] = (struct store_word){ id };
}

static int
send_one(struct importer *importer, const struct store_append *req,
    struct err *err)
{
	struct store_appended answer;
	uint16_t tag;

	if (req->body.len <= STORE_MSG_INLINE_MAX) {
		importer->open_bytes += req->body.len;
		return store_client_append_begin(importer->edge.client, req,
		    &tag, err);
	}
	end_all(importer);
	arena_reset(importer->arena);
	if (store_client_append(importer->edge.client, req, importer->arena,
		&answer, err) < 0)
		return -1;
	take_result(importer, answer.results.items);
	return 0;
}

static bool
is_good(struct importer *importer, struct str mailbox,
    const struct archive_message *message)
{
	struct err err = { 0 };

	if (message->bytes.len == 0)
		(void)err_set(&err, ERR_SYNTAX, "a message is empty");
	else if (str_chr(message->bytes, '\0') >= 0)
		(void)err_set(&err, ERR_SYNTAX, "a message holds a NUL");
	if (err.kind != ERR_NONE)
		importer_refuse(importer, mailbox, &err);
	return err.kind == ERR_NONE;
}

/* Keywords that can be none here are left out. */
static size_t
take_keywords(const struct archive_message *message, struct store_word *words)
{
	size_t count = 0;

	for (unsigned i = 0; i < message->keywords; i++)
		if (store_keyword_is_valid(message->keyword[i]))
			words[count++].word = message->keyword[i];
	return count;
}

int
importer_add(struct importer *importer, struct str mailbox,
    const struct archive_message *message, uint64_t units, struct err *err)
{
	struct store_word words[ARCHIVE_KEYWORDS];
	struct store_target target = { .user = importer->user,
		.name = mailbox,
		.make = true,
		.flags = message->flags,
		.keywords = { words, take_keywords(message, words) },
		.prefix = STR(""),
		.quota = UINT64_MAX };
	struct store_append req = { .queue = importer->queue,
		.internal = message->internal,
		.targets = { &target, 1 },
		.body = message->bytes };
	struct buf digest;
	int ret;

	progress_step(&importer->progress, units);
	if (!is_good(importer, mailbox, message))
		return 0;
	while (store_client_pending(importer->edge.client) >= OPEN_MAX ||
	    importer->open_bytes >= OPEN_BYTES)
		if (!end_one(importer, true))
			break;
	while (end_one(importer, false))
		;
	req.queue_id = make_id(importer, mailbox, message);
	remember(importer, req.queue_id);
	buf_init(&digest, STORE_DIGEST_MAX);
	store_digest_build(&digest, message->bytes, NULL);
	req.digest = buf_str(&digest);
	ret = send_one(importer, &req, err);
	buf_clear(&digest);
	if (ret < 0)
		fail(importer, err);
	if (importer->has_failed) {
		*err = importer->failure;
		return -1;
	}
	return 0;
}

static int
forget(struct importer *importer, struct err *err)
{
	struct store_settle req = { .op = STORE_SETTLE_FORGET,
		.queue = importer->queue };

	for (size_t at = 0; at < importer->id_count; at += FORGET) {
		req.ids.items = importer->id + at;
		req.ids.count = importer->id_count - at;
		if (req.ids.count > FORGET)
			req.ids.count = FORGET;
		if (store_client_settle(importer->edge.client, &req, err) < 0)
			return -1;
	}
	return 0;
}

static void
say(struct importer *importer)
{
	struct print *print = importer->call->print;

	print_int(print, "imported", (int64_t)importer->imported);
	print_int(print, "there_already", (int64_t)importer->repeated);
	print_int(print, "left_out", (int64_t)importer->refused);
}

int
importer_close(struct importer *importer, bool is_whole, struct err *err)
{
	int ret = 0;

	end_all(importer);
	progress_end(&importer->progress);
	if (importer->has_failed) {
		*err = importer->failure;
		is_whole = false;
		ret = -1;
	}
	/* Something is to be put right and the rest not to come twice. */
	if (is_whole && importer->refused == 0)
		ret = forget(importer, err);
	say(importer);
	if (ret == 0 && importer->refused > 0)
		ret = err_set(err, ERR_SYNTAX, "%llu were left out",
		    (unsigned long long)importer->refused);
	store_edge_close(&importer->edge);
	hash_free(importer->seen);
	arena_free(importer->ids);
	arena_free(importer->arena);
	free(importer->id);
	free(importer);
	return ret;
}
