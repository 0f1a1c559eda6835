/*
 * searchkey - what SEARCH asks for (RFC 3501 sections 6.4.4 and 9), as a tree,
 * with the keys of RFC 5032 (WITHIN), RFC 7162 (MODSEQ), RFC 5182 ("$"), RFC
 * 8474 (OBJECTID), RFC 8514 (SAVEDATE) and the result options of RFC 4731.
 *
 * Keys beside each other mean "and". What can be said by another key is:
 * "UNSEEN" is the flag key for \Seen, negated; NOT negates the key behind it.
 * Strings stay in the charset the client named; whoever compares them converts
 * them.
 *
 * Ownership: keys live in the arena; strings are borrowed from the input or
 * the arena.
 * Bounds: SEARCHKEY_MAX keys, SEARCHKEY_DEPTH levels of parentheses and OR.
 */
#ifndef IMAP_SEARCHKEY_H
#define IMAP_SEARCHKEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "imap/seqset.h"

enum { SEARCHKEY_MAX = 4096, SEARCHKEY_DEPTH = 64 };

enum searchkey_kind {
	SEARCHKEY_AND,     /* all in child; none there: every message */
	SEARCHKEY_OR,      /* any in child */
	SEARCHKEY_SEQ,     /* set, of message sequence numbers */
	SEARCHKEY_UID,     /* set, of UIDs */
	SEARCHKEY_FLAGS,   /* all of bits: IMAP_SEEN..., IMAP_RECENT */
	SEARCHKEY_KEYWORD, /* text */
	SEARCHKEY_BEFORE,  /* day, of the internal date */
	SEARCHKEY_ON,
	SEARCHKEY_SINCE,
	SEARCHKEY_SENTBEFORE, /* day, of the Date field */
	SEARCHKEY_SENTON,
	SEARCHKEY_SENTSINCE,
	SEARCHKEY_OLDER,   /* size: seconds since it arrived, at least */
	SEARCHKEY_YOUNGER, /* the same, at most */
	SEARCHKEY_LARGER,  /* size, in bytes */
	SEARCHKEY_SMALLER,
	SEARCHKEY_HEADER, /* field, text; empty text: the field is there */
	SEARCHKEY_BODY,   /* text */
	SEARCHKEY_TEXT,   /* text */
	SEARCHKEY_MODSEQ, /* modseq: this or above (RFC 7162 section 3.1.5) */
	SEARCHKEY_SAVEDBEFORE, /* day, of the save date (RFC 8514) */
	SEARCHKEY_SAVEDON,
	SEARCHKEY_SAVEDSINCE,
	SEARCHKEY_EMAILID, /* text (RFC 8474 section 6) */
	SEARCHKEY_THREADID,
};

struct searchkey {
	enum searchkey_kind kind;
	bool negate;
	struct searchkey *next, *child;
	struct seqset set;
	unsigned bits;
	int32_t day; /* from 1970-01-01 */
	uint32_t size;
	uint64_t modseq;
	struct str field, text;
	/* For the one who evaluates; from here NULL and 0. */
	void *compiled;
	int envelope;
};

/* The largest numbers "*" can mean, and the UIDs that "$" stands for. */
struct searchkey_view {
	uint32_t seq, uid;
	const struct seqset *saved; /* NULL: none */
};

/* search-return-opts = SP "RETURN" SP "(" [opt *(SP opt)] ")", as bits */
enum {
	SEARCHKEY_RETURN_MIN = 1,
	SEARCHKEY_RETURN_MAX = 2,
	SEARCHKEY_RETURN_ALL = 4, /* also for "RETURN ()" */
	SEARCHKEY_RETURN_COUNT = 8,
	SEARCHKEY_RETURN_SAVE = 16,
};

struct searchkey_program {
	unsigned results;      /* SEARCHKEY_RETURN_*; 0: no RETURN */
	struct str charset;    /* p is NULL: not named, US-ASCII */
	struct searchkey *key; /* an AND */
	bool modseq;           /* one of the keys is MODSEQ */
	bool numbers;          /* one of them is a set of sequence numbers */
};

/*
 * ["RETURN" SP "(" ... ")" SP] ["CHARSET" SP astring SP] search-key *(SP
 * search-key), to the end of in.
 */
int searchkey_parse(struct arena *arena, struct str *in,
    const struct searchkey_view *view, struct searchkey_program *program,
    struct err *err);

/*
 * search-criteria = charset 1*(SP search-key), to the end of in: SORT and
 * THREAD (RFC 5256 section 5) name the charset in any case.
 */
int searchkey_parse_criteria(struct arena *arena, struct str *in,
    const struct searchkey_view *view, struct searchkey_program *program,
    struct err *err);

#endif
