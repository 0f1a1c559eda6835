#include "verb/forward.h"

#include "base/attr.h"

enum { TARGETS_MAX = 100 };

void
forward_show(struct print *print, const struct ldap_entry *entry)
{
	const struct ldap_attr *found =
	    ldap_entry_attr(entry, "mailForwardingAddress");
	bool only = ldap_entry_has(entry, "mailForwardOnly", STR("TRUE"));

	people_print(print, "forwarding_addresses", entry,
	    "mailForwardingAddress");
	print_bool(print, "keeps_copy",
	    !only || found == NULL || found->count == 0);
}

int
forward_set(struct people *people, struct verb_call *call,
    const struct ldap_entry *entry, struct err *err)
{
	bool keep = verb_option(call, "--keep") != NULL;
	bool none = verb_option(call, "--none") != NULL;
	struct str target[TARGETS_MAX], only = STR("TRUE");
	struct ldap_change change[2];
	size_t count = 0;

	if (none && (keep || call->args_len > 1))
		return verb_usage(call, err, "--none stands alone");
	if (keep && call->args_len == 1)
		return verb_usage(call, err, "--keep needs a target");
	if (!none && call->args_len == 1) {
		forward_show(call->print, entry);
		return 0;
	}
	if (people_targets(people, call, TARGETS_MAX, target, &count, err) < 0)
		return -1;
	/* without a value SET takes the attribute out */
	change[0] = (struct ldap_change){ LDAP_CHANGE_SET,
		"mailForwardingAddress", target, count };
	change[1] = (struct ldap_change){ LDAP_CHANGE_SET, "mailForwardOnly",
		&only, none || keep ? 0 : 1 };
	return ldap_conn_modify(people->conn,
	    arena_cstr(people->arena, entry->dn), change, NELEMS(change), err);
}
