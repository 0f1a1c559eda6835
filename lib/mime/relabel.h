/*
 * relabel - the header of a part whose transfer encoding was changed (RFC 2045
 * section 6.1).
 */
#ifndef MIME_RELABEL_H
#define MIME_RELABEL_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "mime/encode.h"

struct mime_relabel {
	enum mime_encoding encoding;
	/*
	 * A message's header, not only a part's: MIME-Version is added where
	 * it is missing, and for 8-bit text that has no Content-Type one with
	 * the charset of RFC 1428.
	 */
	bool is_message;
	bool has_eight;
};

/*
 * Append header, which ends with its empty line, with a field that names the
 * encoding: in the place of the first there was (others are left out), or at
 * the end.
 */
void mime_relabel(struct buf *out, struct str header,
    const struct mime_relabel *relabel);

#endif
