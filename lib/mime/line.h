/*
 * line - a header field being written, folded, with what is not ASCII in
 * encoded words (RFC 2047).
 *
 * A word that has a byte over 127 goes into "=?UTF-8?B?...?=", its like
 * neighbours and the blanks between with it, as many words of 75 bytes as it
 * takes, none with half a character. Bytes that are not UTF-8 are called
 * unknown-8bit (RFC 1428), so that nothing is lost. ASCII stays as it is.
 * Lines are folded before a blank at 76 columns.
 */
#ifndef MIME_LINE_H
#define MIME_LINE_H

#include "base/buf.h"
#include "base/str.h"

struct mime_line {
	struct buf *out; /* borrowed; out->full tells of what did not fit */
	size_t column;
};

/* "prefix" "name" ":", into out. */
void mime_line_begin(struct mime_line *line, struct buf *out,
    const char *prefix, struct str name);
void mime_line_end(struct mime_line *line); /* CRLF */

/* A blank, or a fold, and the bytes, which are ASCII. */
void mime_line_put(struct mime_line *line, struct str token);
/* The bytes with nothing before them. */
void mime_line_glue(struct mime_line *line, struct str bytes);
/* All of text in encoded words, with these characters around them. */
void mime_line_encode(struct mime_line *line, const char *before,
    struct str text, const char *after);
/* unstructured: text is on one line (mime_unfold) */
void mime_line_text(struct mime_line *line, struct str text);

#endif
