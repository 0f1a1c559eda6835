/*
 * cfws - comments and folding white space (RFC 5322 section 3.2.2), which may
 * stand between the tokens of structured header fields.
 */
#ifndef MIME_CFWS_H
#define MIME_CFWS_H

#include "base/str.h"

/*
 * Bytes of the comment in begins with, both parentheses included. Comments
 * nest; one that is never closed runs to the end.
 */
size_t mime_comment_len(struct str in);

/* Move past blanks, line endings and comments. */
void mime_cfws_skip(struct str *in);

#endif
