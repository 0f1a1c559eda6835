/*
 * group - groups of users, which mailboxes can be shared with. A group is a
 * groupOfNames below its domain, named by an address.
 */
#include "base/attr.h"
#include "base/buf.h"
#include "verb/families.h"
#include "verb/people.h"
#include "verb/purge.h"

enum { MEMBERS_MAX = 1000 };

/* DNs of the users that stand behind the group in the arguments. */
static int
take_members(struct people *people, struct verb_call *call, struct str *dns,
    struct str *owners, size_t *count, struct err *err)
{
	*count = 0;
	if (call->args_len - 1 > MEMBERS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d members",
		    MEMBERS_MAX);
	for (size_t i = 1; i < call->args_len; i++) {
		struct people_address member;
		struct ldap_entry *entry;
		struct str owner;

		if (people_address(people, &member, call->args[i], false, err) <
			0 ||
		    people_need(people, &member, "mailUser", "user", &entry,
			err) < 0)
			return -1;
		owner = ldap_entry_value(entry, "mailboxOwner");
		owners[*count] = owner.len > 0 ? owner : member.whole;
		dns[(*count)++] = entry->dn;
	}
	return 0;
}

/* A group and members, as all but "add" need them. */
struct named {
	struct ldap_entry *group;
	struct str *dns, *owners;
	size_t count;
};

static int
take_group(struct people *people, struct verb_call *call, struct named *named,
    struct err *err)
{
	struct people_address address;

	named->dns =
	    arena_calloc(people->arena, MEMBERS_MAX, sizeof(struct str));
	named->owners =
	    arena_calloc(people->arena, MEMBERS_MAX, sizeof(struct str));
	if (people_address(people, &address, call->args[0], false, err) < 0 ||
	    people_need(people, &address, "mailGroup", "group", &named->group,
		err) < 0)
		return -1;
	return take_members(people, call, named->dns, named->owners,
	    &named->count, err);
}

static int
add(struct people *people, struct verb_call *call, struct err *err)
{
	static const struct str classes[] = {
		{ "groupOfNames", 12 },
		{ "mailGroup", 9 },
	};
	struct str *dns =
	    arena_calloc(people->arena, MEMBERS_MAX, sizeof(*dns));
	struct str *owners =
	    arena_calloc(people->arena, MEMBERS_MAX, sizeof(*owners));
	struct people_address address;
	struct ldap_change attrs[4];
	size_t count;

	if (people_address(people, &address, call->args[0], false, err) < 0 ||
	    people_need_domain(people, address.domain, err) < 0 ||
	    people_need_free(people, address.whole, err) < 0 ||
	    take_members(people, call, dns, owners, &count, err) < 0)
		return -1;
	attrs[0] = (struct ldap_change){ LDAP_CHANGE_ADD, "objectClass",
		classes, NELEMS(classes) };
	attrs[1] = PEOPLE_ONE(ADD, "mail", &address.whole);
	attrs[2] = PEOPLE_ONE(ADD, "cn", &address.local);
	attrs[3] =
	    (struct ldap_change){ LDAP_CHANGE_ADD, "member", dns, count };
	return ldap_conn_add(people->conn, people_entry_dn(people, &address),
	    attrs, NELEMS(attrs), err);
}

/* Their tickets still say that they belong to it. */
static int
end_sessions(struct verb_call *call, const struct str *owners, size_t count,
    struct err *err)
{
	for (size_t i = 0; i < count; i++)
		if (purge_sessions(call, owners[i], err) < 0)
			return err_prefix(err, "done, but sessions are left");
	return 0;
}

static int
modify(struct people *people, const struct named *named,
    struct ldap_change change, struct err *err)
{
	return ldap_conn_modify(people->conn,
	    arena_cstr(people->arena, named->group->dn), &change, 1, err);
}

static int
join(struct people *people, struct verb_call *call, struct err *err)
{
	struct named named;

	if (take_group(people, call, &named, err) < 0)
		return -1;
	return modify(people, &named,
	    (struct ldap_change){ LDAP_CHANGE_ADD, "member", named.dns,
		named.count },
	    err);
}

static int
leave(struct people *people, struct verb_call *call, struct err *err)
{
	const struct ldap_attr *members;
	struct named named;

	if (take_group(people, call, &named, err) < 0)
		return -1;
	members = ldap_entry_attr(named.group, "member");
	if (members != NULL && members->count <= named.count)
		return err_set(err, ERR_DENIED,
		    "a group has a member at least: \"group remove\" ends it");
	if (modify(people, &named,
		(struct ldap_change){ LDAP_CHANGE_DELETE, "member", named.dns,
		    named.count },
		err) < 0)
		return -1;
	return end_sessions(call, named.owners, named.count, err);
}

/* The sessions of all members end, and no list names the group any more. */
static int
drop(struct people *people, struct verb_call *call, struct err *err)
{
	const struct ldap_attr *members;
	struct ldap_entry *user;
	struct named named;
	struct str address;
	size_t count;

	if (take_group(people, call, &named, err) < 0)
		return -1;
	members = ldap_entry_attr(named.group, "member");
	address = ldap_entry_value(named.group, "mail");
	if (ldap_conn_delete(people->conn,
		arena_cstr(people->arena, named.group->dn), err) < 0)
		return -1;
	for (size_t i = 0; members != NULL && i < members->count; i++) {
		const char *dn = arena_cstr(people->arena, members->values[i]);

		if (ldap_conn_search(people->conn, dn, LDAP_CONN_BASE,
			"(objectClass=mailUser)", NULL, people->arena, &user,
			&count, err) == 0 &&
		    count == 1 &&
		    end_sessions(call,
			(struct str[]){ ldap_entry_value(user, "mail") }, 1,
			err) < 0)
			return -1;
	}
	return purge_rights(call,
	    str_of(
		arena_printf(people->arena, "group:%" STR_F, STR_A(address))),
	    err);
}

static int
list(struct people *people, struct verb_call *call, struct err *err)
{
	struct ldap_entry *entries;
	size_t count;

	if (people_listed(people, call, "mailGroup", &entries, &count, err) < 0)
		return -1;
	print_open_list(call->print, "groups");
	for (size_t i = 0; i < count; i++) {
		const struct ldap_attr *members =
		    ldap_entry_attr(&entries[i], "member");

		print_open_record(call->print, NULL);
		print_str(call->print, "group",
		    ldap_entry_value(&entries[i], "mail"));
		print_open_list(call->print, "members");
		for (size_t j = 0; members != NULL && j < members->count; j++)
			print_str(call->print, NULL,
			    people_dn_address(people, members->values[j]));
		print_close(call->print);
		print_close(call->print);
	}
	print_close(call->print);
	return 0;
}

/* clang-format off */
const struct verb group_verbs[] = {
	{ VERB_OPERATOR, "group add", "ADDRESS USER...", "",
	    "a group of users, to share mailboxes with", people_verb, add },
	{ VERB_OPERATOR, "group remove", "ADDRESS", "",
	    "end a group, and the rights it has", people_verb, drop },
	{ VERB_OPERATOR, "group join", "ADDRESS USER...", "",
	    "more members; they have its rights from the next login",
	    people_verb, join },
	{ VERB_OPERATOR, "group leave", "ADDRESS USER...", "",
	    "members leave, and their sessions end", people_verb, leave },
	{ VERB_OPERATOR, "group list", "[DOMAIN]", "",
	    "the groups and who is in them", people_verb, list },
	{ .who = VERB_END },
};
/* clang-format on */
