/*
 * verify - every invariant of the index, checked while it is in use.
 *
 *	user    the way back from the id; use is the sum of the mailboxes
 *	name    its mailbox is there and belongs to that user
 *	mbox    counters are those of its messages; UIDs below uidnext; modseq
 *	        not above the owner's
 *	hot     one row of mod with its modseq, one of place, a blob; flags and
 *	        keywords that exist; size = prefix + body
 *	mod     a message or a tombstone, never both
 *	place   the message names that blob
 *	blob    as many references as rows of place; the bytes in the pack
 *	cold    its blob is there
 *	share   each is an entry of a list of rights, each entry is one
 *	seen    the UIDs of a mailbox that others than its owner have seen
 *
 * The work goes in steps of one short transaction each, so that stored can
 * do it between batches; what one step compares is of one state. A mailbox
 * that is being deleted has no name any more and is no problem.
 */
#ifndef STORE_VERIFY_H
#define STORE_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "kv/kv.h"
#include "store/format.h"

struct store_verify;

struct store_verify_ops {
	/* One line about what is wrong. */
	void (*problem)(void *ctx, const char *text);
	/* Are the blob's bytes what its row says? NULL: do not look. */
	int (*body)(void *ctx, uint64_t blob, const struct store_blob *row,
	    struct err *err);
	void *ctx;
};

struct store_verify *store_verify_new(struct kv *kv,
    const struct store_verify_ops *ops);
void store_verify_free(struct store_verify *verify);

/* One step. more: call again. -1: the index cannot be read. */
int store_verify_step(struct store_verify *verify, bool *more, struct err *err);

uint64_t store_verify_rows(const struct store_verify *verify);
uint64_t store_verify_problems(const struct store_verify *verify);

/* All steps. Returns 0 when there was no problem, 1 when there was, or -1. */
int store_verify_all(struct kv *kv, const struct store_verify_ops *ops,
    struct err *err);

#endif
