/*
 * record - what the directory says of one name, in our words.
 *
 * Made once from an answer, then only read; shared by whoever holds it and
 * counted. A record of kind RECORD_NONE says that there is nothing.
 */
#ifndef REWRITE_RECORD_H
#define REWRITE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "dict/ldap_entry.h"

enum record_kind {
	RECORD_NONE,
	RECORD_SITE,
	RECORD_DOMAIN,
	RECORD_USER, /* has a mailbox: a person, a resource */
	RECORD_ALIAS /* stands for others: an alias, a list */
};

enum record_status { RECORD_ACTIVE, RECORD_NOLOGIN, RECORD_DISABLED };

struct record_strs {
	struct str *item;
	size_t count;
};

struct record {
	int refs;
	struct arena *arena; /* has everything else */
	enum record_kind kind;
	enum record_status status;
	/* users and aliases; addresses in lower case */
	struct str mail;  /* the address it is known by */
	struct str owner; /* name of the mailboxes' owner */
	struct record_strs alternates, forwards, senders;
	bool forward_only;
	/* domains and the site */
	struct record_strs admins;
	struct str transport, nexthop; /* empty: mailboxes are here */
	/* users and domains; empty, or has_quota false: not said */
	struct str partition;
	bool has_quota;
	uint64_t quota;
	bool has_count;
	uint64_t count;     /* messages */
	struct str mailbox; /* of the owner, for this address; empty: INBOX */
};

/* The attributes that the functions below look at; ends with NULL. */
extern const char *const record_attrs[];

/*
 * From what a search found. Among several entries for one address the one
 * whose mail it is counts, else the first; that is somebody's mistake and is
 * logged. NULL when an entry is larger than we take.
 */
struct record *record_of_address(const struct ldap_entry *entries, size_t count,
    struct str address);
struct record *record_of_domain(const struct ldap_entry *entries, size_t count);
struct record *record_of_site(const struct ldap_entry *entries, size_t count);

struct record *record_ref(struct record *record);
void record_unref(struct record *record); /* NULL is fine */

bool record_strs_have(const struct record_strs *strs, struct str s);

#endif
