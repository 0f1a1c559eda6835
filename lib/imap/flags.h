/*
 * flags - message flags in commands (RFC 3501 section 2.3.2): five system
 * flags as bits, keywords as words.
 */
#ifndef IMAP_FLAGS_H
#define IMAP_FLAGS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum {
	IMAP_SEEN = 1,
	IMAP_ANSWERED = 2,
	IMAP_FLAGGED = 4,
	IMAP_DELETED = 8,
	IMAP_DRAFT = 16,
	IMAP_SYSTEM_FLAGS = 31, /* all of them */
	IMAP_RECENT = 32,       /* in answers only: no client can set it */
};

enum {
	IMAP_KEYWORD_LEN = 100, /* bytes in one keyword */
	IMAP_KEYWORDS_MAX = 128 /* keywords in one command */
};

struct imap_flags {
	unsigned bits;
	struct str *keyword; /* in the arena; the words borrowed from input */
	size_t keywords;
};

/*
 * flag-list = "(" [flag *(SP flag)] ")". ERR_SYNTAX also for \Recent and for
 * flag-extensions nobody defined; ERR_LIMIT for keywords too many or too long.
 */
int imap_flags_parse_list(struct arena *arena, struct str *in,
    struct imap_flags *flags, struct err *err);
/* The same, or without parentheses: flag *(SP flag), as STORE may have it. */
int imap_flags_parse(struct arena *arena, struct str *in,
    struct imap_flags *flags, struct err *err);
/* One flag-keyword = atom, bounded. */
int imap_flags_parse_keyword(struct str *in, struct str *keyword,
    struct err *err);

/*
 * Append the names of the system flags (and \Recent) in bits with a space
 * between them. Returns how many; look at out->full.
 */
size_t imap_flags_put(struct buf *out, unsigned bits);

#endif
