/*
 * fetchatt - the data items of FETCH (RFC 3501 sections 6.4.5 and 9, and those
 * of later extensions): what a client wants to know of each message, and how
 * the answer names it.
 *
 * Ownership: items and lists live in the arena; field names are borrowed from
 * the input or the arena.
 * Bounds: the enumerators below, then the arena.
 */
#ifndef IMAP_FETCHATT_H
#define IMAP_FETCHATT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum {
	FETCHATT_MAX = 256,       /* items in one FETCH */
	FETCHATT_PARTS_MAX = 100, /* numbers in one section, "1.2.3" */
	FETCHATT_FIELDS_MAX = 256 /* names in one HEADER.FIELDS */
};

enum fetchatt_kind {
	FETCHATT_FLAGS,
	FETCHATT_UID,
	FETCHATT_INTERNALDATE,
	FETCHATT_SIZE,    /* RFC822.SIZE */
	FETCHATT_MODSEQ,  /* RFC 7162 section 3.1.5 */
	FETCHATT_EMAILID, /* RFC 8474 section 5.3 */
	FETCHATT_THREADID,
	FETCHATT_SAVEDATE, /* RFC 8514 section 4.2 */
	FETCHATT_ENVELOPE,
	FETCHATT_BODY,          /* BODY without section: the short structure */
	FETCHATT_BODYSTRUCTURE, /* the structure with extension data */
	FETCHATT_SECTION,       /* BODY[...], and RFC822 and its like */
	FETCHATT_BINARY,        /* BINARY[...] (RFC 3516): decoded */
	FETCHATT_BINARY_SIZE,   /* BINARY.SIZE[...] */
};

/* section-text: what of the part, or of the whole message, is meant */
enum fetchatt_text {
	FETCHATT_WHOLE, /* nothing written */
	FETCHATT_HEADER,
	FETCHATT_FIELDS,     /* HEADER.FIELDS */
	FETCHATT_FIELDS_NOT, /* HEADER.FIELDS.NOT */
	FETCHATT_TEXT,
	FETCHATT_MIME, /* behind a part number only */
};

/* How an item that fetches bytes was written; the answer repeats it. */
enum fetchatt_name {
	FETCHATT_AS_BODY, /* BODY[...] */
	FETCHATT_AS_RFC822,
	FETCHATT_AS_RFC822_HEADER,
	FETCHATT_AS_RFC822_TEXT,
};

struct fetchatt_section {
	uint32_t *part; /* numbers from the outermost inwards */
	size_t parts;
	enum fetchatt_text text;
	struct str *field; /* for the two kinds of HEADER.FIELDS */
	size_t fields;
};

struct fetchatt {
	enum fetchatt_kind kind;
	/* The rest is for what has a section. */
	enum fetchatt_name name;
	bool peek; /* does not set \Seen */
	bool partial;
	uint32_t offset, length; /* of <offset.length>; length is not 0 */
	struct fetchatt_section section;
};

struct fetchatt_list {
	struct fetchatt *item; /* in the arena */
	size_t len, cap;
};

/*
 * "ALL" / "FULL" / "FAST" / fetch-att / "(" fetch-att *(SP fetch-att) ")".
 * Macros become the items they stand for. ERR_SYNTAX leaves in on the word or
 * byte that was not accepted.
 */
int fetchatt_parse(struct arena *arena, struct str *in,
    struct fetchatt_list *list, struct err *err);

bool fetchatt_has(const struct fetchatt_list *list, enum fetchatt_kind kind);
/* Add kind unless it is there (UID FETCH answers with the UID). */
int fetchatt_add(struct arena *arena, struct fetchatt_list *list,
    enum fetchatt_kind kind, struct err *err);

/*
 * The name an answer gives the item: "FLAGS", "BODY[1.HEADER.FIELDS (To)]<0>",
 * "RFC822.HEADER". No space behind it. -1 when out is full.
 */
int fetchatt_put_name(struct buf *out, const struct fetchatt *item);

#endif
