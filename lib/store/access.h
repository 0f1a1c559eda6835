/*
 * access - a mailbox opened for one read by somebody: may they, and which
 * messages have they seen?
 *
 * The \Seen of a mailbox's owner stands in the messages' rows; everybody
 * else has a set of UIDs of their own in table seen, for in a mailbox of
 * many one reader's \Seen is not the next one's.
 *
 * The struct borrows from its transaction.
 */
#ifndef STORE_ACCESS_H
#define STORE_ACCESS_H

#include "kv/kv.h"
#include "store/format.h"
#include "store/who.h"

struct store_access {
	struct store_mbox mbox;
	uint32_t rights;
	bool owns;       /* \Seen is in the rows */
	struct str seen; /* else: runs of UIDs */
};

/*
 * 1; 0 the mailbox is gone; -1, with ERR_DENIED unless who has all of the
 * rights that are needed.
 */
int store_access_open(struct store_access *access, struct kv_txn *txn,
    const struct store_who *who, uint32_t mailbox, uint32_t needed,
    struct err *err);

/* A message's flags as this one sees them. */
uint16_t store_access_flags(const struct store_access *access, uint32_t uid,
    uint16_t flags);

/* The runs of somebody's row of seen, empty without one. 0 or -1. */
int store_access_seen(struct kv_txn *txn, uint32_t mailbox, uint32_t user,
    struct str *runs, struct err *err);

#endif
