#include "verb/quota.h"

#include <string.h>

#include "base/attr.h"
#include "conf/value.h"
#include "verb/families.h"
#include "verb/people.h"

void
quota_print(struct print *p, struct store_edge *edge, struct str owner,
    bool limits)
{
	struct store_quota req = { .user = owner };
	struct store_quota_state state = { 0 };
	struct err err;

	if (edge == NULL ||
	    (store_client_quota(edge->client, &req, &state, &err) < 0 &&
		err.kind != ERR_NOENT))
		return;
	print_int(p, "used", (int64_t)state.bytes);
	print_int(p, "messages", (int64_t)state.messages);
	if (limits) {
		print_int(p, "limit", (int64_t)state.limit_bytes);
		print_int(p, "limit_messages", (int64_t)state.limit_messages);
	}
}

/* SIZE, "none" for no limit, "default" for the domain's (*out.p NULL). */
static int
take_size(struct people *people, const char *text, struct str *out,
    struct err *err)
{
	size_t size = 0;

	*out = (struct str){ NULL, 0 };
	if (strcmp(text, "default") == 0)
		return 0;
	if (strcmp(text, "none") != 0 &&
	    value_size(str_of(text), 0, 0, &size, err) < 0)
		return err_prefix(err, "quota");
	*out = str_of(arena_printf(people->arena, "%zu", size));
	return 0;
}

/* Set an attribute of an entry, or take it out. */
static int
write_limit(struct people *people, const struct ldap_entry *entry,
    const char *attr, const char *text, struct err *err)
{
	struct ldap_change change = { LDAP_CHANGE_DELETE, attr, NULL, 0 };
	struct str value;

	if (take_size(people, text, &value, err) < 0)
		return -1;
	if (value.p == NULL && ldap_entry_attr(entry, attr) == NULL)
		return 0;
	if (value.p != NULL)
		change =
		    (struct ldap_change){ LDAP_CHANGE_SET, attr, &value, 1 };
	return ldap_conn_modify(people->conn,
	    arena_cstr(people->arena, entry->dn), &change, 1, err);
}

static int
write_limits(struct people *people, struct verb_call *call,
    const struct ldap_entry *entry, struct err *err)
{
	const char *messages = verb_option(call, "--messages");

	if (call->args_len > 1 &&
	    write_limit(people, entry, "mailQuotaSize", call->args[1], err) < 0)
		return -1;
	return messages == NULL ?
	    0 :
	    write_limit(people, entry, "mailQuotaCount", messages, err);
}

static uint64_t
limit_of(const struct ldap_entry *user, const struct ldap_entry *domain,
    const char *attr)
{
	if (ldap_entry_attr(user, attr) == NULL)
		user = domain;
	return ldap_entry_number(user, attr, 0);
}

/* stored hears of it now; else with the next delivery or login. */
static void
tell_stored(struct store_edge *edge, const struct ldap_entry *user,
    const struct ldap_entry *domain)
{
	struct str owner = ldap_entry_value(user, "mailboxOwner");
	struct store_quota req = { .set = true,
		.limit_bytes = limit_of(user, domain, "mailQuotaSize"),
		.limit_messages = limit_of(user, domain, "mailQuotaCount") };
	struct store_quota_state state;
	struct err ignored;

	req.user = owner.len > 0 ? owner : ldap_entry_value(user, "mail");
	(void)store_client_quota(edge->client, &req, &state, &ignored);
}

static int
find_domain(struct people *people, struct str name, struct ldap_entry **out,
    struct err *err)
{
	size_t count;

	if (people_need_domain(people, name, err) < 0 ||
	    ldap_conn_search(people->conn, people_domain_dn(people, name),
		LDAP_CONN_BASE, "(objectClass=mailDomain)", NULL, people->arena,
		out, &count, err) < 0)
		return -1;
	return count > 0 ? 0 : err_set(err, ERR_NOENT, "no such domain");
}

static int
of_user(struct people *people, struct verb_call *call, struct err *err)
{
	struct people_address address;
	struct ldap_entry *user, *domain;
	struct store_edge edge;
	struct err ignored;

	if (people_address(people, &address, call->args[0], false, err) < 0 ||
	    people_need(people, &address, "mailUser", "user", &user, err) < 0 ||
	    find_domain(people, address.domain, &domain, err) < 0 ||
	    write_limits(people, call, user, err) < 0 ||
	    people_need(people, &address, "mailUser", "user", &user, err) < 0)
		return -1;
	if (store_edge_open(&edge, call, STORE_EDGE_TIMEOUT, &ignored) < 0)
		return 0;
	tell_stored(&edge, user, domain);
	quota_print(call->print, &edge, address.whole, true);
	store_edge_close(&edge);
	return 0;
}

static int
of_domain(struct people *people, struct verb_call *call, struct err *err)
{
	struct ldap_entry *domain, *users;
	struct store_edge edge;
	struct err ignored;
	struct str name;
	size_t count;

	if (people_domain(people, &name, call->args[0], err) < 0 ||
	    find_domain(people, name, &domain, err) < 0 ||
	    write_limits(people, call, domain, err) < 0 ||
	    find_domain(people, name, &domain, err) < 0 ||
	    people_list(people, name, "mailUser", &users, &count, err) < 0)
		return -1;
	print_int(call->print, "quota",
	    (int64_t)ldap_entry_number(domain, "mailQuotaSize", 0));
	print_int(call->print, "quota_messages",
	    (int64_t)ldap_entry_number(domain, "mailQuotaCount", 0));
	if (store_edge_open(&edge, call, STORE_EDGE_TIMEOUT, &ignored) < 0)
		return 0;
	for (size_t i = 0; i < count; i++)
		tell_stored(&edge, &users[i], domain);
	store_edge_close(&edge);
	return 0;
}

/* clang-format off */
const struct verb quota_verbs[] = {
	{ VERB_OPERATOR, "user quota", "ADDRESS [SIZE]", "--messages COUNT",
	    "show or set what a user may store; none, default",
	    people_verb, of_user },
	{ VERB_OPERATOR, "domain quota", "DOMAIN [SIZE]", "--messages COUNT",
	    "the same for all users without a quota of their own",
	    people_verb, of_domain },
	{ .who = VERB_END },
};
/* clang-format on */
