/*
 * bodystructure - writes BODY and BODYSTRUCTURE of FETCH (RFC 3501 section
 * 7.4.2) from plain structs, wherever they were filled from.
 *
 * All strings are borrowed and written as they are; a NULL pointer is NIL.
 * The caller has applied MIME's defaults: type, subtype and encoding are never
 * NULL ("text", "plain", "7bit").
 * Bounds: parts nested deeper than BODYPART_DEPTH are written as
 * application/octet-stream, so that the stack is bounded whatever comes in.
 */
#ifndef IMAP_BODYSTRUCTURE_H
#define IMAP_BODYSTRUCTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "imap/envelope.h"

enum { BODYPART_DEPTH = 100 };

struct bodypart_param {
	struct str name, value;
};

struct bodypart_params {
	const struct bodypart_param *param;
	size_t len; /* 0 is written NIL */
};

struct bodypart {
	struct str type, subtype;
	struct bodypart_params params;
	struct str id, description, encoding;
	uint32_t octets; /* of the body as transferred */
	uint32_t lines;  /* for text and message/rfc822 */

	/* message/rfc822: both set; multipart: child is the first part. */
	const struct envelope *envelope;
	const struct bodypart *child;
	const struct bodypart *next; /* the next part of the same multipart */

	/* extension data, for BODYSTRUCTURE */
	struct str md5;
	struct str disposition; /* "attachment", "inline" */
	struct bodypart_params disposition_params;
	const struct str *language;
	size_t languages;
	struct str location;
};

/*
 * Append the structure without the word BODY or BODYSTRUCTURE; extended says
 * which of them is wanted. -1 when out is full.
 */
int bodystructure_put(struct buf *out, const struct bodypart *part,
    bool extended);

#endif
