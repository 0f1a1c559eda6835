/*
 * utf8 - UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing
 * above U+10FFFF.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* Bytes of the valid character at the front of s (1 to 4), else 0. */
size_t utf8_char_len(struct str s);
bool utf8_is_valid(struct str s);
bool utf8_is_ascii(struct str s);

/* Take one character. Returns false, *in unmoved, where none is valid. */
bool utf8_take(struct str *in, uint32_t *rune);

/* Append rune (U+FFFD for what is no character). -1 when it does not fit. */
int utf8_put(struct buf *out, uint32_t rune);

#endif
