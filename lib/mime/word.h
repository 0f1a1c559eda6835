/*
 * word - header text as people read it: encoded words (RFC 2047) decoded.
 *
 * For searching and sorting, so it is generous: encoded words count wherever
 * they stand, also inside quotes; a character split between two words of one
 * charset is put together; text that is not UTF-8 is taken as Windows-1252;
 * what cannot be decoded stays as written.
 */
#ifndef MIME_WORD_H
#define MIME_WORD_H

#include "base/buf.h"
#include "base/str.h"

/*
 * Append text (a header field's value, folded or not) to out as UTF-8 on one
 * line (see mime_unfold), blanks between encoded words dropped. -1 when out is
 * full; it then holds what fitted. Time is linear.
 */
int mime_word_decode(struct buf *out, struct str text);

#endif
