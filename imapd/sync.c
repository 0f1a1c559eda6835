#include "imapd/sync.h"

#include "imapd/selected.h"
#include "imapd/session.h"
#include "store/changes.h"
#include "store/mailbox.h"

enum { CHANGES = 256 /* changes read at a time */ };

/* A message is new to the view. */
static void
take_new(struct session *session, struct selected *selected,
    const struct store_message *message)
{
	/* Another claim for what came after our last one and all others'. */
	if (message->uid >= selected->recent_next &&
	    message->uid >= selected->claimed)
		selected_claim_recent(session, selected);
	(void)view_insert(&selected->view, message->uid, message->flags,
	    message->keywords, selected_is_recent(selected, message->uid));
}

/* since: the modseq up to which the view was right. */
static int
take_message(struct session *session, struct selected *selected,
    const struct store_message *message, uint64_t since, struct err *err)
{
	size_t i = view_find(&selected->view, message->uid);

	if (selected->keywords < STORE_KEYWORDS_MAX &&
	    message->keywords >> selected->keywords != 0 &&
	    selected_reload_keywords(session, selected, err) < 0)
		return -1;
	if (i == VIEW_NONE)
		take_new(session, selected, message);
	else if (view_set(&selected->view, i, message->flags,
		     message->keywords))
		view_mark(&selected->view, i, VIEW_DIRTY, true);
	else if (message->modseq > since &&
	    enabled_is(session, ENABLED_CONDSTORE))
		view_mark(&selected->view, i, VIEW_MOVED, true);
	return 0;
}

static void
mark_expunged(struct selected *selected, size_t i, uint64_t modseq)
{
	if (selected->view.expunged == 0 || modseq < selected->untold)
		selected->untold = modseq;
	view_mark(&selected->view, i, VIEW_EXPUNGED, true);
}

static int
take_change(struct session *session, struct selected *selected,
    const struct store_change *change, struct err *err)
{
	size_t i;

	if (!change->expunged)
		return take_message(session, selected, &change->message, 0,
		    err);
	if ((i = view_find(&selected->view, change->uid)) != VIEW_NONE)
		mark_expunged(selected, i, change->modseq);
	return 0;
}

/* Messages of the view between the last UID read and the next are gone. */
static void
mark_gap(struct selected *selected, uint32_t from, uint32_t to)
{
	struct seqset_range range = { from, to };
	size_t i, end;

	if (from > to)
		return;
	view_range(&selected->view, &range, true, &i, &end);
	for (; i < end; i++)
		mark_expunged(selected, i, selected->modseq + 1);
}

/*
 * Tombstones we would need are gone: compare the view with all there is. The
 * row was read before, so that nothing which comes meanwhile is lost.
 */
static int
compare_all(struct session *session, struct selected *selected,
    const struct store_mbox *mbox, struct err *err)
{
	struct store_message message[CHANGES];
	uint32_t from = 1;
	size_t count;

	do {
		if (store_scan(session->imapd->reader, selected->mailbox, from,
			UINT32_MAX, message, CHANGES, &count, err) < 0)
			return -1;
		for (size_t i = 0; i < count; i++) {
			mark_gap(selected, from, message[i].uid - 1);
			if (take_message(session, selected, &message[i],
				selected->modseq, err) < 0)
				return -1;
			from = message[i].uid + 1;
		}
	} while (count == CHANGES && from != 0);
	if (from != 0)
		mark_gap(selected, from, UINT32_MAX);
	selected->modseq = mbox->modseq;
	selected->after = 0;
	return 0;
}

/*
 * The mailbox was deleted, or the right to read it is gone: which of the two
 * is nobody's business who may not read it.
 */
static bool
is_lost(const struct err *err)
{
	return err->kind == ERR_NOENT || err->kind == ERR_DENIED;
}

/* RFC 4314 section 5.1.1: changed rights show in PERMANENTFLAGS. */
static void
take_rights(struct selected *selected, uint32_t rights)
{
	if (rights == selected->rights)
		return;
	selected->rights = rights;
	selected->keywords_news = true;
}

/* The mailbox is gone, or too much has happened since our last look. */
static int
start_again(struct session *session, struct selected *selected, struct err *err)
{
	struct arena *arena = arena_new(0);
	struct store_mbox mbox;
	int ret;

	ret = store_mailbox_get(session->imapd->reader, selected->mailbox,
	    arena, &mbox, err);
	if (ret == 0)
		ret = compare_all(session, selected, &mbox, err);
	else if (is_lost(err)) {
		selected->gone = true;
		ret = 0;
	}
	arena_free(arena);
	return ret;
}

/* What happened since, row by row. */
static int
read_changes(struct session *session, struct selected *selected,
    struct err *err)
{
	struct store_change change[CHANGES];
	size_t count;

	do {
		if (store_changes(session->imapd->reader, selected->mailbox,
			&selected->modseq, &selected->after, change, CHANGES,
			&count, err) < 0)
			return is_lost(err) ?
			    start_again(session, selected, err) :
			    -1;
		for (size_t i = 0; i < count; i++)
			if (take_change(session, selected, &change[i], err) < 0)
				return -1;
	} while (count == CHANGES);
	return 0;
}

int
sync_catch_up(struct session *session, struct selected *selected,
    struct err *err)
{
	struct store_reader *reader = session->imapd->reader;
	uint64_t newest = store_reader_newest(reader);
	struct store_glance glance;

	if (selected->gone || newest == selected->newest)
		return 0;
	if (store_mailbox_glance(reader, selected->mailbox, &glance, err) < 0) {
		if (!is_lost(err))
			return -1;
		selected->gone = true;
		return 0;
	}
	take_rights(selected, glance.rights);
	selected->claimed = glance.recent;
	if ((glance.modseq != selected->modseq || selected->after != 0) &&
	    read_changes(session, selected, err) < 0)
		return -1;
	/* What is committed from here on has another number. */
	selected->newest = newest;
	return 0;
}

int
sync_look(struct session *session, struct err *err)
{
	return sync_catch_up(session, session->selected, err);
}
