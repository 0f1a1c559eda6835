/*
 * utf7 - mailbox names on the wire: modified UTF-7 (RFC 3501 section 5.1.3)
 * to UTF-8 and back.
 *
 * Strict: a name has one encoding only. Refused are bytes outside printable
 * ASCII, base64 of what could stand for itself, a shift directly after
 * another, padding and spare bits that are not zero, and lone surrogates. So
 * two names that differ on the wire differ in the store, and what LIST shows
 * is what the client sent.
 */
#ifndef IMAP_UTF7_H
#define IMAP_UTF7_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* Append name as UTF-8. ERR_SYNTAX, or ERR_LIMIT when out is full; then out
 * is as it was. */
int utf7_decode(struct buf *out, struct str name, struct err *err);

/* Append UTF-8 as modified UTF-7. ERR_SYNTAX if name is not valid UTF-8. */
int utf7_encode(struct buf *out, struct str name, struct err *err);

#endif
