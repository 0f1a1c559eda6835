/*
 * The telling half of sync.h; sync.c looks.
 */
#include "imapd/sync.h"

#include <inttypes.h>

#include "imap/flags.h"
#include "imapd/msgset.h"
#include "imapd/reply.h"
#include "imapd/rows.h"
#include "imapd/selected.h"
#include "imapd/session.h"
#include "store/rights.h"
#include "store/uids.h"

enum {
	PIECE = 256,       /* messages told of at a time */
	FLUSH = 64 * 1024, /* bytes of responses before they are handed on */
};

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
	count = imap_flags_put(out,
	    state &
		(selected->no_recent ? VIEW_FLAGS : VIEW_FLAGS | VIEW_RECENT));
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

/* Those that this session's user may change (RFC 4314 section 5.1.1). */
static void
put_permanent(struct buf *out, const struct selected *selected)
{
	size_t count =
	    imap_flags_put(out, store_rights_flags(selected->rights));

	if (!(selected->rights & STORE_RIGHT_WRITE))
		return;
	for (unsigned i = 0; i < selected->keywords; i++)
		(void)buf_addf(out, count++ > 0 ? " %s" : "%s",
		    selected->keyword[i]);
	if (selected->keywords < STORE_KEYWORDS_MAX)
		(void)buf_addz(out, " \\*");
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
	if (!selected->read_only)
		put_permanent(&out, selected);
	(void)buf_addz(&out, ")] these can be changed\r\n");
	hand_on(session, &out, 0);
	buf_clear(&out);
	selected->keywords_news = false;
}

struct teller {
	struct session *session;
	struct buf out;
	struct store_uids vanished; /* with QRESYNC, instead of EXPUNGE */
};

static void
tell_expunge(void *ctx, size_t seq, uint32_t uid)
{
	struct teller *teller = ctx;

	/* It came and went without the client having heard of it. */
	if (seq > teller->session->selected->told_exists)
		return;
	teller->session->selected->told_exists--;
	if (enabled_is(teller->session, ENABLED_QRESYNC)) {
		store_uids_append(&teller->vanished, uid, uid);
		return;
	}
	(void)buf_addf(&teller->out, "* %zu EXPUNGE\r\n", seq);
	hand_on(teller->session, &teller->out, FLUSH);
}

static void
tell_expunges(struct teller *teller)
{
	struct selected *selected = teller->session->selected;

	view_expunge(&selected->view, tell_expunge, teller);
	if (teller->vanished.len > 0) {
		(void)buf_addz(&teller->out, "* VANISHED ");
		msgset_put_uids(&teller->out, &teller->vanished);
		(void)buf_addz(&teller->out, "\r\n");
	}
	store_uids_clear(&teller->vanished);
}

/* One message whose flags or modseq are news; row NULL: no modseq wanted. */
static void
tell_message(struct teller *teller, size_t i, const struct store_message *row)
{
	struct selected *selected = teller->session->selected;
	struct view *view = &selected->view;
	struct buf *out = &teller->out;
	bool flags = view_is(view, i, VIEW_DIRTY);

	view_mark(view, i, VIEW_DIRTY, false);
	view_mark(view, i, VIEW_MOVED, false);
	if (row != NULL && row->uid == 0) /* gone, as we shall see */
		return;
	(void)buf_addf(out, "* %zu FETCH (UID %u", i + 1, view->message[i].uid);
	if (flags) {
		(void)buf_addc(out, ' ');
		sync_put_flags(out, selected, i);
	}
	if (row != NULL)
		(void)buf_addf(out, " MODSEQ (%" PRIu64 ")",
		    selected_row_modseq(selected, row->modseq));
	(void)buf_addz(out, ")\r\n");
	hand_on(teller->session, out, FLUSH);
}

/* The next messages that are news, from *next on; at most PIECE. */
static size_t
find_news(struct view *view, size_t *next, size_t *index)
{
	size_t count = 0, i = *next;

	for (; i < view->len && count < PIECE; i++) {
		if (!view_is(view, i, VIEW_DIRTY | VIEW_MOVED))
			continue;
		if (!view_is(view, i, VIEW_EXPUNGED)) {
			index[count++] = i;
			continue;
		}
		view_mark(view, i, VIEW_DIRTY, false);
		view_mark(view, i, VIEW_MOVED, false);
	}
	*next = i;
	return count;
}

static void
tell_flags(struct teller *teller)
{
	struct session *session = teller->session;
	struct view *view = &session->selected->view;
	bool modseq = enabled_is(session, ENABLED_CONDSTORE);
	struct store_message row[PIECE];
	size_t index[PIECE], count, next = 0;
	struct err err;

	while (view->dirty + view->moved > 0 &&
	    (count = find_news(view, &next, index)) > 0) {
		if (modseq && rows_read(session, index, count, row, &err) < 0) {
			/* They stay news, for another time. */
			(void)reply_trouble(session, &err);
			return;
		}
		for (size_t i = 0; i < count; i++)
			tell_message(teller, index[i], modseq ? &row[i] : NULL);
	}
}

/*
 * RFC 7162 section 3.2: a client that takes the highest MODSEQ it saw for what
 * it knows must not miss the expunges below that we could not tell yet.
 */
static void
tell_untold(struct teller *teller)
{
	struct selected *selected = teller->session->selected;

	if (selected->view.expunged > 0 &&
	    enabled_is(teller->session, ENABLED_QRESYNC))
		(void)buf_addf(&teller->out,
		    "* OK [HIGHESTMODSEQ %" PRIu64 "] expunges will come\r\n",
		    selected->untold - 1);
}

void
sync_tell(struct session *session, bool expunge)
{
	struct selected *selected = session->selected;
	struct teller teller = { .session = session };

	if (selected->gone) {
		session_bye(session,
		    "the selected mailbox is not there any more");
		return;
	}
	if (selected->keywords_news)
		sync_tell_keywords(session);
	buf_init(&teller.out, 0);
	if (expunge)
		tell_expunges(&teller);
	if (selected->view.len != selected->told_exists)
		(void)buf_addf(&teller.out, "* %zu EXISTS\r\n",
		    selected->view.len);
	if (selected->view.recent != selected->told_recent &&
	    !selected->no_recent)
		(void)buf_addf(&teller.out, "* %zu RECENT\r\n",
		    selected->view.recent);
	selected->told_exists = selected->view.len;
	selected->told_recent = selected->view.recent;
	tell_flags(&teller);
	tell_untold(&teller);
	hand_on(session, &teller.out, 0);
	buf_clear(&teller.out);
}
