/*
 * base64 - RFC 4648 section 4, with padding, no line breaks. (MIME's and
 * IMAP's variants live with MIME and IMAP.)
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

int base64_encode(struct buf *out, struct str in);
/*
 * Strict: padding required, no other byte, unused bits zero (section 3.5).
 * ERR_SYNTAX with nothing added; ERR_LIMIT when out is full.
 */
int base64_decode(struct buf *out, struct str in, struct err *err);

#endif
