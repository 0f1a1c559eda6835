/*
 * charset - text in any charset to UTF-8, and the form in which text is
 * compared. By ICU, whose tables are inside its library: it works after
 * chroot and with no file access at all.
 */
#ifndef MIME_CHARSET_H
#define MIME_CHARSET_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/*
 * Make ICU load what it loads once (its alias table, the usual converters,
 * normalisation data) and forbid it to look for files. Call it before the
 * jail closes; without it the first use does the same work.
 */
int mime_charset_warm(struct err *err);

struct mime_charset; /* a conversion under way; owned by who opened it */

/*
 * name is a MIME charset; ICU's aliases count. Unknown names (and an empty
 * one) give the best guess: UTF-8 where it is valid, else Windows-1252. So do
 * "us-ascii" and "iso-8859-1", since the mail that says so often lies. Never
 * NULL.
 */
struct mime_charset *mime_charset_open(struct str name);
void mime_charset_close(struct mime_charset *charset);

/* Is the name one we can convert, not only guess at? */
bool mime_charset_is_known(struct str name);

/*
 * Append in as UTF-8; what has no meaning becomes U+FFFD. A character may be
 * split between two calls; last says that no more will come. -1: out is full.
 */
int mime_charset_convert(struct mime_charset *charset, struct buf *out,
    struct str in, bool last);

/* The three above for text that is there whole. */
int mime_charset_to_utf8(struct buf *out, struct str name, struct str in);

/*
 * Append utf8 as it is compared by i;unicode-casemap (RFC 5051 section 2):
 * each character in title case, decomposed. Equal results mean equal text for
 * SEARCH, and find a substring; bytes that are not UTF-8 stay as they are.
 * -1: out is full.
 */
int mime_casefold(struct buf *out, struct str utf8);

#endif
