/*
 * escape - what people typed, made harmless inside LDAP filters and names.
 *
 * Every value that is not our own constant goes through one of these before
 * it becomes part of a filter (RFC 4515) or a distinguished name (RFC 4514).
 * Any byte may be in the value; the result is printable ASCII.
 */
#ifndef DICT_ESCAPE_H
#define DICT_ESCAPE_H

#include "base/buf.h"
#include "base/str.h"

/*
 * Append value as an assertion value: RFC 4515 section 3, with every byte
 * but the plainest as a backslash and two hexadecimal digits. At most three
 * times as long. -1 when out is full.
 */
int escape_filter(struct buf *out, struct str value);

/* The same for an attribute value in a DN: RFC 4514 section 2.4. */
int escape_dn(struct buf *out, struct str value);

#endif
