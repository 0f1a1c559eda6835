/*
 * who - whoever asks, and every name that a mailbox's list of rights may
 * call them by.
 *
 * Identities are compared as bytes, so they have one form each:
 *
 *	user@domain        a user, as the ticket has the name (lower case)
 *	group:name@domain  the members of a group
 *	@domain            everybody in a domain; shown as "anyone" in the
 *	                   mailboxes of that domain
 *
 * "anyone" ends at the domain, for the users of one server may belong to
 * several organisations; whoever means another domain names it.
 *
 * The shared mailboxes of a domain belong to "shared:@domain": a user as far
 * as the store is concerned, whom no ticket can name, for ":" is in no
 * address that needs no quotes.
 *
 * Ownership: the strings live in the arena given to store_who_make.
 */
#ifndef STORE_WHO_H
#define STORE_WHO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define STORE_SHARED_OWNER "shared:"

enum {
	STORE_GROUPS_MAX = 64, /* as many as a ticket has */
	STORE_IDENTITY_MAX = 320 + 6,
};

struct store_who {
	uint32_t user; /* id; 0: none, who owns nothing */
	struct str name;
	const struct str *identity; /* all that apply */
	size_t identities;
};

/*
 * A user and the groups ("name@domain") that they are in. Groups over
 * STORE_GROUPS_MAX do not count. ERR_LIMIT: the arena is full.
 */
int store_who_make(struct store_who *who, struct arena *arena, uint32_t user,
    struct str name, const struct str *group, size_t groups, struct err *err);
/* Whoever sends mail to a mailbox of this owner: nobody is sure who. */
int store_who_anyone(struct store_who *who, struct arena *arena,
    struct str owner, struct err *err);
int store_who_copy(struct store_who *to, struct arena *arena,
    const struct store_who *from, struct err *err);

/* "@domain" of a user's name, or all of it where there is none. */
struct str store_who_domain(struct str name);
/* Is that the owner of a domain's shared mailboxes? */
bool store_who_is_shared(struct str name);

#endif
