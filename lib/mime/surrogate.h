/*
 * surrogate - an internationalised message (RFC 6532) as clients read it that
 * know only RFC 5322: the headers of the message and of all its parts in
 * ASCII (mime/downgrade.h), everything else as it is. Bodies in 8bit are not
 * touched: they need MIME, not this. Nor are messages whose headers hold bytes
 * that are not UTF-8: those are older than all of this, and come as they are.
 */
#ifndef MIME_SURROGATE_H
#define MIME_SURROGATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "mime/part.h"

struct mime_surrogate {
	struct str *piece; /* of the message, one after the other */
	size_t count;
	uint64_t size; /* of all pieces */
	size_t header; /* the header among that, with its empty line */
};

/*
 * The surrogate of message; where nothing has to change, that is the message
 * itself in one piece. Pieces lie in message or arena. ERR_LIMIT: none can be
 * made, because the arena is full, the structure is too deep, or a boundary
 * is not ASCII.
 */
int mime_surrogate_make(struct mime_surrogate *out, struct arena *arena,
    struct str message, struct err *err);

#endif
