/*
 * search - SEARCH and UID SEARCH (RFC 3501 section 6.4.4), with MODSEQ (RFC
 * 7162 section 3.1.5).
 *
 * The view decides what it can; the messages it leaves undecided are read in
 * pieces, rows first, then digests, then bytes, each only for those that are
 * undecided still.
 */
#include <inttypes.h>

#include "imap/searchkey.h"
#include "imap/token.h"
#include "imapd/command.h"
#include "imapd/commands.h"
#include "imapd/rows.h"
#include "imapd/search_judge.h"
#include "imapd/selected.h"
#include "imapd/session.h"
#include "mime/charset.h"
#include "mime/header.h"
#include "store/message.h"

enum {
	PIECE = 256,        /* messages looked at together */
	FLUSH = 64 * 1024,  /* bytes of the answer before they are handed on */
	MEMORY = 256 << 20, /* of the structures of one message */
};

struct search {
	struct command *cmd;
	struct session *session;
	struct selected *selected;
	struct search_judge judge;
	struct arena *arena; /* of a piece */
	struct arena *parts; /* of a message's structure */
	struct buf out;
	uint64_t modseq; /* the highest of those found, if it is wanted */
	size_t count, index[PIECE]; /* undecided by the view */
};

/* row is there when the program asks for MODSEQ, if not always. */
static void
found(struct search *search, size_t index, const struct store_message *row)
{
	size_t number = search->cmd->uid ?
	    search->selected->view.message[index].uid :
	    index + 1;

	if (row != NULL && row->modseq > search->modseq)
		search->modseq = row->modseq;
	(void)buf_addf(&search->out, " %zu", number);
	if (search->out.len > FLUSH) {
		stream_put(search->session->stream, buf_str(&search->out));
		buf_reset(&search->out);
	}
}

/* The last stage: everything is at hand, so a verdict falls. */
static int
judge_bytes(struct search *search, struct search_subject *subject,
    enum search_verdict *verdict, struct err *err)
{
	struct session *session = search->session;
	struct store_digest made;
	struct store_body body;
	struct mime_part *root;
	uint32_t uid = search->selected->view.message[subject->index].uid;
	int ret;

	*verdict = VERDICT_NO;
	if (store_body_open(session->imapd->reader, session->store,
		search->selected->mailbox, uid, &body, err) < 0)
		return err->kind == ERR_NOENT ? 0 : -1;
	arena_reset(search->parts);
	subject->stage = BY_BYTES;
	subject->header[0] = body.prefix;
	subject->header[1] = str_sub(body.body, 0, mime_header_size(body.body));
	if (subject->digest->root == NULL) {
		ret = store_digest_make(&made, search->parts, body.body, NULL,
		    err);
		subject->digest = &made;
		subject->root = made.root;
	} else {
		ret = mime_part_parse(&root, NULL, search->parts, body.body,
		    &mime_default_limits, err);
		subject->root = root;
	}
	if (ret == 0)
		*verdict = search_judge(&search->judge, subject);
	store_body_close(&body);
	return ret;
}

/* Digests for those that their rows left undecided. */
static int
judge_digests(struct search *search, struct search_subject *subject,
    size_t count, enum search_verdict *verdict, struct err *err)
{
	struct store_digest digest[PIECE];
	uint64_t blob[PIECE];

	if (count == 0)
		return 0;
	for (size_t i = 0; i < count; i++)
		blob[i] = subject[i].row->blob;
	if (store_digests(search->session->imapd->reader,
		search->session->store, blob, count, search->arena, digest,
		err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		subject[i].stage = BY_DIGEST;
		subject[i].digest = &digest[i];
		verdict[i] = search_judge(&search->judge, &subject[i]);
		if (verdict[i] == VERDICT_UNDECIDED &&
		    judge_bytes(search, &subject[i], &verdict[i], err) < 0)
			return -1;
	}
	return 0;
}

/* The messages that the view left undecided. */
static int
judge_piece(struct search *search, struct err *err)
{
	struct store_message row[PIECE];
	struct search_subject subject[PIECE];
	enum search_verdict verdict[PIECE], later[PIECE];
	size_t undecided = 0, next = 0;

	if (search->count == 0)
		return 0;
	arena_reset(search->arena);
	if (rows_read(search->session, search->index, search->count, row, err) <
	    0)
		return -1;
	for (size_t i = 0; i < search->count; i++) {
		struct search_subject one = { .stage = BY_ROW,
			.index = search->index[i],
			.row = &row[i] };

		verdict[i] = row[i].uid == 0 ?
		    VERDICT_NO :
		    search_judge(&search->judge, &one);
		if (verdict[i] == VERDICT_UNDECIDED)
			subject[undecided++] = one;
	}
	if (judge_digests(search, subject, undecided, later, err) < 0)
		return -1;
	for (size_t i = 0; i < search->count; i++) {
		if (verdict[i] == VERDICT_UNDECIDED)
			verdict[i] = later[next++];
		if (verdict[i] == VERDICT_YES)
			found(search, search->index[i], &row[i]);
	}
	search->count = 0;
	return 0;
}

/*
 * The answer is in the order of the mailbox: a message that the view decides
 * waits for those before it.
 */
static int
judge_all(struct search *search, struct err *err)
{
	const struct view *view = &search->selected->view;

	for (size_t i = 0; i < view->len; i++) {
		struct search_subject one = { .stage = BY_VIEW, .index = i };
		enum search_verdict verdict;

		if (view_is(view, i, VIEW_EXPUNGED))
			continue;
		verdict = search_judge(&search->judge, &one);
		/* RFC 7162 section 3.1.5: the rows of all are needed then */
		if (verdict == VERDICT_YES && search->judge.program.modseq)
			verdict = VERDICT_UNDECIDED;
		if (verdict == VERDICT_YES) {
			if (judge_piece(search, err) < 0)
				return -1;
			found(search, i, NULL);
		} else if (verdict == VERDICT_UNDECIDED) {
			search->index[search->count++] = i;
			if (search->count == PIECE &&
			    judge_piece(search, err) < 0)
				return -1;
		}
	}
	return judge_piece(search, err);
}

static void
run(struct search *search)
{
	struct err err;

	search->arena = arena_new(MEMORY);
	search->parts = arena_new(MEMORY);
	search_room_init(&search->judge.room);
	buf_init(&search->out, 0);
	(void)buf_addz(&search->out, "* SEARCH");
	if (judge_all(search, &err) < 0)
		command_trouble(search->cmd, &err);
	else
		command_ok(search->cmd, "done");
	if (search->modseq > 0 && search->judge.program.modseq)
		(void)buf_addf(&search->out, " (MODSEQ %" PRIu64 ")",
		    selected_row_modseq(search->selected, search->modseq));
	/* What was found so far is no lie, even where not all was looked at. */
	(void)buf_addz(&search->out, "\r\n");
	stream_put(search->session->stream, buf_str(&search->out));
	buf_clear(&search->out);
	search_room_clear(&search->judge.room);
	arena_free(search->parts);
	arena_free(search->arena);
}

void
search_run(struct command *cmd)
{
	struct selected *selected = cmd->session->selected;
	struct searchkey_view view = { .seq = (uint32_t)selected->view.len,
		.uid = view_last_uid(&selected->view) };
	struct search search = { .cmd = cmd,
		.session = cmd->session,
		.selected = selected,
		.judge = { .selected = selected } };
	struct err err;

	if (token_sp(&cmd->in, &err) < 0 ||
	    searchkey_parse(cmd->arena, &cmd->in, &view, &search.judge.program,
		&err) < 0) {
		command_syntax(cmd, &err);
		return;
	}
	if (search.judge.program.charset.p != NULL &&
	    !mime_charset_is_known(search.judge.program.charset)) {
		command_no(cmd,
		    "[BADCHARSET (UTF-8 US-ASCII)] "
		    "charset not known");
		return;
	}
	if (search.judge.program.modseq)
		enabled_add(cmd->session, ENABLED_CONDSTORE);
	/* RFC 7162 section 3.2.10.2: numbers stay while they are used */
	if (search.judge.program.numbers)
		cmd->news = NEWS_NO_EXPUNGE;
	if (search_judge_prepare(&search.judge, cmd->arena, &err) < 0)
		command_syntax(cmd, &err);
	else
		run(&search);
}
