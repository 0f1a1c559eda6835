/*
 * address - the parts of an address as we look them up.
 *
 * local [delimiter detail] "@" domain. Addresses compare without case, so
 * local part and domain are in lower case here (ASCII; RFC 5321 section 2.4
 * leaves the local part to the host that owns it, which is us). The detail
 * is as it was written. The last "@" divides, as quoted local parts may have
 * others.
 */
#ifndef REWRITE_ADDRESS_H
#define REWRITE_ADDRESS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct address {
	struct str local;  /* without detail; lower case; may be empty */
	struct str detail; /* behind the delimiter */
	struct str domain; /* lower case; empty for "postmaster" alone */
	bool has_detail;
};

/*
 * Everything in arena. delimiter 0: there are no details. ERR_SYNTAX:
 * nothing that could be looked up (no domain, control bytes, not UTF-8, too
 * long). "@domain" is taken: it names the catch-all.
 */
int address_parse(struct address *address, struct str text, char delimiter,
    struct arena *arena, struct err *err);

/* local@domain, or local+detail@domain, in arena. */
struct str address_plain(const struct address *address, struct arena *arena);
struct str address_full(const struct address *address, char delimiter,
    struct arena *arena);

/* s in lower case, in arena; p is NULL if it does not fit. */
struct str address_lower(struct str s, struct arena *arena);

#endif
