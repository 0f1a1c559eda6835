#include "base/attr.h"
#include "base/buf.h"
#include "verb/families.h"
#include "verb/people.h"

enum { TARGETS_MAX = 1000 }; /* as ipc/rewrite_msg.h bounds an expansion */

static int
add(struct people *people, struct verb_call *call, struct err *err)
{
	struct str class = STR("mailAlias");
	struct people_address address;
	struct ldap_change attrs[3];
	struct str *targets;
	size_t count;

	targets = arena_calloc(people->arena, TARGETS_MAX, sizeof(*targets));
	if (people_address(people, &address, call->args[0], true, err) < 0 ||
	    people_need_domain(people, address.domain, err) < 0 ||
	    people_targets(people, call, TARGETS_MAX, targets, &count, err) <
		0 ||
	    people_need_free(people, address.whole, err) < 0)
		return -1;
	attrs[0] = PEOPLE_ONE(ADD, "objectClass", &class);
	attrs[1] = PEOPLE_ONE(ADD, "mail", &address.whole);
	attrs[2] = (struct ldap_change){ LDAP_CHANGE_ADD,
		"mailForwardingAddress", targets, count };
	return ldap_conn_add(people->conn, people_entry_dn(people, &address),
	    attrs, NELEMS(attrs), err);
}

static int
drop(struct people *people, struct verb_call *call, struct err *err)
{
	struct people_address address;
	struct ldap_entry *entry;

	if (people_address(people, &address, call->args[0], true, err) < 0 ||
	    people_need(people, &address, "mailAlias", "alias", &entry, err) <
		0)
		return -1;
	return ldap_conn_delete(people->conn,
	    arena_cstr(people->arena, entry->dn), err);
}

static int
list(struct people *people, struct verb_call *call, struct err *err)
{
	struct ldap_entry *entries;
	size_t count;

	if (people_listed(people, call, "mailAlias", &entries, &count, err) < 0)
		return -1;
	print_open_list(call->print, "aliases");
	for (size_t i = 0; i < count; i++) {
		print_open_record(call->print, NULL);
		print_str(call->print, "address",
		    ldap_entry_value(&entries[i], "mail"));
		people_print(call->print, "targets", &entries[i],
		    "mailForwardingAddress");
		print_close(call->print);
	}
	print_close(call->print);
	return 0;
}

/* clang-format off */
const struct verb alias_verbs[] = {
	{ VERB_OPERATOR, "alias add", "ADDRESS TARGET...", "",
	    "an address for others; @DOMAIN catches all", people_verb, add },
	{ VERB_OPERATOR, "alias remove", "ADDRESS", "",
	    "take it out again", people_verb, drop },
	{ VERB_OPERATOR, "alias list", "[DOMAIN]", "",
	    "the aliases and whom they reach", people_verb, list },
	{ .who = VERB_END },
};
/* clang-format on */
