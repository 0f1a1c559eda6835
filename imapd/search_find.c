#include "imapd/search_find.h"

#include "imapd/command.h"
#include "imapd/msgset.h"
#include "imapd/rows.h"
#include "imapd/search_bits.h"
#include "imapd/search_judge.h"
#include "imapd/selected.h"
#include "imapd/session.h"
#include "mime/charset.h"
#include "mime/header.h"
#include "store/keys.h"

enum {
	PIECE = 256,        /* messages looked at together */
	MEMORY = 256 << 20, /* of the structures of one message */
};

/* What the view, and then the rows left undecided. */
struct piece {
	size_t index[PIECE];
	struct store_message row[PIECE];
	enum search_verdict verdict[PIECE];
	size_t at[PIECE]; /* indices into the piece */
	uint64_t blob[PIECE];
};

struct search {
	struct session *session;
	struct selected *selected;
	struct search_judge judge;
	bool rows;
	search_found_fn *fn;
	void *ctx;
	struct arena *memory; /* the command's */
	struct arena *arena;  /* of a piece */
	struct arena *parts;  /* of a message's structure */
	struct buf digest;    /* of a message that has none */
	struct piece *piece;  /* NULL until a message is undecided */
	size_t count;         /* in the piece */
	size_t undecided;     /* of them, by their rows */
};

int
search_view(struct command *cmd, struct searchkey_view *view, struct err *err)
{
	struct selected *selected = cmd->session->selected;
	struct seqset *saved = arena_alloc(cmd->arena, sizeof(*saved));

	if (saved == NULL || msgset_saved(cmd, true, saved) < 0)
		return err_set(err, ERR_LIMIT, "command too large");
	*view = (struct searchkey_view){ .seq = (uint32_t)selected->view.len,
		.uid = view_last_uid(&selected->view),
		.saved = saved };
	return 0;
}

int
search_begin(struct command *cmd, const struct searchkey_program *program)
{
	/* RFC 9755 section 3: there is one charset then */
	if (enabled_is(cmd->session, ENABLED_UTF8) &&
	    program->charset.p != NULL &&
	    !str_ieq(program->charset, STR("UTF-8"))) {
		command_bad(cmd, "charset is UTF-8 since UTF8=ACCEPT");
		return -1;
	}
	if (program->charset.p != NULL &&
	    !mime_charset_is_known(program->charset)) {
		command_no(cmd,
		    "[BADCHARSET (UTF-8 US-ASCII)] charset not known");
		return -1;
	}
	if (program->modseq)
		enabled_add(cmd->session, ENABLED_CONDSTORE);
	/* RFC 7162 section 3.2.10.2: numbers stay while they are used */
	if (program->numbers)
		cmd->news = NEWS_NO_EXPUNGE;
	return 0;
}

/* The last stage: everything is at hand, so a verdict falls. */
static int
judge_bytes(struct search *search, size_t at, struct err *err)
{
	struct session *session = search->session;
	struct search_subject subject = { .stage = BY_BYTES,
		.index = search->piece->index[at],
		.row = &search->piece->row[at] };
	struct store_keys keys;
	struct store_body body;
	struct mime_part *root;
	int ret;

	search->piece->verdict[at] = VERDICT_NO;
	if (store_body_open(session->imapd->reader, session->store,
		search->selected->mailbox, search->piece->row[at].uid, &body,
		err) < 0)
		return err->kind == ERR_NOENT ? 0 : -1;
	arena_reset(search->parts);
	subject.header[0] = body.prefix;
	subject.header[1] = str_sub(body.body, 0, mime_header_size(body.body));
	if (search->judge.upto != STORE_KEYS_NONE) {
		buf_reset(&search->digest);
		store_digest_build(&search->digest, body.body, NULL);
		if (store_keys_decode(&keys, buf_str(&search->digest),
			STORE_KEYS_ALL))
			subject.keys = &keys;
	}
	ret = mime_part_parse(&root, NULL, search->parts, body.body,
	    &mime_default_limits, err);
	subject.root = root;
	if (ret == 0)
		search->piece->verdict[at] =
		    search_judge(&search->judge, &subject);
	store_body_close(&body);
	return ret;
}

static void
judge_keys(void *ctx, size_t i, const struct store_keys *keys)
{
	struct search *search = ctx;
	size_t at = search->piece->at[i];
	struct search_subject subject = { .stage = BY_KEYS,
		.index = search->piece->index[at],
		.row = &search->piece->row[at],
		.keys = keys };

	arena_reset(search->parts);
	search->piece->verdict[at] = search_judge(&search->judge, &subject);
}

static void
judge_rows(struct search *search)
{
	search->undecided = 0;
	for (size_t i = 0; i < search->count; i++) {
		struct search_subject subject = { .stage = BY_ROW,
			.index = search->piece->index[i],
			.row = &search->piece->row[i] };

		search->piece->verdict[i] = search->piece->row[i].uid == 0 ?
		    VERDICT_NO :
		    search_judge(&search->judge, &subject);
		if (search->piece->verdict[i] != VERDICT_UNDECIDED)
			continue;
		search->piece->blob[search->undecided] =
		    search->piece->row[i].blob;
		search->piece->at[search->undecided++] = i;
	}
}

/* The messages that the view left undecided. */
static int
judge_piece(struct search *search, struct err *err)
{
	struct session *session = search->session;

	if (search->count == 0)
		return 0;
	arena_reset(search->arena);
	if (rows_read(session, search->piece->index, search->count,
		search->piece->row, err) < 0)
		return -1;
	judge_rows(search);
	if (search->undecided > 0 && search->judge.upto != STORE_KEYS_NONE &&
	    store_keys_read(session->imapd->reader, session->store,
		search->piece->blob, search->undecided, search->judge.upto,
		search->arena, judge_keys, search, err) < 0)
		return -1;
	for (size_t i = 0; i < search->count; i++) {
		if (search->piece->verdict[i] == VERDICT_UNDECIDED &&
		    judge_bytes(search, i, err) < 0)
			return -1;
		if (search->piece->verdict[i] == VERDICT_YES)
			search->fn(search->ctx, search->piece->index[i],
			    &search->piece->row[i]);
	}
	search->count = 0;
	return 0;
}

/* A message that may be found; sure: the view says that it is. */
static int
take(struct search *search, size_t index, bool sure, struct err *err)
{
	if (sure && !search->rows) {
		/* The answer is in the order of the mailbox. */
		if (judge_piece(search, err) < 0)
			return -1;
		search->fn(search->ctx, index, NULL);
		return 0;
	}
	if (search->piece == NULL &&
	    (search->piece = arena_alloc(search->memory,
		 sizeof(*search->piece))) == NULL)
		return err_set(err, ERR_LIMIT, "command too large");
	search->piece->index[search->count++] = index;
	return search->count < PIECE ? 0 : judge_piece(search, err);
}

/* Those of 64 messages from first on that have a bit in may. */
static int
take_word(struct search *search, size_t first, uint64_t may, uint64_t is,
    struct err *err)
{
	for (; may != 0; may &= may - 1) {
		unsigned bit = (unsigned)__builtin_ctzll(may);

		if (take(search, first + bit, is >> bit & 1, err) < 0)
			return -1;
	}
	return 0;
}

static int
judge_all(struct search *search, struct err *err)
{
	size_t len = search->selected->view.len;
	struct search_bits bits;

	for (size_t from = 0; from < len; from += SEARCH_BITS_MAX) {
		search_bits(&bits, &search->judge, from,
		    len - from < SEARCH_BITS_MAX ? len - from :
						   SEARCH_BITS_MAX);
		for (size_t i = 0; i < SEARCH_BITS_WORDS; i++)
			if (take_word(search, from + i * 64, bits.may[i],
				bits.is[i], err) < 0)
				return -1;
	}
	return judge_piece(search, err);
}

int
search_find(struct command *cmd, const struct searchkey_program *program,
    search_found_fn *fn, void *ctx, struct err *err)
{
	struct search *search = arena_calloc(cmd->arena, 1, sizeof(*search));
	int ret;

	if (search == NULL)
		return err_set(err, ERR_LIMIT, "command too large");
	search->session = cmd->session;
	search->selected = cmd->session->selected;
	search->judge.selected = search->selected;
	search->judge.program = *program;
	/* RFC 7162 section 3.1.5 wants the modseqs of all that are found */
	search->rows = program->modseq;
	search->fn = fn;
	search->ctx = ctx;
	search->memory = cmd->arena;
	if (search_judge_prepare(&search->judge, cmd->arena, err) < 0)
		return -1;
	search->arena = arena_new(MEMORY);
	search->parts = arena_new(MEMORY);
	search->judge.scratch = search->parts;
	search_room_init(&search->judge.room);
	buf_init(&search->digest, 0);
	ret = judge_all(search, err);
	buf_clear(&search->digest);
	search_room_clear(&search->judge.room);
	arena_free(search->parts);
	arena_free(search->arena);
	return ret;
}
