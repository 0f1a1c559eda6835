/*
 * listpat - the patterns of LIST and LSUB (RFC 3501 section 6.3.8): "*" stands
 * for any bytes, "%" for any bytes but the hierarchy delimiter.
 *
 * Patterns and names are UTF-8. All positions a pattern may have reached are
 * kept as a set of bits, so the time is that of name times pattern over 64,
 * whatever the pattern; nothing backtracks.
 */
#ifndef IMAP_LISTPAT_H
#define IMAP_LISTPAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum { LISTPAT_MAX = 1023 /* bytes in a pattern */ };

struct listpat {
	char text[LISTPAT_MAX + 1];
	size_t len;
	size_t fixed; /* bytes before the first wildcard */
	char delimiter;
};

/* Copies pattern, runs of wildcards made one. ERR_LIMIT when it is too long. */
int listpat_init(struct listpat *pat, struct str pattern, char delimiter,
    struct err *err);

/*
 * Does the pattern match the whole name? The first caseless bytes of name
 * compare without case: INBOX is written any way (RFC 3501 section 5.1).
 */
bool listpat_match(const struct listpat *pat, struct str name, size_t caseless);

#endif
