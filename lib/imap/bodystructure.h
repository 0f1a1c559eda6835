/*
 * bodystructure - writes BODY and BODYSTRUCTURE of FETCH (RFC 3501 section
 * 7.4.2) from the tree that lib/mime parses a message into and the store's
 * digest decodes to.
 *
 * Strings are written as they are; what is absent is NIL. A parameter with
 * charset (RFC 2231) is shown as it came, under "name*".
 * Bounds: parts nested deeper than BODYSTRUCTURE_DEPTH are written as
 * application/octet-stream, so that the stack is bounded whatever comes in.
 */
#ifndef IMAP_BODYSTRUCTURE_H
#define IMAP_BODYSTRUCTURE_H

#include <stdbool.h>

#include "base/buf.h"
#include "mime/part.h"

enum { BODYSTRUCTURE_DEPTH = 100 };

/*
 * Append the structure without the word BODY or BODYSTRUCTURE; extended says
 * which of them is wanted. Of body only the length is looked at. -1 when out
 * is full.
 */
int bodystructure_put(struct buf *out, const struct mime_part *part,
    bool extended);

#endif
