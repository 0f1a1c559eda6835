/*
 * header - the header fields of a message, one after the other.
 *
 * RFC 5322 section 2.2, over borrowed bytes: nothing is copied or changed, so
 * a reader can hand the very bytes back. Unfolding happens when asked for.
 *
 * Real mail breaks the rules, and a store must still show it: a line that is
 * no header field (an mbox "From " line, a line without a colon, 8-bit bytes
 * in a name, a folded line before the first field) comes out as a field whose
 * name is empty. A line ends at LF, with or without CR before it; a bare CR
 * and NUL are bytes like others. A line of blanks alone continues its field.
 *
 * Ownership: every range points into the message. Time is linear.
 */
#ifndef MIME_HEADER_H
#define MIME_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

struct mime_field {
	struct str raw;   /* the field's lines, last line ending included */
	struct str name;  /* empty: not a header field */
	struct str value; /* behind the colon, still folded, last ending off */
};

/*
 * Take one field off the front of *in, which starts as the message. Returns
 * false at the end of the header: *in is then the body, past the empty line.
 */
bool mime_header_next(struct str *in, struct mime_field *field);

/* Bytes of the header, its empty line (if there is one) included. */
size_t mime_header_size(struct str message);

/* name compares without case. */
bool mime_field_is(const struct mime_field *field, const char *name);

/* The first field of that name; false when there is none. */
bool mime_header_find(struct str message, const char *name,
    struct mime_field *field);

/*
 * Write in, which is part of a header, to out as one line: a line ending and
 * the blanks around it become one space, NUL is left out. More than RFC 5322
 * section 2.2.3 asks, for mailers fold with tabs and indent, and people search
 * for what they see. Returns the length, at most in's; out may be in.p.
 */
size_t mime_unfold(char *out, struct str in);

/*
 * The same, blanks at both ends trimmed. The result is value's own bytes if
 * that suffices, else a copy in the arena; p is NULL only when the arena is at
 * its limit.
 */
struct str mime_header_unfold(struct arena *arena, struct str value);

#endif
