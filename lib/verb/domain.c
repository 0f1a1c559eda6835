#include "base/attr.h"
#include "verb/families.h"
#include "verb/people.h"

static int
add(struct people *people, struct verb_call *call, struct err *err)
{
	struct str class = STR("mailDomain"), name, admin;
	const char *option = verb_option(call, "--admin");
	struct people_address address;
	struct ldap_change attrs[3];
	size_t count = 0;

	if (people_domain(people, &name, call->args[0], err) < 0)
		return -1;
	attrs[count++] = PEOPLE_ONE(ADD, "objectClass", &class);
	attrs[count++] = PEOPLE_ONE(ADD, "associatedDomain", &name);
	if (option != NULL) {
		if (people_address(people, &address, option, false, err) < 0)
			return -1;
		admin = address.whole;
		attrs[count++] = PEOPLE_ONE(ADD, "mailAdministrator", &admin);
	}
	if (ldap_conn_add(people->conn, people_domain_dn(people, name), attrs,
		count, err) < 0)
		return err->kind == ERR_EXISTS ?
		    err_set(err, ERR_EXISTS,
			"%" STR_F " is a domain of ours already", STR_A(name)) :
		    -1;
	return 0;
}

static int
drop(struct people *people, struct verb_call *call, struct err *err)
{
	struct ldap_entry *entries;
	struct str name;
	size_t count;

	if (people_domain(people, &name, call->args[0], err) < 0 ||
	    people_need_domain(people, name, err) < 0 ||
	    people_list(people, name, NULL, &entries, &count, err) < 0)
		return -1;
	if (count > 1)
		return err_set(err, ERR_DENIED,
		    "%" STR_F " still has %zu users and aliases", STR_A(name),
		    count - 1);
	return ldap_conn_delete(people->conn, people_domain_dn(people, name),
	    err);
}

static int
list(struct people *people, struct verb_call *call, struct err *err)
{
	struct ldap_entry *entries;
	size_t count;

	if (people_list(people, str_of(NULL), "mailDomain", &entries, &count,
		err) < 0)
		return -1;
	print_open_list(call->print, "domains");
	for (size_t i = 0; i < count; i++) {
		print_open_record(call->print, NULL);
		print_str(call->print, "domain",
		    ldap_entry_value(&entries[i], "associatedDomain"));
		print_str(call->print, "administrator",
		    ldap_entry_value(&entries[i], "mailAdministrator"));
		print_close(call->print);
	}
	print_close(call->print);
	return 0;
}

/* clang-format off */
const struct verb domain_verbs[] = {
	{ VERB_OPERATOR, "domain add", "DOMAIN", "--admin ADDR",
	    "take mail for a domain", people_verb, add },
	{ VERB_OPERATOR, "domain remove", "DOMAIN", "",
	    "take none any more; it must be empty", people_verb, drop },
	{ VERB_OPERATOR, "domain list", "", "",
	    "the domains", people_verb, list },
	{ .who = VERB_END },
};
/* clang-format on */
