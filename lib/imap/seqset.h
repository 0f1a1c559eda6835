/*
 * seqset - sets of message numbers, as IMAP clients write them.
 *
 * "2,4:7,9,12:*" (RFC 3501 section 9, sequence-set) becomes an array of
 * ranges in ascending order that neither overlap nor touch. "*" is resolved
 * while parsing, against the largest number in the caller's view; in an empty
 * mailbox that is 0, a number no message has. A range with "*" ends there
 * whatever its other end says: "559:*" always holds the last message (RFC 3501
 * section 6.4.8).
 *
 * Ownership: the ranges live in the arena given.
 * Bounds: at most SEQSET_MAX ranges after neighbours have been joined, so that
 * a client cannot make us hold more than 128 KiB (twice that while growing).
 */
#ifndef IMAP_SEQSET_H
#define IMAP_SEQSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum { SEQSET_MAX = 16384 };

struct seqset_range {
	uint32_t lo, hi; /* lo <= hi, both inside */
};

struct seqset {
	struct seqset_range *range; /* in the arena; NULL when len is 0 */
	size_t len, cap;
};

/* Is there a sequence-set, not a word, at the front of in? */
bool seqset_is_next(struct str in);

/*
 * Take a sequence-set off the front of in. On success in points past the
 * set; on ERR_SYNTAX it points at the byte we could not accept. After any
 * failure (ERR_LIMIT is the other) set is empty.
 */
int seqset_parse(struct seqset *set, struct arena *arena, struct str *in,
    uint32_t max, struct err *err);

/* Add lo..hi. ERR_LIMIT when the set has too many ranges. */
int seqset_add(struct seqset *set, struct arena *arena, uint32_t lo,
    uint32_t hi, struct err *err);
/* Put ranges that were added in any order into the order promised above. */
void seqset_sort(struct seqset *set);

bool seqset_has(const struct seqset *set, uint32_t n); /* sorted sets only */
uint32_t seqset_highest(const struct seqset *set);     /* 0 when empty */
uint64_t seqset_count(const struct seqset *set);       /* numbers in it */

/* "1:3,5", as COPYUID and its like want it. -1 when out is full. */
int seqset_put(struct buf *out, const struct seqset *set);

#endif
