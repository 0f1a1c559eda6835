/*
 * view - a mailbox as one client knows it: which message has which sequence
 * number, and the flags the client was last told (RFC 3501 section 2.3).
 *
 * The n-th message of the view has sequence number n. Messages that are gone
 * from the store keep their number until the client may be told (section
 * 7.4.1); those whose flags are news are marked until they are told. Keeping
 * the flags lets FLAGS be answered without the index, and a change be known
 * from what only looks like one.
 *
 * Eight bytes a message: keywords are kept as a number of a set of them.
 *
 * Ownership: the view owns its arrays; { 0 } is an empty view.
 */
#ifndef IMAPD_VIEW_H
#define IMAPD_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imap/seqset.h"

enum {
	VIEW_FLAGS = 0x1f,    /* STORE_FLAG_*, which are IMAP_SEEN... too */
	VIEW_RECENT = 0x20,   /* IMAP_RECENT */
	VIEW_EXPUNGED = 0x40, /* gone, the client was not told yet */
	VIEW_DIRTY = 0x80,    /* flags changed, the client was not told yet */
	VIEW_MOVED = 0x100,   /* its modseq rose, the client was not told yet */
};

enum { VIEW_SET_SHIFT = 9 /* where in state the number of a set begins */ };

#define VIEW_NONE SIZE_MAX

struct view_message {
	uint32_t uid;
	uint32_t state; /* VIEW_* and above them the number of a set */
};

struct view {
	struct view_message *message; /* by UID, rising */
	size_t len, cap;
	size_t expunged, dirty, recent, moved; /* how many have that mark */
	uint64_t *set; /* of keywords; number 0 is none */
	size_t sets, sets_cap;
	uint32_t *slot; /* hash: numbers of sets */
	size_t slots;
};

void view_clear(struct view *view);

/* Where uid stands, or VIEW_NONE. */
size_t view_find(const struct view *view, uint32_t uid);
/* The largest UID there is; 0 when empty. */
uint32_t view_last_uid(const struct view *view);

/*
 * The messages a range names, as from <= index < to; by UID or by sequence
 * number. from == to: none.
 */
void view_range(const struct view *view, const struct seqset_range *range,
    bool uid, size_t *from, size_t *to);

static inline unsigned
view_flags(const struct view *view, size_t i)
{
	return view->message[i].state & VIEW_FLAGS;
}

static inline uint64_t
view_keywords(const struct view *view, size_t i)
{
	return view->sets == 0 ?
	    0 :
	    view->set[view->message[i].state >> VIEW_SET_SHIFT];
}

static inline bool
view_is(const struct view *view, size_t i, unsigned mark)
{
	return (view->message[i].state & mark) != 0;
}

/* Put in a message that is not there; usually it becomes the last. */
size_t view_insert(struct view *view, uint32_t uid, unsigned flags,
    uint64_t keywords, bool recent);

/* Its flags are these; marks stay. Returns whether that is a change. */
bool view_set(struct view *view, size_t i, unsigned flags, uint64_t keywords);
/* Set or clear VIEW_EXPUNGED, VIEW_DIRTY, VIEW_RECENT or VIEW_MOVED. */
void view_mark(struct view *view, size_t i, unsigned mark, bool on);

/*
 * Take the messages marked as expunged out, lowest first; fn is told the
 * sequence number each has at its turn, and its UID.
 */
typedef void view_expunge_fn(void *ctx, size_t seq, uint32_t uid);
void view_expunge(struct view *view, view_expunge_fn *fn, void *ctx);

/*
 * Begin anew with what is there: messages marked as expunged go without a
 * word, and no other mark stays.
 */
void view_settle(struct view *view);

#endif
