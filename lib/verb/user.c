#include <stdio.h>
#include <string.h>

#include "auth/secret.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/log.h"
#include "conf/value.h"
#include "verb/families.h"
#include "verb/forward.h"
#include "verb/password.h"
#include "verb/people.h"
#include "verb/purge.h"
#include "verb/quota.h"
#include "verb/user_scram.h"

static int
take_quota(struct people *people, struct verb_call *call, struct str *out,
    struct err *err)
{
	const char *text = verb_option(call, "--quota");
	size_t size;
	char *digits;

	if (value_size(str_of(text), 0, 0, &size, err) < 0)
		return err_prefix(err, "--quota");
	digits = arena_printf(people->arena, "%zu", size);
	*out = str_of(digits);
	return 0;
}

/*
 * Mail to postmaster must reach somebody (RFC 5321 section 4.5.1): while no
 * administrator is named for the site, the first user is the one.
 */
static int
name_administrator(struct people *people, struct verb_call *call,
    const struct people_address *address, struct err *err)
{
	struct ldap_change change =
	    PEOPLE_ONE(SET, "mailAdministrator", &address->whole);
	struct ldap_entry *site;
	size_t count;

	if (ldap_conn_search(people->conn, people->suffix, LDAP_CONN_BASE,
		"(objectClass=mailSite)", NULL, people->arena, &site, &count,
		err) < 0)
		return -1;
	if (count == 0 ||
	    ldap_entry_value(&site[0], "mailAdministrator").len > 0)
		return 0;
	if (ldap_conn_modify(people->conn, people->suffix, &change, 1, err) < 0)
		return err_prefix(err, "user added, but not as administrator");
	print_line(call->print,
	    "postmaster@ and abuse@ of every domain reach %" STR_F,
	    STR_A(address->whole));
	return 0;
}

static int
add(struct people *people, struct verb_call *call, struct err *err)
{
	static const struct str classes[] = {
		{ "inetOrgPerson", 13 },
		{ "mailUser", 8 },
	};
	struct people_address address;
	struct ldap_change attrs[8];
	struct str name, quota, password;
	struct buf typed, hashed;
	const char *dn = NULL;
	size_t count = 0;
	int ret;

	if (people_address(people, &address, call->args[0], false, err) < 0 ||
	    people_need_domain(people, address.domain, err) < 0 ||
	    people_need_free(people, address.whole, err) < 0)
		return -1;
	name = verb_option(call, "--name") != NULL ?
	    str_of(verb_option(call, "--name")) :
	    address.local;
	attrs[count++] = (struct ldap_change){ LDAP_CHANGE_ADD, "objectClass",
		classes, NELEMS(classes) };
	attrs[count++] = PEOPLE_ONE(ADD, "mail", &address.whole);
	attrs[count++] = PEOPLE_ONE(ADD, "cn", &name);
	attrs[count++] = PEOPLE_ONE(ADD, "sn", &name);
	attrs[count++] = PEOPLE_ONE(ADD, "uid", &address.whole);
	if (verb_option(call, "--quota") != NULL) {
		if (take_quota(people, call, &quota, err) < 0)
			return -1;
		attrs[count++] = PEOPLE_ONE(ADD, "mailQuotaSize", &quota);
	}
	buf_init(&typed, 2 * PASSWORD_MAX);
	buf_init(&hashed, PASSWORD_MAX);
	ret = password_take(call, &typed, err);
	if (ret == 0)
		ret = secret_hash(&hashed, buf_str(&typed), err);
	if (ret == 0) {
		password = buf_str(&hashed);
		attrs[count++] = PEOPLE_ONE(ADD, "userPassword", &password);
		dn = people_entry_dn(people, &address);
		ret = ldap_conn_add(people->conn, dn, attrs, count, err);
	}
	if (ret == 0)
		ret = user_scram_set(people, dn, buf_str(&typed), err);
	buf_clear_secret(&typed);
	buf_clear(&hashed);
	return ret < 0 ? -1 : name_administrator(people, call, &address, err);
}

static int
need_user(struct people *people, struct verb_call *call,
    struct people_address *address, struct ldap_entry **entry, struct err *err)
{
	if (people_address(people, address, call->args[0], false, err) < 0)
		return -1;
	return people_need(people, address, "mailUser", "user", entry, err);
}

/* The name that sessions and mailboxes have; as the directory has it. */
static struct str
owner_of(const struct ldap_entry *entry)
{
	struct str owner = ldap_entry_value(entry, "mailboxOwner");

	return owner.len > 0 ? owner : ldap_entry_value(entry, "mail");
}

/* The change stands whatever becomes of the sessions. */
static void
end_sessions(struct verb_call *call, struct str owner)
{
	struct err err;

	if (purge_sessions(call, owner, &err) < 0)
		log_warn("%s", err.text);
}

static int
set_password(struct people *people, struct verb_call *call, struct err *err)
{
	struct people_address address;
	struct ldap_entry *entry;
	struct ldap_change change;
	struct str password;
	struct buf typed, hashed;
	const char *dn = NULL;
	int ret;

	if (need_user(people, call, &address, &entry, err) < 0)
		return -1;
	buf_init(&typed, 2 * PASSWORD_MAX);
	buf_init(&hashed, PASSWORD_MAX);
	ret = password_take(call, &typed, err);
	if (ret == 0)
		ret = secret_hash(&hashed, buf_str(&typed), err);
	if (ret == 0) {
		password = buf_str(&hashed);
		change = PEOPLE_ONE(SET, "userPassword", &password);
		dn = arena_cstr(people->arena, entry->dn);
		ret = ldap_conn_modify(people->conn, dn, &change, 1, err);
	}
	if (ret == 0)
		ret = user_scram_set(people, dn, buf_str(&typed), err);
	if (ret == 0)
		end_sessions(call, owner_of(entry));
	buf_clear_secret(&typed);
	buf_clear(&hashed);
	return ret;
}

static int
set_status(struct people *people, struct verb_call *call, struct str status,
    struct err *err)
{
	struct ldap_change change = PEOPLE_ONE(SET, "accountStatus", &status);
	struct people_address address;
	struct ldap_entry *entry;

	if (need_user(people, call, &address, &entry, err) < 0 ||
	    ldap_conn_modify(people->conn, arena_cstr(people->arena, entry->dn),
		&change, 1, err) < 0)
		return -1;
	end_sessions(call, owner_of(entry));
	return 0;
}

static int
enable(struct people *people, struct verb_call *call, struct err *err)
{
	return set_status(people, call, STR("active"), err);
}

static int
disable(struct people *people, struct verb_call *call, struct err *err)
{
	return set_status(people, call, STR("disabled"), err);
}

/*
 * With --purge what an earlier removal left behind goes too: then it is no
 * mistake that the entry is gone.
 */
static int
drop(struct people *people, struct verb_call *call, struct err *err)
{
	bool purge = verb_option(call, "--purge") != NULL;
	struct people_address address;
	struct ldap_entry *entry;
	struct str owner;

	if (need_user(people, call, &address, &entry, err) == 0) {
		owner = owner_of(entry);
		if (ldap_conn_delete(people->conn,
			arena_cstr(people->arena, entry->dn), err) < 0)
			return -1;
		end_sessions(call, owner);
	} else if (purge && err->kind == ERR_NOENT) {
		owner = address.whole;
	} else {
		return -1;
	}
	if (!purge)
		return 0;
	return purge_mailboxes(call, owner, err) < 0 ?
	    err_prefix(err, "removed, but mailboxes are left") :
	    0;
}

/* Sessions end; who may log in still may, at once. */
static int
kick(struct people *people, struct verb_call *call, struct err *err)
{
	struct people_address address;
	struct ldap_entry *entry;

	if (need_user(people, call, &address, &entry, err) < 0)
		return -1;
	return purge_sessions(call, owner_of(entry), err);
}

static struct str
status_of(const struct ldap_entry *entry)
{
	struct str status = ldap_entry_value(entry, "accountStatus");

	return status.len == 0 ? STR("active") : status;
}

static int
list(struct people *people, struct verb_call *call, struct err *err)
{
	struct ldap_entry *entries;
	struct err ignored;
	struct store_edge edge;
	bool has_store;
	size_t count;

	if (people_listed(people, call, "mailUser", &entries, &count, err) < 0)
		return -1;
	has_store =
	    store_edge_open(&edge, call, STORE_EDGE_TIMEOUT, &ignored) == 0;
	print_open_list(call->print, "users");
	for (size_t i = 0; i < count; i++) {
		print_open_record(call->print, NULL);
		print_str(call->print, "address",
		    ldap_entry_value(&entries[i], "mail"));
		print_str(call->print, "name",
		    ldap_entry_value(&entries[i], "cn"));
		print_str(call->print, "status", status_of(&entries[i]));
		quota_print(call->print, has_store ? &edge : NULL,
		    owner_of(&entries[i]), false);
		print_close(call->print);
	}
	print_close(call->print);
	if (has_store)
		store_edge_close(&edge);
	return 0;
}

static int
show(struct people *people, struct verb_call *call, struct err *err)
{
	struct people_address address;
	struct ldap_entry *entry;
	struct err ignored;
	struct store_edge edge;

	if (need_user(people, call, &address, &entry, err) < 0)
		return -1;
	print_str(call->print, "address", ldap_entry_value(entry, "mail"));
	print_str(call->print, "name", ldap_entry_value(entry, "cn"));
	print_str(call->print, "status", status_of(entry));
	print_int(call->print, "quota",
	    (int64_t)ldap_entry_number(entry, "mailQuotaSize", 0));
	if (store_edge_open(&edge, call, STORE_EDGE_TIMEOUT, &ignored) == 0) {
		quota_print(call->print, &edge, owner_of(entry), false);
		store_edge_close(&edge);
	}
	people_print(call->print, "alternate_addresses", entry,
	    "mailAlternateAddress");
	forward_show(call->print, entry);
	print_str(call->print, "dn", entry->dn);
	return 0;
}

static int
forward(struct people *people, struct verb_call *call, struct err *err)
{
	struct people_address address;
	struct ldap_entry *entry;

	if (need_user(people, call, &address, &entry, err) < 0)
		return -1;
	return forward_set(people, call, entry, err);
}

/* clang-format off */
const struct verb user_verbs[] = {
	{ VERB_OPERATOR, "user add", "ADDRESS",
	    "--password-file FILE --name NAME --quota SIZE",
	    "a person with mailboxes", people_verb, add },
	{ VERB_OPERATOR, "user remove", "ADDRESS", "--purge",
	    "take the person out; with --purge the mail, too",
	    people_verb, drop },
	{ VERB_OPERATOR, "user list", "[DOMAIN]", "",
	    "everybody, or a domain's", people_verb, list },
	{ VERB_OPERATOR, "user show", "ADDRESS", "",
	    "all about one", people_verb, show },
	{ VERB_OPERATOR, "user password", "ADDRESS", "--password-file FILE",
	    "set a new password", people_verb, set_password },
	{ VERB_OPERATOR, "user forward", "ADDRESS [TARGET...]",
	    "--keep --none",
	    "send the mail on; with --keep a copy stays",
	    people_verb, forward },
	{ VERB_OPERATOR, "user enable", "ADDRESS", "",
	    "let a disabled one in again", people_verb, enable },
	{ VERB_OPERATOR, "user disable", "ADDRESS", "",
	    "no login, and no mail is taken", people_verb, disable },
	{ VERB_OPERATOR, "user kick", "ADDRESS", "",
	    "end all sessions of this user", people_verb, kick },
	{ .who = VERB_END },
};
/* clang-format on */
