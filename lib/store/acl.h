/*
 * acl - a mailbox's list of rights (RFC 4314), as its row keeps it.
 *
 * An entry gives rights to an identity (store/who.h), denies it some
 * ("negative rights", section 2), or both. In the row of mbox the list is a
 * version and the entries, rising by identity; an empty string is no list,
 * which gives the owner everything, and differs from a list without entries.
 * Table share has each entry again, by identity.
 *
 * Bounds: STORE_ACL_MAX entries, STORE_ACL_BYTES encoded.
 */
#ifndef STORE_ACL_H
#define STORE_ACL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "store/format.h"
#include "store/who.h"

enum { STORE_ACL_MAX = 100, STORE_ACL_BYTES = 4096 };

struct store_acl_entry {
	struct str identity;
	uint16_t given, denied; /* STORE_RIGHT_*; not both 0 */
};

struct store_acl {
	size_t count;
	struct store_acl_entry entry[STORE_ACL_MAX]; /* by identity, rising */
};

/*
 * The list of a mailbox; without one, the entry that says the same. Strings
 * are borrowed. ERR_CORRUPT.
 */
int store_acl_decode(struct store_acl *acl, struct str row, struct str owner,
    struct err *err);
void store_acl_encode(struct buf *out, const struct store_acl *acl);

/* NULL: it has none. */
const struct store_acl_entry *store_acl_find(const struct store_acl *acl,
    struct str identity);
/*
 * Set an identity's entry, borrowed; nothing given and nothing denied takes
 * it out. ERR_LIMIT: the list is full.
 */
int store_acl_set(struct store_acl *acl, const struct store_acl_entry *entry,
    struct err *err);

/* What a list that is not empty gives to somebody; a damaged one nothing. */
uint32_t store_acl_rights(struct str row, const struct store_who *who);

/*
 * An identifier as people write it, for a mailbox of owner: "anyone",
 * "user", "user@domain", "group:name", "$name"; behind "-" it is about
 * rights denied. Case does not count, and what has no domain is of the
 * owner's. ERR_SYNTAX. *identity is in the arena.
 */
int store_identity_parse(struct str *identity, bool *denied, struct str text,
    struct str owner, struct arena *arena, struct err *err);
/* Back again: "anyone" for the owner's own domain. Borrowed. */
struct str store_identity_shown(struct str identity, struct str owner);

#endif
