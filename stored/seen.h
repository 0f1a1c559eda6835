/*
 * seen - what users have seen in the mailboxes of others.
 *
 * The owner's \Seen stands in the messages' rows; anybody else's is a set of
 * UIDs, one row of table seen for each (mailbox, user). UIDs are never given
 * twice, so those of messages that went may stay in it.
 */
#ifndef STORED_SEEN_H
#define STORED_SEEN_H

#include "store/uids.h"
#include "stored/change.h"

/* Held open in a batch, written at its end. */
struct open_seen {
	uint32_t mailbox, user;
	struct store_uids uids;
	bool is_dirty;
	struct open_seen *next;
};

/*
 * The set of whoever asks, for this batch. *out is NULL for the owner, and
 * for those who are nobody's session: theirs are the flags in the rows.
 */
int seen_open(struct change *change, const struct request *request,
    const struct open_mbox *mbox, struct open_seen **out, struct err *err);

/* A message's flags as that set has them; seen may be NULL. */
uint16_t seen_flags(const struct open_seen *seen, uint32_t uid, uint16_t flags);
/*
 * Take \Seen out of flags into the set (seen may be NULL): returns what is
 * for the row, which keeps the bit of row for its owner.
 */
uint16_t seen_take(struct open_seen *seen, uint32_t uid, uint16_t flags,
    uint16_t row);

/* The same for many at once, behind all that are there. seen is not NULL. */
void seen_take_runs(struct open_seen *seen, const struct store_uids *uids);

/* At the end of a batch, and when that is over. */
int seen_flush(struct change *change, struct err *err);
void seen_clear(struct change *change);
/* A mailbox goes, and all that was seen in it. */
int seen_drop(struct change *change, uint32_t mailbox, struct err *err);

#endif
