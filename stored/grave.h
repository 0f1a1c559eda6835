/*
 * grave - tombstones one by one, and the messages that some of them keep.
 *
 * A tombstone says that a UID was expunged, for clients that were away. For
 * expunge_keep it holds the message's row, too, and a reference to its blob,
 * so that the operator can have it back.
 */
#ifndef STORED_GRAVE_H
#define STORED_GRAVE_H

#include "stored/change.h"

struct grave {
	uint32_t mailbox, uid;
	uint64_t modseq;
	uint32_t when;
	uint64_t blob;
	struct str message; /* row of hot, in the batch's arena; or empty */
};

/*
 * The next row of table mod from *next on (empty: the beginning) that is a
 * tombstone want() says yes to, into out; at most max of them, and at most
 * STORE_SLICE rows are looked at. mailbox 0: of all. *more: *next is where to
 * go on.
 */
typedef bool grave_fn(void *ctx, const struct grave *grave);
int grave_collect(struct change *change, uint32_t mailbox, struct kv_key *next,
    grave_fn *want, void *ctx, struct grave *out, size_t max, size_t *count,
    bool *more, struct err *err);

/* Let go of its message; the tombstone stays, with its age. */
int grave_release(struct change *change, const struct grave *grave,
    struct err *err);
/* Away with the tombstone and its message. */
int grave_remove(struct change *change, const struct grave *grave,
    struct err *err);
/* A slice of a mailbox's; *more: there are others. */
int grave_dig(struct change *change, uint32_t mailbox, bool *more,
    struct err *err);

#endif
