/*
 * selected - the mailbox a session has selected (RFC 3501 section 3.3).
 */
#ifndef IMAPD_SELECTED_H
#define IMAPD_SELECTED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "imapd/recall.h"
#include "imapd/view.h"
#include "store/format.h"
#include "store/uids.h"

struct session;

struct selected {
	uint32_t mailbox, uidvalidity;
	bool read_only;  /* EXAMINE */
	bool gone;       /* the mailbox was deleted by somebody */
	bool no_recent;  /* IMAP4rev2 knows no \Recent */
	uint32_t rights; /* STORE_RIGHT_*, as they were at the last look */
	struct view view;

	uint32_t uidnext; /* when it was selected */

	/* The view shows all up to this: see store/changes.h. */
	uint64_t modseq;
	uint32_t after;
	uint64_t newest; /* of the store, at the last look; 0: none yet */
	/* The lowest modseq of an expunge not told yet; 0: none. */
	uint64_t untold;

	/* UIDs that are recent in this session: what stored gave us last. */
	uint32_t recent_first, recent_next;
	uint32_t claimed; /* below this they were somebody's by the last look */

	/* Bit i of the view's keywords is keyword[i], owned. */
	char *keyword[STORE_KEYWORDS_MAX];
	unsigned keywords;
	bool keywords_news; /* there are some the client was not told */

	/* The UIDs that "$" stands for (RFC 5182), some maybe gone. */
	struct store_uids saved;

	/* What SORT and THREAD answered last. */
	struct recall recall;

	/* What the client was told. */
	size_t told_exists, told_recent;
};

/*
 * Open a mailbox and read its view. Nothing is said to the client. One that
 * the session left lately is brought up to date, which takes no time where
 * nothing happened.
 */
int selected_open(struct session *session, uint32_t mailbox, bool read_only,
    struct selected **out, struct err *err);
void selected_close(struct selected *selected); /* NULL is fine */

enum { SELECTED_LEFT = 2 /* mailboxes that a session left and keeps */ };

/*
 * Nothing is selected any more. What was is kept, if it is not too large, for
 * when the client comes back; older ones go.
 */
void selected_leave(struct session *session);
/* Keep none: the session is silent, or ends. */
void selected_forget(struct session *session);

/*
 * May this session change what others see (RFC 4314 section 5.2)? \Seen is
 * everybody's own.
 */
bool selected_is_changeable(const struct selected *selected);

/* Take the names of keywords from the mailbox's row. */
void selected_keywords(struct selected *selected,
    const struct store_keywords *keywords);
/* The bit of a keyword (names compare without case), or 0. */
uint64_t selected_keyword_bit(const struct selected *selected,
    struct str keyword);
/* Read the names again when a message has a bit that has none. */
int selected_reload_keywords(struct session *session, struct selected *selected,
    struct err *err);

/* Where the messages of the mailbox begin to be recent for this session. */
void selected_claim_recent(struct session *session, struct selected *selected);
/* The same when stored gave them unasked: first <= uid < next. */
void selected_take_recent(struct selected *selected, uint32_t first,
    uint32_t next);
bool selected_is_recent(const struct selected *selected, uint32_t uid);

/* HIGHESTMODSEQ, which is never 0 (RFC 7162 section 3.1.2.1). */
uint64_t selected_modseq(const struct selected *selected);
/*
 * The modseq to tell for a row: what happened since the view was brought up to
 * date is news of later, so this is never above what the view shows.
 */
uint64_t selected_row_modseq(const struct selected *selected, uint64_t modseq);

#endif
