/*
 * part - the MIME structure of a message (RFC 2045, 2046) as a tree.
 *
 * One pass over the bytes, whatever they are: every message has a structure.
 * A boundary line is one that begins with "--" and the boundary of an open
 * multipart; what follows it does not matter (RFC 2046 section 5.1.1), and
 * where several match the longest counts, so that one boundary may be the
 * beginning of another. The line ending before it belongs to it. A missing
 * close delimiter ends with the enclosing multipart.
 *
 * Limits: a multipart or message deeper than max_depth becomes an opaque
 * leaf; what comes behind max_parts parts is one opaque part more, which runs
 * to the end of the message. Opaque parts say application/octet-stream. A
 * multipart in which no part was found has one empty text/plain child, as IMAP
 * wants at least one.
 *
 * Time is linear in the message, times max_depth for lines that begin with
 * "--". Ownership: everything lies in the message or the arena.
 */
#ifndef MIME_PART_H
#define MIME_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "mime/encode.h"
#include "mime/envelope.h"
#include "mime/param.h"

struct mime_limits {
	unsigned max_depth;   /* nested multiparts and messages; 0: none */
	unsigned max_parts;   /* at least 1, the message itself */
	unsigned max_params;  /* a header field */
	size_t max_addresses; /* a header field */
};

/* What a mailbox server can live with; for who has no settings of its own. */
extern const struct mime_limits mime_default_limits;

enum mime_part_kind {
	MIME_PART_LEAF,
	MIME_PART_MULTIPART, /* one child or more */
	MIME_PART_MESSAGE,   /* message/rfc822 or global: one child, envelope */
};

struct mime_tag {
	struct mime_tag *next;
	struct str text;
};

struct mime_part {
	struct mime_part *next;   /* the next part of the same multipart */
	struct mime_part *child;  /* the first one; of a message: its body */
	struct mime_part *parent; /* NULL for the message itself */
	enum mime_part_kind kind;
	bool opaque; /* not looked into because of a limit */

	struct mime_value type; /* never empty; text has a charset */
	enum mime_encoding encoding;
	struct str encoding_name;      /* as written; "7BIT" when absent */
	struct mime_value disposition; /* type empty: none */
	struct mime_tag *language;
	/* Unfolded; p is NULL where the field is absent. */
	struct str id, description, md5, location;
	struct mime_envelope *envelope; /* of a MESSAGE: the one inside */

	struct str header; /* with its empty line */
	struct str body;   /* in its transfer encoding */
	size_t lines;      /* of body: its line endings */
	size_t header_lines;
};

/*
 * Parse message, a whole one with its header, into a tree in arena. The
 * envelope of the outermost header goes to *envelope unless that is NULL.
 * Only ERR_LIMIT, when the arena is at its limit.
 */
int mime_part_parse(struct mime_part **root, struct mime_envelope *envelope,
    struct arena *arena, struct str message, const struct mime_limits *limits,
    struct err *err);

/*
 * The part an IMAP section number names (RFC 3501 section 6.4.5): [1] of a
 * message that is no multipart is its body, so the root itself; the numbers
 * behind a message/rfc822 count in what it holds. NULL: no such part.
 */
const struct mime_part *mime_part_find(const struct mime_part *root,
    const uint32_t *section, size_t len);

/* The part behind it in the order of the message; NULL behind the last. */
const struct mime_part *mime_part_next(const struct mime_part *part);

/* type and subtype compare without case; subtype NULL takes any. */
bool mime_part_is(const struct mime_part *part, const char *type,
    const char *subtype);

/*
 * Append the body decoded and, for text, converted to UTF-8. -1 when out is
 * full; it then holds what fitted, give or take a character.
 */
int mime_part_text(struct buf *out, const struct mime_part *part);

/* Was it not looked into, and has it bytes over 127? */
bool mime_part_is_hidden(const struct mime_part *part);
/*
 * Has a header of this message a byte over 127, and are all of them UTF-8?
 * Where a part was not looked into, its body counts, too. Such a message has
 * a surrogate (mime/surrogate.h).
 */
bool mime_part_is_wide(const struct mime_part *root);

#endif
