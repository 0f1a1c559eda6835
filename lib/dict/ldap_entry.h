/*
 * ldap_entry - entries a directory answered with, copied out of libldap's
 * hands into an arena: they live and die with it.
 *
 * Attribute names compare without case (RFC 4512 section 2.5) and must be
 * asked for by the name used here. Values are bytes.
 */
#ifndef DICT_LDAP_ENTRY_H
#define DICT_LDAP_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct ldap_attr {
	struct str name;
	struct str *values;
	size_t count; /* of values; 0 when only names were asked for */
};

struct ldap_entry {
	struct str dn;
	struct ldap_attr *attrs;
	size_t count;
};

/* NULL if the entry has none of that name. */
const struct ldap_attr *ldap_entry_attr(const struct ldap_entry *entry,
    const char *name);
/* The first value, or { NULL, 0 }. */
struct str ldap_entry_value(const struct ldap_entry *entry, const char *name);
/* The first value as a number; other if there is none or it is no number. */
uint64_t ldap_entry_number(const struct ldap_entry *entry, const char *name,
    uint64_t other);
/* Is value among the attribute's values, letters without case? */
bool ldap_entry_has(const struct ldap_entry *entry, const char *name,
    struct str value);

#endif
