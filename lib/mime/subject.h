/*
 * subject - the base subject by which messages are sorted and threaded
 * (RFC 5256 section 2.1): no "Re:", no "[list]", no "(fwd)".
 */
#ifndef MIME_SUBJECT_H
#define MIME_SUBJECT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * Decode subject (a field's value) into out, which is emptied first, and set
 * *base to what remains of it: a part of out's bytes, maybe empty. *is_reply:
 * something said that it is a reply or a forward. -1 when out is full. Time
 * is linear.
 */
int mime_subject_base(struct buf *out, struct str subject, struct str *base,
    bool *is_reply);

#endif
