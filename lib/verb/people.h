/*
 * people - the directory as the verbs about domains, users and aliases see
 * it: where an entry stands, whose an address is.
 *
 * Entries stand below their domain: mail=ADDRESS,associatedDomain=DOMAIN,
 * ou=domains,SUFFIX. Addresses are kept in lower case (they compare without).
 */
#ifndef VERB_PEOPLE_H
#define VERB_PEOPLE_H

#include "base/arena.h"
#include "dict/ldap_conn.h"
#include "dict/ldap_entry.h"
#include "verb/verb.h"

struct people {
	struct ldap_conn *conn;
	struct arena *arena; /* of this call */
	const char *suffix;
};

/*
 * Connect as the operator, call fn, close. ERR_TEMP: the directory does not
 * run.
 */
int people_run(struct verb_call *call, people_fn *fn, struct err *err);
/* The same with the function that the verb's row names: for such a row. */
int people_verb(struct verb_call *call, struct err *err);

/*
 * An address people typed: "local@domain", for an alias also "@domain"
 * (catch-all). In lower case, in the arena. ERR_SYNTAX.
 */
struct people_address {
	struct str whole, local, domain;
};
int people_address(struct people *people, struct people_address *out,
    const char *text, bool may_be_catchall, struct err *err);

/*
 * The arguments behind the first, at most max of them: addresses here or
 * elsewhere, for out.
 */
int people_targets(struct people *people, struct verb_call *call, size_t max,
    struct str *out, size_t *count, struct err *err);

/* The name of a domain in lower case, checked. ERR_SYNTAX. */
int people_domain(struct people *people, struct str *out, const char *text,
    struct err *err);

char *people_domain_dn(struct people *people, struct str domain);
char *people_entry_dn(struct people *people,
    const struct people_address *address);

/* ERR_NOENT, saying so, where we have no such domain. */
int people_need_domain(struct people *people, struct str domain,
    struct err *err);

/* ERR_EXISTS, saying who, where somebody has the address in any role. */
int people_need_free(struct people *people, struct str address,
    struct err *err);

/*
 * The entry with this main address and class; ERR_NOENT otherwise. what names
 * the class for people: "user".
 */
int people_need(struct people *people, const struct people_address *address,
    const char *class, const char *what, struct ldap_entry **out,
    struct err *err);

/* The address at the front of an entry's DN; the DN itself where none is. */
struct str people_dn_address(struct people *people, struct str dn);

/*
 * Every entry of a class (NULL: of any), below a domain (itself included) or
 * (domain.p NULL) everywhere.
 */
int people_list(struct people *people, struct str domain, const char *class,
    struct ldap_entry **entries, size_t *count, struct err *err);

/* The same for a verb whose argument, if any, is the domain. */
int people_listed(struct people *people, struct verb_call *call,
    const char *class, struct ldap_entry **entries, size_t *count,
    struct err *err);

/* All values of an attribute, as the list name. */
void people_print(struct print *print, const char *name,
    const struct ldap_entry *entry, const char *attr);

/* One attribute with one value, for ldap_conn_add and _modify. */
#define PEOPLE_ONE(kind, attr, value)                                          \
	((struct ldap_change){ LDAP_CHANGE_##kind, (attr), (value), 1 })

#endif
