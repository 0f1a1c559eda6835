/*
 * fetch - FETCH and UID FETCH (RFC 3501 section 6.4.5).
 *
 * Messages are served in pieces: read the rows (and digests) of some, write
 * their responses, go on behind them. Flags and UIDs come from the view, what
 * does not change from the index, bytes from the packs. Nothing is pinned
 * while the client is written to.
 */
#include "base/log.h"
#include "imap/bodystructure.h"
#include "imap/date.h"
#include "imap/envelope.h"
#include "imap/fetchatt.h"
#include "imap/token.h"
#include "imapd/command.h"
#include "imapd/commands.h"
#include "imapd/fetch_body.h"
#include "imapd/msgset.h"
#include "imapd/rows.h"
#include "imapd/selected.h"
#include "imapd/session.h"
#include "imapd/sync.h"
#include "store/message.h"

enum {
	PIECE = 256,        /* messages served at a time */
	FLUSH = 128 * 1024, /* bytes of responses before they are written */
	DIRECT = 32 * 1024, /* runs this long are not copied */
	MEMORY = 64 << 20,  /* of one piece's digests, or one structure */
};

struct fetch {
	struct command *cmd;
	struct session *session;
	struct selected *selected;
	struct fetchatt_list items;
	bool needs_row, needs_digest, needs_body, sets_seen;
	struct buf out;      /* responses not handed to the stream yet */
	size_t begun;        /* where in out the last of them begins */
	bool cut;            /* its beginning has been handed on already */
	struct arena *arena; /* of a piece */
	struct arena *parts; /* of one message's sections */
	size_t missing;      /* messages that are gone */

	/* the piece: indices of the view, and what was read for them */
	size_t count;
	size_t index[PIECE];
	struct store_message row[PIECE]; /* uid 0: gone */
	struct store_digest digest[PIECE];
	bool seen[PIECE]; /* \Seen was set by this FETCH: tell the flags */
};

static void
hand_on(struct fetch *fetch, size_t above)
{
	if (fetch->out.len <= above)
		return;
	stream_put(fetch->session->stream, buf_str(&fetch->out));
	buf_reset(&fetch->out);
}

static void
find_needs(struct fetch *fetch)
{
	for (size_t i = 0; i < fetch->items.len; i++) {
		const struct fetchatt *item = &fetch->items.item[i];

		switch (item->kind) {
		case FETCHATT_FLAGS:
		case FETCHATT_UID:
			break;
		case FETCHATT_INTERNALDATE:
		case FETCHATT_SIZE:
			fetch->needs_row = true;
			break;
		case FETCHATT_ENVELOPE:
		case FETCHATT_BODY:
		case FETCHATT_BODYSTRUCTURE:
			fetch->needs_row = fetch->needs_digest = true;
			break;
		case FETCHATT_SECTION:
			fetch->needs_body = true;
			if (!item->peek && !fetch->selected->read_only)
				fetch->sets_seen = true;
			break;
		}
	}
}

static uint32_t
uid_of(const struct fetch *fetch, size_t i)
{
	return fetch->selected->view.message[fetch->index[i]].uid;
}

static int
read_digests(struct fetch *fetch, struct err *err)
{
	struct store_digest digest[PIECE];
	uint64_t blob[PIECE];
	size_t count = 0;

	for (size_t i = 0; i < fetch->count; i++)
		if (fetch->row[i].uid != 0)
			blob[count++] = fetch->row[i].blob;
	if (store_digests(fetch->session->imapd->reader, fetch->session->store,
		blob, count, fetch->arena, digest, err) < 0)
		return -1;
	count = 0;
	for (size_t i = 0; i < fetch->count; i++)
		if (fetch->row[i].uid != 0)
			fetch->digest[i] = digest[count++];
	return 0;
}

/*
 * Bytes fetched without PEEK make a message seen. Where that fails the client
 * still gets its mail.
 */
static void
set_seen(struct fetch *fetch)
{
	struct view *view = &fetch->selected->view;
	struct store_uids uids = { 0 };
	uint64_t modseq;
	struct err err;

	for (size_t i = 0; i < fetch->count; i++) {
		size_t at = fetch->index[i];

		if ((view_flags(view, at) & STORE_FLAG_SEEN) == 0)
			store_uids_append(&uids, view->message[at].uid,
			    view->message[at].uid);
	}
	if (uids.len == 0)
		return;
	if (store_client_flags(fetch->session->store,
		&(struct store_flags_change){
		    .mailbox = fetch->selected->mailbox,
		    .uids = &uids,
		    .mode = STORE_FLAGS_ADD,
		    .flags = STORE_FLAG_SEEN,
		    .unchanged_since = UINT64_MAX,
		},
		&modseq, NULL, &err) < 0) {
		log_warn("%s: set \\Seen: %s", fetch->session->user, err.text);
	} else {
		for (size_t i = 0; i < fetch->count; i++) {
			size_t at = fetch->index[i];

			fetch->seen[i] = view_set(view, at,
			    view_flags(view, at) | STORE_FLAG_SEEN,
			    view_keywords(view, at));
		}
	}
	store_uids_clear(&uids);
}

/* A digest nobody made: the structure comes from the message itself. */
static int
make_digest(struct fetch *fetch, size_t i, const struct store_body *body,
    struct err *err)
{
	if (fetch->digest[i].root != NULL)
		return 0;
	return store_digest_make(&fetch->digest[i], fetch->arena, body->body,
	    NULL, err);
}

/*
 * Copy, or for long runs hand on what is there and then the bytes. A literal
 * cannot hold NUL (RFC 3501 section 9, CHAR8): 0x80 stands in for it.
 */
static void
put_piece(struct fetch *fetch, struct str bytes)
{
	struct buf *out = &fetch->out;
	char *at, *end;

	if (bytes.len >= DIRECT && str_chr(bytes, '\0') < 0) {
		hand_on(fetch, 0);
		fetch->cut = true;
		stream_put(fetch->session->stream, bytes);
		return;
	}
	if (bytes.len == 0)
		return;
	(void)buf_add_str(out, bytes);
	end = out->p + out->len;
	at = end - bytes.len;
	while ((at = memchr(at, '\0', (size_t)(end - at))) != NULL)
		*at = (char)0x80;
}

static int
put_section(struct fetch *fetch, struct fetch_source *source,
    const struct fetchatt *item, struct err *err)
{
	struct fetch_bytes bytes;

	if (fetch_body(source, item, &bytes, err) < 0)
		return -1;
	(void)fetchatt_put_name(&fetch->out, item);
	if (!bytes.exists) {
		(void)buf_addz(&fetch->out, " NIL");
		return 0;
	}
	(void)buf_addf(&fetch->out, " {%zu}\r\n",
	    bytes.piece[0].len + bytes.piece[1].len);
	put_piece(fetch, bytes.piece[0]);
	put_piece(fetch, bytes.piece[1]);
	return 0;
}

static void
put_date(struct buf *out, int64_t seconds)
{
	char *at = buf_reserve(out, IMAP_DATE_TIME_LEN);

	out->len += imap_date_time_format(at, seconds);
}

static int
put_item(struct fetch *fetch, size_t i, const struct fetchatt *item,
    struct fetch_source *source, struct err *err)
{
	const struct store_digest *digest = &fetch->digest[i];
	struct buf *out = &fetch->out;

	switch (item->kind) {
	case FETCHATT_FLAGS:
		sync_put_flags(out, fetch->selected, fetch->index[i]);
		view_mark(&fetch->selected->view, fetch->index[i], VIEW_DIRTY,
		    false);
		return 0;
	case FETCHATT_SECTION:
		return put_section(fetch, source, item, err);
	default:
		break;
	}
	(void)fetchatt_put_name(out, item);
	(void)buf_addc(out, ' ');
	if (item->kind == FETCHATT_UID)
		(void)buf_addf(out, "%u", uid_of(fetch, i));
	else if (item->kind == FETCHATT_SIZE)
		(void)buf_addf(out, "%u", fetch->row[i].size);
	else if (item->kind == FETCHATT_INTERNALDATE)
		put_date(out, fetch->row[i].internal);
	else if (item->kind == FETCHATT_ENVELOPE)
		(void)envelope_put(out, &digest->envelope);
	else
		(void)bodystructure_put(out, digest->root,
		    item->kind == FETCHATT_BODYSTRUCTURE);
	return 0;
}

/* "* n FETCH (...)" with the message's bytes at hand if need be. */
static int
put_message(struct fetch *fetch, size_t i, const struct store_body *body,
    struct err *err)
{
	static const struct fetchatt flags = { .kind = FETCHATT_FLAGS };
	struct fetch_source source = { .prefix = body->prefix,
		.body = body->body,
		.arena = fetch->parts };
	char before = '(';

	arena_reset(fetch->parts);
	fetch->begun = fetch->out.len;
	fetch->cut = false;
	(void)buf_addf(&fetch->out, "* %zu FETCH ", fetch->index[i] + 1);
	for (size_t k = 0; k < fetch->items.len; k++) {
		(void)buf_addc(&fetch->out, before);
		if (put_item(fetch, i, &fetch->items.item[k], &source, err) < 0)
			return -1;
		before = ' ';
	}
	if (fetch->seen[i] && !fetchatt_has(&fetch->items, FETCHATT_FLAGS)) {
		(void)buf_addc(&fetch->out, ' ');
		(void)put_item(fetch, i, &flags, &source, err);
	}
	(void)buf_addz(&fetch->out, ")\r\n");
	return 0;
}

/*
 * One message. One that is gone is counted and left out; one that cannot be
 * read ends the command, for half an answer must not look like a whole one.
 */
static int
serve_message(struct fetch *fetch, size_t i, struct err *err)
{
	struct store_body body = { 0 };
	bool read = fetch->needs_body;
	int ret;

	if (fetch->needs_row && fetch->row[i].uid == 0) {
		fetch->missing++;
		return 0;
	}
	if (fetch->needs_digest && fetch->digest[i].root == NULL)
		read = true;
	if (read &&
	    store_body_open(fetch->session->imapd->reader,
		fetch->session->store, fetch->selected->mailbox,
		uid_of(fetch, i), &body, err) < 0) {
		if (err->kind != ERR_NOENT)
			return -1;
		fetch->missing++;
		return 0;
	}
	ret = fetch->needs_digest ? make_digest(fetch, i, &body, err) : 0;
	if (ret == 0)
		ret = put_message(fetch, i, &body, err);
	store_body_close(&body);
	hand_on(fetch, FLUSH);
	return ret;
}

static int
serve_piece(struct fetch *fetch, struct err *err)
{
	arena_reset(fetch->arena);
	fetch->begun = fetch->out.len;
	fetch->cut = false;
	memset(fetch->seen, 0, sizeof(fetch->seen));
	if (fetch->sets_seen)
		set_seen(fetch);
	if (fetch->needs_row &&
	    rows_read(fetch->session, fetch->index, fetch->count, fetch->row,
		err) < 0)
		return -1;
	if (fetch->needs_digest && read_digests(fetch, err) < 0)
		return -1;
	for (size_t i = 0; i < fetch->count; i++) {
		if (serve_message(fetch, i, err) < 0)
			return -1;
		if (stream_state(fetch->session->stream) != STREAM_OK)
			return err_set(err, ERR_TEMP, "client went away");
	}
	return 0;
}

static int
serve(struct fetch *fetch, const struct seqset *set, struct err *err)
{
	struct msgset_walk walk;
	size_t i;

	msgset_begin(&walk, &fetch->selected->view, set, fetch->cmd->uid);
	do {
		fetch->count = 0;
		while (fetch->count < PIECE &&
		    (i = msgset_next(&walk)) != VIEW_NONE)
			fetch->index[fetch->count++] = i;
		if (fetch->count > 0 && serve_piece(fetch, err) < 0)
			return -1;
	} while (fetch->count == PIECE);
	return 0;
}

/*
 * A response that could not be finished is taken back; if that is too late,
 * only the end of the connection keeps it from looking like a whole one.
 */
static void
fail(struct fetch *fetch, const struct err *err)
{
	bool gone = stream_state(fetch->session->stream) != STREAM_OK;

	if (!gone)
		command_trouble(fetch->cmd, err);
	if (gone || fetch->cut) {
		fetch->cmd->word = NULL;
		return;
	}
	buf_truncate(&fetch->out, fetch->begun);
	hand_on(fetch, 0);
}

/*
 * RFC 2180 section 4.1: what is left of a FETCH of messages that somebody else
 * has expunged. A UID that does not exist is simply not there.
 */
static void
finish(struct fetch *fetch)
{
	hand_on(fetch, 0);
	if (fetch->missing > 0 && !fetch->cmd->uid)
		command_no(fetch->cmd,
		    "[EXPUNGEISSUED] some messages are gone");
	else
		command_ok(fetch->cmd, "done");
}

static void
run(struct fetch *fetch, const struct seqset *set)
{
	struct err err;

	fetch->arena = arena_new(MEMORY);
	fetch->parts = arena_new(MEMORY);
	buf_init(&fetch->out, 0);
	find_needs(fetch);
	if (serve(fetch, set, &err) < 0)
		fail(fetch, &err);
	else
		finish(fetch);
	buf_clear(&fetch->out);
	arena_free(fetch->parts);
	arena_free(fetch->arena);
}

void
fetch_run(struct command *cmd)
{
	struct fetch *fetch;
	struct seqset set;
	struct err err;

	if (msgset_parse(cmd, &set) < 0)
		return;
	fetch = arena_calloc(cmd->arena, 1, sizeof(*fetch));
	if (fetch == NULL) {
		command_no(cmd, "[LIMIT] command too large");
		return;
	}
	fetch->cmd = cmd;
	fetch->session = cmd->session;
	fetch->selected = cmd->session->selected;
	if (token_sp(&cmd->in, &err) < 0 ||
	    fetchatt_parse(cmd->arena, &cmd->in, &fetch->items, &err) < 0 ||
	    token_end(&cmd->in, &err) < 0 ||
	    /* RFC 3501 section 6.4.8: the UID is in every answer */
	    (cmd->uid &&
		fetchatt_add(cmd->arena, &fetch->items, FETCHATT_UID, &err) <
		    0)) {
		command_syntax(cmd, &err);
		return;
	}
	run(fetch, &set);
}
