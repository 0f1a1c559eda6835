#include "imapd/selected.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "imap/flags.h"
#include "imapd/session.h"
#include "imapd/sync.h"
#include "store/mailbox.h"
#include "store/message.h"
#include "store/rights.h"

_Static_assert((int)STORE_FLAG_SEEN == IMAP_SEEN &&
	(int)STORE_FLAG_ANSWERED == IMAP_ANSWERED &&
	(int)STORE_FLAG_FLAGGED == IMAP_FLAGGED &&
	(int)STORE_FLAG_DELETED == IMAP_DELETED &&
	(int)STORE_FLAG_DRAFT == IMAP_DRAFT && (int)VIEW_RECENT == IMAP_RECENT,
    "the store's flags are IMAP's");

enum {
	SCAN = 256,         /* messages read at a time */
	LEFT_MAX = 1 << 17, /* of a mailbox that is kept: 1 MiB of view */
	TRIES = 3,          /* to bring it up to date while others change it */
};

void
selected_close(struct selected *selected)
{
	if (selected == NULL)
		return;
	for (unsigned i = 0; i < selected->keywords; i++)
		free(selected->keyword[i]);
	view_clear(&selected->view);
	store_uids_clear(&selected->saved);
	recall_clear(&selected->recall);
	free(selected);
}

void
selected_keywords(struct selected *selected,
    const struct store_keywords *keywords)
{
	for (unsigned i = selected->keywords; i < keywords->count; i++) {
		struct str word = keywords->keyword[i];

		selected->keyword[i] = xstrndup(word.p, word.len);
		selected->keywords = i + 1;
		selected->keywords_news = true;
	}
}

uint64_t
selected_keyword_bit(const struct selected *selected, struct str keyword)
{
	for (unsigned i = 0; i < selected->keywords; i++)
		if (str_ieqz(keyword, selected->keyword[i]))
			return (uint64_t)1 << i;
	return 0;
}

int
selected_reload_keywords(struct session *session, struct selected *selected,
    struct err *err)
{
	struct arena *arena = arena_new(0);
	struct store_mbox mbox;
	int ret;

	ret = store_mailbox_get(session->imapd->reader, selected->mailbox,
	    arena, &mbox, err);
	if (ret == 0)
		selected_keywords(selected, &mbox.keywords);
	arena_free(arena);
	return ret;
}

bool
selected_is_changeable(const struct selected *selected)
{
	return !selected->read_only &&
	    (selected->rights &
		(STORE_RIGHT_INSERT | STORE_RIGHT_EXPUNGE | STORE_RIGHT_WRITE |
		    STORE_RIGHT_FLAG_DELETED));
}

bool
selected_is_recent(const struct selected *selected, uint32_t uid)
{
	return uid >= selected->recent_first && uid < selected->recent_next;
}

uint64_t
selected_modseq(const struct selected *selected)
{
	return selected->modseq > 0 ? selected->modseq : 1;
}

uint64_t
selected_row_modseq(const struct selected *selected, uint64_t modseq)
{
	return modseq < selected->modseq ? modseq : selected_modseq(selected);
}

/*
 * Only one session is told that a message is recent (RFC 3501 section 2.3.2),
 * so stored decides which. Where it cannot, none is from then on: that costs a
 * mark, not mail.
 */
void
selected_claim_recent(struct session *session, struct selected *selected)
{
	struct err err;

	if (!selected_is_changeable(selected))
		return; /* what is unclaimed is shown as recent, and stays so */
	if (store_client_recent(session->store, selected->mailbox,
		&selected->recent_first, &selected->recent_next, &err) == 0)
		return;
	selected->recent_first = selected->recent_next = UINT32_MAX;
	log_warn("%s: claim recent messages: %s", session->user, err.text);
}

/* Those given before need not be in the view yet: what follows them joins. */
void
selected_take_recent(struct selected *selected, uint32_t first, uint32_t next)
{
	if (first != selected->recent_next)
		selected->recent_first = first;
	selected->recent_next = next;
}

/* All messages below uidnext, as they are now, into an empty view. */
static int
read_view(struct session *session, struct selected *selected, uint32_t uidnext,
    struct err *err)
{
	struct store_message message[SCAN];
	uint32_t from = 1;
	size_t count;

	do {
		if (uidnext <= from)
			return 0;
		if (store_scan(session->imapd->reader, selected->mailbox, from,
			uidnext - 1, message, SCAN, &count, err) < 0)
			return -1;
		for (size_t i = 0; i < count; i++)
			(void)view_insert(&selected->view, message[i].uid,
			    message[i].flags, message[i].keywords,
			    selected_is_recent(selected, message[i].uid));
		if (count > 0)
			from = message[count - 1].uid + 1;
	} while (count == SCAN);
	return 0;
}

void
selected_leave(struct session *session)
{
	struct selected *selected = session->selected;

	session->selected = NULL;
	if (selected == NULL)
		return;
	if (selected->gone || selected->view.len > LEFT_MAX) {
		selected_close(selected);
		return;
	}
	selected_close(session->left[SELECTED_LEFT - 1]);
	memmove(&session->left[1], &session->left[0],
	    (SELECTED_LEFT - 1) * sizeof(session->left[0]));
	session->left[0] = selected;
}

void
selected_forget(struct session *session)
{
	for (size_t i = 0; i < SELECTED_LEFT; i++) {
		selected_close(session->left[i]);
		session->left[i] = NULL;
	}
}

/* What is kept of a mailbox, from now on the caller's; or NULL. */
static struct selected *
take_left(struct session *session, uint32_t mailbox)
{
	for (size_t i = 0; i < SELECTED_LEFT; i++) {
		struct selected *left = session->left[i];

		if (left == NULL || left->mailbox != mailbox)
			continue;
		session->left[i] = NULL;
		return left;
	}
	return NULL;
}

/*
 * Make of what was left what would be read now, and read the row of the very
 * same state: a row of later could know of UIDs that the view has not, and one
 * of before the other way round.
 */
static bool
bring_up(struct session *session, struct selected *selected,
    struct store_mbox *mbox)
{
	uint32_t uidvalidity = selected->uidvalidity;
	struct err err;

	store_uids_clear(&selected->saved);
	selected->untold = 0;
	/* What comes to light here is claimed later, all of it together. */
	selected->recent_first = selected->recent_next = UINT32_MAX;
	for (int i = 0; i < TRIES; i++) {
		if (sync_catch_up(session, selected, &err) < 0 ||
		    selected->gone ||
		    store_mailbox_open(session->imapd->reader,
			selected->mailbox, session->arena, mbox,
			&selected->rights, &err) < 0 ||
		    mbox->uidvalidity != uidvalidity)
			return false;
		if (mbox->modseq != selected->modseq)
			continue;
		view_settle(&selected->view);
		return true;
	}
	return false;
}

static void
mark_recent(struct selected *selected)
{
	struct view *view = &selected->view;
	struct seqset_range range = { selected->recent_first, UINT32_MAX };
	size_t i, end;

	view_range(view, &range, true, &i, &end);
	for (; i < end; i++)
		if (selected_is_recent(selected, view->message[i].uid))
			view_mark(view, i, VIEW_RECENT, true);
}

static void
take_row(struct session *session, struct selected *selected,
    const struct store_mbox *mbox)
{
	selected->no_recent = enabled_is(session, ENABLED_REV2);
	selected->uidvalidity = mbox->uidvalidity;
	selected->uidnext = mbox->uidnext;
	selected->modseq = mbox->modseq;
	selected->recent_first = selected->recent_next = 0;
	selected_keywords(selected, &mbox->keywords);
	if (!selected_is_changeable(selected)) {
		selected->recent_first = mbox->recent;
		selected->recent_next = UINT32_MAX;
	} else if (mbox->recent < mbox->uidnext) {
		selected_claim_recent(session, selected);
	}
}

/*
 * The row comes first, then the messages: what happens between the two has a
 * modseq above the row's and is found by the next look for changes.
 */
int
selected_open(struct session *session, uint32_t mailbox, bool read_only,
    struct selected **out, struct err *err)
{
	struct selected *selected = take_left(session, mailbox);
	struct store_mbox mbox;

	if (selected != NULL && bring_up(session, selected, &mbox)) {
		selected->read_only = read_only;
		take_row(session, selected, &mbox);
		mark_recent(selected);
		*out = selected;
		return 0;
	}
	selected_close(selected);
	selected = xcalloc(1, sizeof(*selected));
	selected->mailbox = mailbox;
	selected->read_only = read_only;
	if (store_mailbox_open(session->imapd->reader, mailbox, session->arena,
		&mbox, &selected->rights, err) < 0)
		goto fail;
	take_row(session, selected, &mbox);
	if (read_view(session, selected, mbox.uidnext, err) < 0)
		goto fail;
	*out = selected;
	return 0;

fail:
	selected_close(selected);
	return -1;
}
