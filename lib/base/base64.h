/*
 * base64 - RFC 4648 section 4, with padding, no line breaks. (MIME's and
 * IMAP's variants live with MIME and IMAP.)
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

extern const char base64_alphabet[]; /* 64 digits and a NUL */

/* 0 to 63, -1 if c is no digit. */
static inline int
base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (is_digit(c))
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int base64_encode(struct buf *out, struct str in);
/*
 * Strict: padding required, no other byte, unused bits zero (section 3.5).
 * ERR_SYNTAX with nothing added; ERR_LIMIT when out is full.
 */
int base64_decode(struct buf *out, struct str in, struct err *err);

#endif
