/*
 * envelope - writes the ENVELOPE of FETCH (RFC 3501 section 7.4.2) from the
 * struct that lib/mime parses a header into and the store's digest decodes to.
 *
 * Strings are written as they are, encoded words not decoded; an absent field
 * is NIL. An address whose host or mailbox is missing gets an empty string
 * there, for NIL would make it the beginning or the end of a group.
 */
#ifndef IMAP_ENVELOPE_H
#define IMAP_ENVELOPE_H

#include "base/buf.h"
#include "mime/envelope.h"

/* "(date subject from ...)" without the word ENVELOPE. -1 when out is full. */
int envelope_put(struct buf *out, const struct mime_envelope *envelope);

#endif
