#include "base/attr.h"
#include "base/buf.h"
#include "verb/families.h"
#include "verb/people.h"

enum { TARGETS_MAX = 1000 }; /* as ipc/rewrite_msg.h bounds an expansion */

/* Here or elsewhere: mail for one elsewhere is sent there. */
static int
take_targets(struct people *people, struct verb_call *call, struct str *targets,
    size_t *count, struct err *err)
{
	*count = 0;
	if (call->args_len - 1 > TARGETS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d targets",
		    TARGETS_MAX);
	for (size_t i = 1; i < call->args_len; i++) {
		struct people_address target;

		if (people_address(people, &target, call->args[i], false, err) <
		    0)
			return -1;
		targets[(*count)++] = target.whole;
	}
	return 0;
}

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
	    take_targets(people, call, targets, &count, err) < 0 ||
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
	struct str domain = { NULL, 0 };
	size_t count;

	if (call->args_len > 0 &&
	    (people_domain(people, &domain, call->args[0], err) < 0 ||
		people_need_domain(people, domain, err) < 0))
		return -1;
	if (people_list(people, domain, "mailAlias", &entries, &count, err) < 0)
		return -1;
	print_open_list(call->print, "aliases");
	for (size_t i = 0; i < count; i++) {
		const struct ldap_attr *targets =
		    ldap_entry_attr(&entries[i], "mailForwardingAddress");

		print_open_record(call->print, NULL);
		print_str(call->print, "address",
		    ldap_entry_value(&entries[i], "mail"));
		print_open_list(call->print, "targets");
		for (size_t j = 0; targets != NULL && j < targets->count; j++)
			print_str(call->print, NULL, targets->values[j]);
		print_close(call->print);
		print_close(call->print);
	}
	print_close(call->print);
	return 0;
}

static int
run_add(struct verb_call *call, struct err *err)
{
	return people_run(call, add, err);
}

static int
run_remove(struct verb_call *call, struct err *err)
{
	return people_run(call, drop, err);
}

static int
run_list(struct verb_call *call, struct err *err)
{
	return people_run(call, list, err);
}

/* clang-format off */
const struct verb alias_verbs[] = {
	{ VERB_OPERATOR, "alias add", "ADDRESS TARGET...", "",
	    "an address for others; @DOMAIN catches all", run_add },
	{ VERB_OPERATOR, "alias remove", "ADDRESS", "",
	    "take it out again", run_remove },
	{ VERB_OPERATOR, "alias list", "[DOMAIN]", "",
	    "the aliases and whom they reach", run_list },
	{ .who = VERB_END },
};
/* clang-format on */
