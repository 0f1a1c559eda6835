#include "imapd/sync.h"

#include "imap/flags.h"
#include "imapd/reply.h"
#include "imapd/selected.h"
#include "imapd/session.h"
#include "store/changes.h"
#include "store/mailbox.h"

enum {
	CHANGES = 256,     /* changes read at a time */
	FLUSH = 64 * 1024, /* bytes of responses before they are handed on */
};

/* A message is new to the view. */
static void
take_new(struct session *session, const struct store_message *message)
{
	struct selected *selected = session->selected;

	/* Another claim for what came after our last one. */
	if (message->uid >= selected->recent_next)
		selected_claim_recent(session, selected);
	(void)view_insert(&selected->view, message->uid, message->flags,
	    message->keywords, selected_is_recent(selected, message->uid));
}

static int
take_message(struct session *session, const struct store_message *message,
    struct err *err)
{
	struct selected *selected = session->selected;
	size_t i = view_find(&selected->view, message->uid);

	if (selected->keywords < STORE_KEYWORDS_MAX &&
	    message->keywords >> selected->keywords != 0 &&
	    selected_reload_keywords(session, err) < 0)
		return -1;
	if (i == VIEW_NONE)
		take_new(session, message);
	else if (view_set(&selected->view, i, message->flags,
		     message->keywords))
		view_mark(&selected->view, i, VIEW_DIRTY, true);
	return 0;
}

static int
take_change(struct session *session, const struct store_change *change,
    struct err *err)
{
	struct view *view = &session->selected->view;
	size_t i;

	if (!change->expunged)
		return take_message(session, &change->message, err);
	if ((i = view_find(view, change->uid)) != VIEW_NONE)
		view_mark(view, i, VIEW_EXPUNGED, true);
	return 0;
}

/* Messages of the view between the last UID read and the next are gone. */
static void
mark_gap(struct view *view, uint32_t from, uint32_t to)
{
	struct seqset_range range = { from, to };
	size_t i, end;

	if (from > to)
		return;
	view_range(view, &range, true, &i, &end);
	for (; i < end; i++)
		view_mark(view, i, VIEW_EXPUNGED, true);
}

/*
 * Tombstones we would need are gone: compare the view with all there is. The
 * row was read before, so that nothing which comes meanwhile is lost.
 */
static int
compare_all(struct session *session, const struct store_mbox *mbox,
    struct err *err)
{
	struct selected *selected = session->selected;
	struct store_message message[CHANGES];
	uint32_t from = 1;
	size_t count;

	do {
		if (store_scan(session->imapd->reader, selected->mailbox, from,
			UINT32_MAX, message, CHANGES, &count, err) < 0)
			return -1;
		for (size_t i = 0; i < count; i++) {
			mark_gap(&selected->view, from, message[i].uid - 1);
			if (take_message(session, &message[i], err) < 0)
				return -1;
			from = message[i].uid + 1;
		}
	} while (count == CHANGES && from != 0);
	if (from != 0)
		mark_gap(&selected->view, from, UINT32_MAX);
	selected->modseq = mbox->modseq;
	selected->after = 0;
	return 0;
}

/* The mailbox is gone, or too much has happened since our last look. */
static int
start_again(struct session *session, struct err *err)
{
	struct arena *arena = arena_new(0);
	struct store_mbox mbox;
	int ret;

	ret = store_mailbox_get(session->imapd->reader,
	    session->selected->mailbox, arena, &mbox, err);
	if (ret == 0)
		ret = compare_all(session, &mbox, err);
	else if (err->kind == ERR_NOENT) {
		session->selected->gone = true;
		ret = 0;
	}
	arena_free(arena);
	return ret;
}

int
sync_look(struct session *session, struct err *err)
{
	struct selected *selected = session->selected;
	struct store_change change[CHANGES];
	uint64_t modseq;
	size_t count;

	if (selected->gone)
		return 0;
	if (store_mailbox_modseq(session->imapd->reader, selected->mailbox,
		&modseq, err) < 0) {
		if (err->kind != ERR_NOENT)
			return -1;
		selected->gone = true;
		return 0;
	}
	if (modseq == selected->modseq && selected->after == 0)
		return 0;
	do {
		if (store_changes(session->imapd->reader, selected->mailbox,
			&selected->modseq, &selected->after, change, CHANGES,
			&count, err) < 0)
			return err->kind == ERR_NOENT ?
			    start_again(session, err) :
			    -1;
		for (size_t i = 0; i < count; i++)
			if (take_change(session, &change[i], err) < 0)
				return -1;
	} while (count == CHANGES);
	return 0;
}

static void
hand_on(struct session *session, struct buf *out, size_t above)
{
	if (out->len <= above)
		return;
	stream_put(session->stream, buf_str(out));
	buf_reset(out);
}

void
sync_put_flags(struct buf *out, const struct selected *selected, size_t i)
{
	unsigned state = selected->view.message[i].state;
	uint64_t keywords = view_keywords(&selected->view, i);
	size_t count;

	(void)buf_addz(out, "FLAGS (");
	count = imap_flags_put(out, state & (VIEW_FLAGS | VIEW_RECENT));
	for (; keywords != 0; keywords &= keywords - 1) {
		unsigned bit = (unsigned)__builtin_ctzll(keywords);

		if (bit >= selected->keywords)
			continue;
		if (count++ > 0)
			(void)buf_addc(out, ' ');
		(void)buf_addz(out, selected->keyword[bit]);
	}
	(void)buf_addc(out, ')');
}

static void
put_keywords(struct buf *out, const struct selected *selected)
{
	(void)imap_flags_put(out, IMAP_SYSTEM_FLAGS);
	for (unsigned i = 0; i < selected->keywords; i++)
		(void)buf_addf(out, " %s", selected->keyword[i]);
}

void
sync_tell_keywords(struct session *session)
{
	struct selected *selected = session->selected;
	struct buf out;

	buf_init(&out, 0);
	(void)buf_addz(&out, "* FLAGS (");
	put_keywords(&out, selected);
	(void)buf_addz(&out, ")\r\n* OK [PERMANENTFLAGS (");
	if (!selected->read_only) {
		put_keywords(&out, selected);
		if (selected->keywords < STORE_KEYWORDS_MAX)
			(void)buf_addz(&out, " \\*");
	}
	(void)buf_addz(&out, ")] these can be changed\r\n");
	hand_on(session, &out, 0);
	buf_clear(&out);
	selected->keywords_news = false;
}

struct teller {
	struct session *session;
	struct buf out;
};

static void
tell_expunge(void *ctx, size_t seq)
{
	struct teller *teller = ctx;

	/* It came and went without the client having heard of it. */
	if (seq > teller->session->selected->told_exists)
		return;
	(void)buf_addf(&teller->out, "* %zu EXPUNGE\r\n", seq);
	teller->session->selected->told_exists--;
	hand_on(teller->session, &teller->out, FLUSH);
}

static void
tell_flags(struct teller *teller)
{
	struct selected *selected = teller->session->selected;
	struct view *view = &selected->view;
	struct buf *out = &teller->out;

	for (size_t i = 0; i < view->len && view->dirty > 0; i++) {
		if (!view_is(view, i, VIEW_DIRTY))
			continue;
		view_mark(view, i, VIEW_DIRTY, false);
		if (view_is(view, i, VIEW_EXPUNGED))
			continue;
		(void)buf_addf(out, "* %zu FETCH (UID %u ", i + 1,
		    view->message[i].uid);
		sync_put_flags(out, selected, i);
		(void)buf_addz(out, ")\r\n");
		hand_on(teller->session, out, FLUSH);
	}
}

void
sync_tell(struct session *session, bool expunge)
{
	struct selected *selected = session->selected;
	struct teller teller = { .session = session };

	if (selected->gone) {
		session_bye(session, "the selected mailbox was deleted");
		return;
	}
	if (selected->keywords_news)
		sync_tell_keywords(session);
	buf_init(&teller.out, 0);
	if (expunge)
		view_expunge(&selected->view, tell_expunge, &teller);
	if (selected->view.len != selected->told_exists)
		(void)buf_addf(&teller.out, "* %zu EXISTS\r\n",
		    selected->view.len);
	if (selected->view.recent != selected->told_recent)
		(void)buf_addf(&teller.out, "* %zu RECENT\r\n",
		    selected->view.recent);
	selected->told_exists = selected->view.len;
	selected->told_recent = selected->view.recent;
	tell_flags(&teller);
	hand_on(session, &teller.out, 0);
	buf_clear(&teller.out);
}
