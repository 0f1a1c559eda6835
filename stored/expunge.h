/*
 * expunge - messages go, tombstones stay for those who have them in view.
 */
#ifndef STORED_EXPUNGE_H
#define STORED_EXPUNGE_H

#include "store/uids.h"
#include "stored/change.h"

request_fn expunge_run; /* store_expunge */

/* A message that is to go: what must be known of its row. */
struct expunge_row {
	uint64_t blob, modseq;
	uint32_t uid, size;
	uint16_t flags;
};

enum expunge_trace {
	EXPUNGE_WHOLLY,    /* no tombstone: the mailbox itself is going */
	EXPUNGE_TOMBSTONE, /* the message is elsewhere now */
	EXPUNGE_KEEP,      /* a tombstone, and the message for expunge_keep */
};

/* Take a message out of mbox. modseq is the expunge's. */
int expunge_row(struct change *change, struct open_mbox *mbox,
    const struct expunge_row *row, uint64_t modseq, enum expunge_trace trace,
    struct err *err);

/* The rows alone, without mbox's counters. */
int expunge_rows(struct change *change, const struct open_mbox *mbox,
    const struct expunge_row *row, uint64_t modseq, enum expunge_trace trace,
    struct err *err);

/*
 * The next messages of mbox from *next on (a slice at most), in arena; *next
 * is where to go on, 0 when that was all.
 */
int expunge_collect(struct change *change, const struct open_mbox *mbox,
    const struct store_uids *uids, bool deleted_only, uint32_t *next,
    struct expunge_row **out, size_t *count, struct err *err);

#endif
