/*
 * search_bits - what the view says of a SEARCH program (RFC 3501 section
 * 6.4.4), of many messages at once, a bit each.
 *
 * Flags, keywords and sets of numbers are all that most searches ask for, and
 * the view has them at hand. A message is found for sure, is not found for
 * sure, or may be found: then its row, its digest or its bytes decide
 * (imapd/search_judge.h), which know the same program.
 */
#ifndef IMAPD_SEARCH_BITS_H
#define IMAPD_SEARCH_BITS_H

#include <stddef.h>
#include <stdint.h>

#include "imapd/search_judge.h"

enum {
	SEARCH_BITS_WORDS = 16,
	SEARCH_BITS_MAX = SEARCH_BITS_WORDS * 64, /* messages at a time */
};

/* Bit i % 64 of word i / 64 is the i-th of the messages asked about. */
struct search_bits {
	uint64_t may[SEARCH_BITS_WORDS]; /* found, or not decided yet */
	uint64_t is[SEARCH_BITS_WORDS];  /* found: a part of may */
};

/*
 * Of count messages of the view from from on, at most SEARCH_BITS_MAX. Those
 * marked as expunged are never found; bits of messages that were not asked
 * about are 0.
 */
void search_bits(struct search_bits *out, const struct search_judge *judge,
    size_t from, size_t count);

#endif
