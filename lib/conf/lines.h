/*
 * lines - logical lines, as Postfix's files have them.
 *
 * Empty lines and lines whose first byte other than white space is '#' are
 * left out, wherever they stand. A line that begins with white space goes on
 * with the one before it; its pieces are joined by one space each.
 */
#ifndef CONF_LINES_H
#define CONF_LINES_H

#include "base/buf.h"
#include "base/str.h"

struct lines {
	struct str rest; /* borrowed */
	int number;      /* of the last physical line taken */
};

/*
 * The next logical line into out (reset before), *line set to where it
 * begins. false at the end. One longer than out may be leaves out->full set.
 */
bool lines_next(struct lines *lines, struct buf *out, int *line);

#endif
