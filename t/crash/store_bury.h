/*
 * store_bury - what is promised of mailboxes that were deleted with one
 * message each, and are kept: it is in its grave, or in the mailbox "back N"
 * once it was had back, and never in both.
 */
#ifndef CRASH_STORE_BURY_H
#define CRASH_STORE_BURY_H

#include "kv/kv.h"
#include "store/format.h"

enum { BURY_MAX = 10000 };

struct bury_promised {
	uint8_t what[BURY_MAX]; /* by mailbox */
	uint32_t number[BURY_MAX];
};

/*
 * A line of marks: "buried", "comes" (it is about to be had back), "back",
 * then the mailbox and its message's number. False: it is none of ours.
 */
bool bury_mark(struct bury_promised *promised, const char *word,
    uint32_t mailbox, uint32_t number);

/* Is this the message of that number, byte for byte? */
typedef bool bury_is_fn(void *ctx, struct kv_txn *txn,
    const struct store_hot *hot, uint32_t number);

/* Add to *bad how many promises to that user are broken. */
int bury_check(struct kv_txn *txn, uint32_t user,
    const struct bury_promised *promised, bury_is_fn *is, void *ctx,
    unsigned *bad, struct err *err);

#endif
