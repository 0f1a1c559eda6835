/*
 * FETCH and UID FETCH (RFC 3501 section 6.4.5), with CHANGEDSINCE and VANISHED
 * (RFC 7162 sections 3.1.4 and 3.2.6).
 *
 * Messages are served in pieces: read the rows (and digests) of some, write
 * their responses, go on behind them. Flags and UIDs come from the view, what
 * does not change from the index, bytes from the packs. Nothing is pinned
 * while the client is written to.
 */
#include "imapd/fetch.h"

#include "base/log.h"
#include "imap/token.h"
#include "imapd/command.h"
#include "imapd/commands.h"
#include "imapd/msgset.h"
#include "imapd/qresync.h"
#include "imapd/rows.h"
#include "imapd/selected.h"
#include "imapd/session.h"
#include "imapd/sync.h"
#include "store/changes.h"
#include "store/rights.h"

enum {
	FLUSH = 128 * 1024, /* bytes of responses before they are written */
	MEMORY = 64 << 20,  /* of one piece's digests, or one structure */
};

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
		case FETCHATT_MODSEQ:
		case FETCHATT_EMAILID:
		case FETCHATT_SAVEDATE:
			fetch->needs_row = true;
			break;
		case FETCHATT_THREADID:
		case FETCHATT_ENVELOPE:
		case FETCHATT_BODY:
		case FETCHATT_BODYSTRUCTURE:
			fetch->needs_row = fetch->needs_digest = true;
			break;
		case FETCHATT_SECTION:
		case FETCHATT_BINARY:
		case FETCHATT_BINARY_SIZE:
			fetch->needs_body = true;
			if (!item->peek && !fetch->selected->read_only &&
			    fetch->selected->rights & STORE_RIGHT_SEEN)
				fetch->sets_seen = true;
			break;
		}
	}
	/* fetch_put tells the MODSEQ that setting \Seen brought. */
	if (fetch->sets_seen && enabled_is(fetch->session, ENABLED_CONDSTORE))
		fetch->needs_row = true;
}

/*
 * Most fetch a few messages, and a digest is large: there is room for as many
 * as are wanted, for what is needed, and it is not cleared.
 */
static int
make_room(struct fetch *fetch, const struct seqset *set, struct err *err)
{
	struct arena *arena = fetch->cmd->arena;
	uint64_t count = seqset_count(set);
	size_t room = count > FETCH_PIECE ? FETCH_PIECE : (size_t)count + 1;

	fetch->room = room;
	fetch->index = arena_alloc(arena, room * sizeof(*fetch->index));
	fetch->seen = arena_alloc(arena, room * sizeof(*fetch->seen));
	if (fetch->needs_row)
		fetch->row = arena_alloc(arena, room * sizeof(*fetch->row));
	if (fetch->needs_digest)
		fetch->digest =
		    arena_alloc(arena, room * sizeof(*fetch->digest));
	if (fetch->index != NULL && fetch->seen != NULL &&
	    (fetch->row != NULL || !fetch->needs_row) &&
	    (fetch->digest != NULL || !fetch->needs_digest))
		return 0;
	return err_set(err, ERR_LIMIT, "command too large");
}

static uint32_t
uid_of(const struct fetch *fetch, size_t i)
{
	return fetch->selected->view.message[fetch->index[i]].uid;
}

static int
read_digests(struct fetch *fetch, struct err *err)
{
	struct store_digest digest[FETCH_PIECE];
	uint64_t blob[FETCH_PIECE];
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
 * still gets its mail. Who wants MODSEQ is to get that of this change, so the
 * view must know it.
 */
static int
set_seen(struct fetch *fetch, struct err *err)
{
	struct view *view = &fetch->selected->view;
	struct store_uids uids = { 0 };
	uint64_t modseq;
	int ret = 0;

	for (size_t i = 0; i < fetch->count; i++) {
		size_t at = fetch->index[i];

		if ((view_flags(view, at) & STORE_FLAG_SEEN) == 0)
			store_uids_append(&uids, view->message[at].uid,
			    view->message[at].uid);
	}
	if (uids.len == 0)
		return 0;
	if (store_client_flags(fetch->session->store,
		&(struct store_flags_change){
		    .mailbox = fetch->selected->mailbox,
		    .uids = &uids,
		    .mode = STORE_FLAGS_ADD,
		    .flags = STORE_FLAG_SEEN,
		    .unchanged_since = UINT64_MAX,
		},
		&modseq, NULL, err) < 0) {
		log_warn("%s: set \\Seen: %s", fetch->session->user, err->text);
	} else {
		for (size_t i = 0; i < fetch->count; i++) {
			size_t at = fetch->index[i];

			fetch->seen[i] = view_set(view, at,
			    view_flags(view, at) | STORE_FLAG_SEEN,
			    view_keywords(view, at));
		}
		if (enabled_is(fetch->session, ENABLED_CONDSTORE))
			ret = sync_look(fetch->session, err);
	}
	store_uids_clear(&uids);
	return ret;
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
 * A message whose bytes are damaged is left out, and the end says so: it must
 * not keep back those behind it.
 */
static void
leave_out(struct fetch *fetch, size_t i, struct err *err)
{
	(void)err_prefix(err, "UID %u", uid_of(fetch, i));
	if (fetch->damaged++ == 0)
		fetch->damage = *err;
	else
		log_error("%s: %s", fetch->session->user, err->text);
	if (fetch->seen[i])
		view_mark(&fetch->selected->view, fetch->index[i], VIEW_DIRTY,
		    true);
}

/*
 * One message. One that is gone is counted and left out; trouble with what
 * all of them come from ends the command.
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
	/* It may be in the set for what the view does not show yet. */
	if (fetch->modifier.changed &&
	    selected_row_modseq(fetch->selected, fetch->row[i].modseq) <=
		fetch->modifier.since)
		return 0;
	if (fetch->needs_digest && fetch->digest[i].root == NULL)
		read = true;
	if (read &&
	    store_body_open(fetch->session->imapd->reader,
		fetch->session->store, fetch->selected->mailbox,
		uid_of(fetch, i), &body, err) < 0) {
		if (err->kind == ERR_NOENT)
			fetch->missing++;
		else if (err->kind == ERR_CORRUPT)
			leave_out(fetch, i, err);
		else
			return -1;
		return 0;
	}
	ret = fetch->needs_digest ? make_digest(fetch, i, &body, err) : 0;
	if (ret == 0)
		ret = fetch_put(fetch, i, &body, err);
	store_body_close(&body);
	fetch_hand_on(fetch, FLUSH);
	return ret;
}

static int
serve_piece(struct fetch *fetch, struct err *err)
{
	arena_reset(fetch->arena);
	fetch->begun = fetch->out.len;
	fetch->cut = false;
	memset(fetch->seen, 0, fetch->count * sizeof(fetch->seen[0]));
	if (fetch->sets_seen && set_seen(fetch, err) < 0)
		return -1;
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

/*
 * CHANGEDSINCE: find those that changed; with VANISHED say which of the set
 * are gone, before any other response (RFC 7162 section 3.2.6).
 */
static int
find_changed(struct fetch *fetch, const struct seqset *set, struct err *err)
{
	struct store_uids expunged;
	bool known;
	int ret = store_changed(fetch->session->imapd->reader,
	    fetch->selected->mailbox, fetch->modifier.since, &fetch->changed,
	    &expunged, &known, err);

	if (ret == 0 && fetch->modifier.vanished)
		qresync_tell_vanished(fetch->session, set, 0,
		    known ? &expunged : NULL);
	store_uids_clear(&expunged);
	return ret;
}

/* The next message that is wanted, or VIEW_NONE. */
static size_t
next_wanted(struct fetch *fetch, struct msgset_walk *walk)
{
	size_t i;

	do {
		i = msgset_next(walk);
	} while (fetch->modifier.changed && i != VIEW_NONE &&
	    !store_uids_has(&fetch->changed,
		fetch->selected->view.message[i].uid));
	return i;
}

static int
serve(struct fetch *fetch, const struct seqset *set, struct err *err)
{
	struct msgset_walk walk;
	size_t i;

	if (fetch->modifier.changed && find_changed(fetch, set, err) < 0)
		return -1;
	msgset_begin(&walk, &fetch->selected->view, set, fetch->cmd->uid);
	do {
		fetch->count = 0;
		while (fetch->count < fetch->room &&
		    (i = next_wanted(fetch, &walk)) != VIEW_NONE)
			fetch->index[fetch->count++] = i;
		if (fetch->count > 0 && serve_piece(fetch, err) < 0)
			return -1;
	} while (fetch->count == fetch->room);
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

	if (!gone && fetch->unknown_cte)
		/* RFC 3516 section 4.3 */
		command_no(fetch->cmd, "[UNKNOWN-CTE] %s", err->text);
	else if (!gone)
		command_trouble(fetch->cmd, err);
	if (gone || fetch->cut) {
		fetch->cmd->word = NULL;
		return;
	}
	buf_truncate(&fetch->out, fetch->begun);
	fetch_hand_on(fetch, 0);
}

/*
 * RFC 2180 section 4.1: what is left of a FETCH of messages that somebody else
 * has expunged. A UID that does not exist is simply not there.
 */
static void
finish(struct fetch *fetch)
{
	fetch_hand_on(fetch, 0);
	if (fetch->damaged > 0)
		command_trouble(fetch->cmd, &fetch->damage);
	else if (fetch->missing > 0 && !fetch->cmd->uid)
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
	if (make_room(fetch, set, &err) < 0 || serve(fetch, set, &err) < 0)
		fail(fetch, &err);
	else
		finish(fetch);
	buf_clear(&fetch->out);
	store_uids_clear(&fetch->changed);
	arena_free(fetch->parts);
	arena_free(fetch->arena);
}

/* SP (items) [fetch-modifiers] */
static int
parse(struct fetch *fetch, struct err *err)
{
	struct command *cmd = fetch->cmd;

	if (token_sp(&cmd->in, err) < 0 ||
	    fetchatt_parse(cmd->arena, &cmd->in, &fetch->items, err) < 0 ||
	    modifier_parse_fetch(&cmd->in, &fetch->modifier, err) < 0 ||
	    token_end(&cmd->in, err) < 0)
		return -1;
	if (fetch->modifier.vanished &&
	    (!cmd->uid || !enabled_is(fetch->session, ENABLED_QRESYNC)))
		return err_set(err, ERR_SYNTAX,
		    "VANISHED is for UID FETCH with QRESYNC enabled");
	/* RFC 3501 section 6.4.8: the UID is in every answer */
	if (cmd->uid &&
	    fetchatt_add(cmd->arena, &fetch->items, FETCHATT_UID, err) < 0)
		return -1;
	/* RFC 7162 section 3.1.4.1 */
	if (fetch->modifier.changed)
		return fetchatt_add(cmd->arena, &fetch->items, FETCHATT_MODSEQ,
		    err);
	return 0;
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
	if (parse(fetch, &err) < 0) {
		command_syntax(cmd, &err);
		return;
	}
	if (fetchatt_has(&fetch->items, FETCHATT_MODSEQ))
		enabled_add(cmd->session, ENABLED_CONDSTORE);
	run(fetch, &set);
}
