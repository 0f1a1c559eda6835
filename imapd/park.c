#include "imapd/park.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/log.h"
#include "imapd/input.h"
#include "imapd/park_state.h"
#include "imapd/pipeline.h"
#include "imapd/selected.h"
#include "imapd/session.h"
#include "imapd/view_pack.h"
#include "ipc/conn.h"
#include "ipc/handover_msg.h"
#include "store/changes.h"
#include "store/mailbox.h"

enum { SCAN = 256 /* rows or changes read at a time */ };

/* Has the client been told all that a command tells when it ends? */
static bool
is_at_rest(const struct selected *selected)
{
	const struct view *view = &selected->view;

	return !selected->gone && selected->after == 0 && view->dirty == 0 &&
	    view->moved == 0 && !selected->keywords_news &&
	    selected->told_exists == view->len &&
	    selected->told_recent == view->recent;
}

static void
fill_selected(struct park_state *state, const struct selected *selected)
{
	state->mailbox = selected->mailbox;
	state->uidvalidity = selected->uidvalidity;
	state->uidnext = selected->uidnext;
	state->read_only = selected->read_only;
	state->rights = selected->rights;
	state->modseq = selected->modseq;
	state->untold = selected->untold;
	state->recent_first = selected->recent_first;
	state->recent_next = selected->recent_next;
	state->keywords = (uint8_t)selected->keywords;
	state->count = (uint32_t)selected->view.len;
	state->last = view_last_uid(&selected->view);
	state->checksum = view_checksum(&selected->view);
}

enum { FLAGS, RECENT, EXPUNGED, SAVED, PACKED };

/* What is packed of the selected mailbox. */
static void
pack(struct buf packed[PACKED], const struct selected *selected)
{
	view_pack_flags(&packed[FLAGS], &selected->view);
	view_pack_recent(&packed[RECENT], &selected->view);
	view_pack_expunged(&packed[EXPUNGED], &selected->view);
	(void)store_uids_encode(&packed[SAVED], &selected->saved);
}

/* Append the state. -1: it has no place. */
static int
encode(struct buf *out, struct session *session, bool idle, int64_t deadline,
    struct err *err)
{
	const struct selected *selected = session->selected;
	struct buf packed[PACKED];
	struct park_state state = {
		.deadline = (uint64_t)deadline,
		.commands = session->commands,
		.errors = session->errors,
		.enabled = session->enabled.bits,
	};
	bool full = false;
	int ret;

	if (idle)
		state.tag = input_tag(session);
	for (int i = 0; i < PACKED; i++)
		buf_init(&packed[i], HANDOVER_PARKED_MAX);
	if (selected != NULL) {
		fill_selected(&state, selected);
		pack(packed, selected);
	}
	state.flags = buf_str(&packed[FLAGS]);
	state.recent = buf_str(&packed[RECENT]);
	state.expunged = buf_str(&packed[EXPUNGED]);
	state.saved = buf_str(&packed[SAVED]);
	for (int i = 0; i < PACKED; i++)
		full = full || packed[i].full;
	ret = full ? err_set(err, ERR_LIMIT, "too much to park") :
		     park_state_encode(out, &state, err);
	for (int i = 0; i < PACKED; i++)
		buf_clear(&packed[i]);
	return ret;
}

/*
 * Does front take the client? However long it takes to say: whoever ended
 * meanwhile would have left a client that front gives back.
 */
static bool
hand_back(struct session *session, const struct handover_park *msg)
{
	struct frame frame;
	struct err err;

	session->front->timeout = -1;
	if (ipc_conn_send(session->front, &handover_park_msg, 0, msg, &err) ==
		0 &&
	    ipc_conn_recv(session->front, &frame, &err) == 0)
		return false; /* handover_stay: it has more for us */
	if (err.kind != ERR_NOENT)
		log_warn("park: %s", err.text);
	return true;
}

bool
park_session(struct session *session, bool idle, int64_t deadline)
{
	const struct selected *selected = session->selected;
	struct handover_park msg = {
		.bye = STR(SESSION_AUTOLOGOUT),
		.deadline = (uint64_t)deadline,
		.received = stream_received(session->stream),
		.fd = stream_fd(session->stream),
	};
	struct buf state;
	struct err err;
	bool parked;

	pipeline_drain(session);
	if (session->front == NULL || session->ending ||
	    stream_is_compressed(session->stream) ||
	    (selected != NULL && !is_at_rest(selected)) ||
	    stream_flush(session->stream) < 0 ||
	    stream_peek(session->stream).len > 0)
		return false;
	buf_init(&state, 2 * HANDOVER_PARKED_MAX);
	if (encode(&state, session, idle, deadline, &err) < 0) {
		buf_clear(&state);
		return false;
	}
	msg.state = buf_str(&state);
	if (idle && selected != NULL) {
		msg.mailbox = selected->mailbox;
		msg.modseq = selected->modseq;
	}
	parked = hand_back(session, &msg);
	buf_clear(&state);
	return parked;
}

/* Rows of messages that were there when the session was parked. */
static int
read_rows(struct session *session, const struct park_state *state,
    struct view *view, struct err *err)
{
	struct store_message message[SCAN];
	uint32_t from = 1;
	size_t count = SCAN;

	while (count == SCAN && from != 0 && from <= state->last) {
		if (store_scan(session->imapd->reader, state->mailbox, from,
			state->last, message, SCAN, &count, err) < 0)
			return -1;
		for (size_t i = 0; i < count; i++)
			(void)view_insert(view, message[i].uid, 0, 0, false);
		if (count > 0)
			from = message[count - 1].uid + 1;
	}
	return 0;
}

/* Messages that have gone since: the next look for news says so. */
static int
read_tombstones(struct session *session, const struct park_state *state,
    struct view *view, struct err *err)
{
	struct store_change change[SCAN];
	uint64_t since = state->modseq;
	uint32_t after = 0;
	size_t count;

	do {
		if (store_changes(session->imapd->reader, state->mailbox,
			&since, &after, change, SCAN, &count, err) < 0)
			return -1;
		for (size_t i = 0; i < count; i++)
			if (change[i].expunged &&
			    change[i].uid <= state->last &&
			    view_find(view, change[i].uid) == VIEW_NONE)
				(void)view_insert(view, change[i].uid, 0, 0,
				    false);
	} while (count == SCAN);
	return 0;
}

static int
read_view(struct session *session, const struct park_state *state,
    struct view *view, struct err *err)
{
	if (read_rows(session, state, view, err) < 0 ||
	    read_tombstones(session, state, view, err) < 0 ||
	    view_unpack_expunged(view, state->expunged, err) < 0)
		return -1;
	if (view->len != state->count || view_checksum(view) != state->checksum)
		return err_set(err, ERR_CORRUPT,
		    "parked: the mailbox is not what it was");
	if (view_unpack_flags(view, state->flags, err) < 0)
		return -1;
	return view_unpack_recent(view, state->recent, err);
}

/* The names of keywords that the client knows; others are news. */
static void
set_keywords(struct selected *selected, const struct store_keywords *all,
    unsigned known)
{
	struct store_keywords told = *all;

	if (told.count > known)
		told.count = known;
	selected_keywords(selected, &told);
	selected->keywords_news = false;
}

static int
fill_view(struct session *session, const struct park_state *state,
    struct selected *selected, struct err *err)
{
	struct arena *arena = arena_new(0);
	struct store_mbox mbox;
	int ret;

	ret = store_mailbox_get(session->imapd->reader, state->mailbox, arena,
	    &mbox, err);
	if (ret < 0 && (err->kind == ERR_NOENT || err->kind == ERR_DENIED)) {
		/* Lost meanwhile: so says the next look for news. */
		selected->gone = true;
		arena_free(arena);
		return 0;
	}
	if (ret == 0 && mbox.uidvalidity != state->uidvalidity)
		ret = err_set(err, ERR_CORRUPT, "parked: other UIDVALIDITY");
	if (ret == 0)
		ret = store_uids_decode(&selected->saved, state->saved, err);
	if (ret == 0) {
		set_keywords(selected, &mbox.keywords, state->keywords);
		ret = read_view(session, state, &selected->view, err);
	}
	arena_free(arena);
	return ret;
}

static int
open_selected(struct session *session, const struct park_state *state,
    struct err *err)
{
	struct selected *selected = xcalloc(1, sizeof(*selected));

	session->selected = selected;
	selected->mailbox = state->mailbox;
	selected->uidvalidity = state->uidvalidity;
	selected->uidnext = state->uidnext;
	selected->read_only = state->read_only;
	selected->no_recent = enabled_is(session, ENABLED_REV2);
	selected->rights = state->rights;
	selected->modseq = state->modseq;
	selected->untold = state->untold;
	selected->recent_first = state->recent_first;
	selected->recent_next = state->recent_next;
	if (fill_view(session, state, selected, err) < 0)
		return -1;
	selected->told_exists = selected->view.len;
	selected->told_recent = selected->view.recent;
	return 0;
}

int
park_resume(struct session *session, struct str bytes, struct err *err)
{
	struct park_state state;

	if (park_state_decode(&state, bytes, session->arena, err) < 0)
		return -1;
	session->deadline = (int64_t)state.deadline;
	session->commands = state.commands;
	session->errors = state.errors;
	session->enabled.bits = state.enabled;
	if (state.mailbox != 0 && open_selected(session, &state, err) < 0)
		return -1;
	buf_reset(&session->line);
	if (state.tag.len > 0)
		(void)buf_addf(&session->line, "%" STR_F " IDLE",
		    STR_A(state.tag));
	session->resumes = true;
	return 0;
}
