/*
 * fetch_body - the bytes that BODY[section] and its like name (RFC 3501
 * section 6.4.5).
 *
 * A message is prefix + body (see store/message.h): the prefix is header
 * fields in front of the body's header. Sections of the whole message see
 * both; numbered parts lie in the body alone.
 */
#ifndef IMAPD_FETCH_BODY_H
#define IMAPD_FETCH_BODY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "imap/fetchatt.h"
#include "mime/part.h"

/* One message whose sections are wanted. */
struct fetch_source {
	struct str prefix, body; /* borrowed */
	struct arena *arena;     /* for the structure and for copies */
	struct mime_part *root;  /* parsed when first needed */
};

/* Up to two runs of bytes, one behind the other. */
struct fetch_bytes {
	bool exists; /* false: there is no such part, NIL */
	struct str piece[2];
};

/*
 * The section, its partial applied. ERR_LIMIT: the arena is full. Borrowed
 * from the source's bytes and arena.
 */
int fetch_body(struct fetch_source *source, const struct fetchatt *item,
    struct fetch_bytes *out, struct err *err);

/*
 * The same for BINARY and BINARY.SIZE (RFC 3516): the transfer encoding
 * decoded, and then the partial. ERR_SYNTAX: it is one we do not know.
 */
int fetch_binary(struct fetch_source *source, const struct fetchatt *item,
    struct fetch_bytes *out, struct err *err);

#endif
