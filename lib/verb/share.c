/*
 * share - mailboxes made, deleted and shared by the operator: a user's, or
 * those that a domain shares, with an address that mail for them goes to.
 */
#include <string.h>

#include "base/attr.h"
#include "store/rights.h"
#include "store/share.h"
#include "verb/store_edge.h"
#include "verb/families.h"
#include "verb/people.h"

/* What an operator names: "OWNER NAME", or "Shared/NAME" of some domain. */
struct named {
	struct str owner, name;
};

/* Where the domain of "Shared/NAME" comes from: an option, or the address. */
static const char *
domain_of(struct verb_call *call)
{
	const char *domain = verb_option(call, "--domain");
	const char *post = verb_option(call, "--post");

	if (domain == NULL && post != NULL && strchr(post, '@') != NULL)
		domain = strrchr(post, '@') + 1;
	return domain;
}

static int
take_named(struct verb_call *call, struct store_edge *edge, size_t args,
    struct named *out, struct err *err)
{
	struct str shared = STR(STORE_SHARED "/");
	const char *domain = domain_of(call);

	out->name = str_of(call->args[args - 1]);
	if (args > 1) {
		out->owner = store_edge_user(edge, call->args[0]);
		if (store_who_is_shared(out->owner))
			(void)str_take_str(&out->name, shared);
		return 0;
	}
	if (!str_take_str(&out->name, shared))
		return verb_usage(call, err,
		    "whose mailbox? A user's address or a domain stands "
		    "before its name");
	if (domain == NULL)
		return verb_usage(call, err,
		    "of which domain? --domain DOMAIN says it");
	out->owner = store_edge_user(edge, domain);
	return 0;
}

/* The domain's part of the name of who owns its shared mailboxes. */
static const char *
shared_domain(struct people *people, struct str owner)
{
	ptrdiff_t at = str_rchr(owner, '@');

	return arena_cstr(people->arena,
	    str_sub(owner, (size_t)at + 1, owner.len));
}

/* The directory's entry of the address that is posted to. */
static int
add_address(struct people *people, const char *text, const struct named *named,
    struct err *err)
{
	struct str class = STR("mailResource"), kind = STR("mailbox");
	struct people_address address;
	struct ldap_change attrs[6];

	if (people_address(people, &address, text, false, err) < 0 ||
	    people_need_domain(people, address.domain, err) < 0 ||
	    people_need_free(people, address.whole, err) < 0)
		return -1;
	attrs[0] = PEOPLE_ONE(ADD, "objectClass", &class);
	attrs[1] = PEOPLE_ONE(ADD, "mail", &address.whole);
	attrs[2] = PEOPLE_ONE(ADD, "cn", &named->name);
	attrs[3] = PEOPLE_ONE(ADD, "resourceKind", &kind);
	attrs[4] = PEOPLE_ONE(ADD, "mailboxOwner", &named->owner);
	attrs[5] = PEOPLE_ONE(ADD, "mailMailbox", &named->name);
	return ldap_conn_add(people->conn, people_entry_dn(people, &address),
	    attrs, NELEMS(attrs), err);
}

/* Addresses that go into a mailbox which is there no more. */
static int
drop_addresses(struct people *people, const struct named *named,
    struct err *err)
{
	struct ldap_entry *entry;
	size_t count;

	if (people_list(people, (struct str){ NULL, 0 }, "mailResource", &entry,
		&count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (ldap_entry_has(&entry[i], "mailboxOwner", named->owner) &&
		    str_eq(ldap_entry_value(&entry[i], "mailMailbox"),
			named->name) &&
		    ldap_conn_delete(people->conn,
			arena_cstr(people->arena, entry[i].dn), err) < 0)
			return -1;
	return 0;
}

static int
change_acl(struct store_edge *edge, const struct named *named,
    const char *identifier, const char *rights, struct store_acl_list *answer,
    struct err *err)
{
	struct store_acl_change req = { .op = STORE_ACL_SHOW,
		.user = named->owner,
		.name = named->name };
	struct str text = str_of(rights == NULL ? "" : rights);

	if (identifier != NULL) {
		req.op = STORE_ACL_SET;
		req.identifier = str_of(identifier);
		if (str_take(&text, '+'))
			req.mode = STORE_ACL_ADD;
		else if (str_take(&text, '-'))
			req.mode = STORE_ACL_REMOVE;
		if (!str_eqz(text, "none") &&
		    store_rights_parse(&req.rights, text, err) < 0)
			return -1;
	}
	return store_client_acl(edge->client, &req, edge->arena, answer, err);
}

static int
make(struct verb_call *call, struct store_edge *edge, const struct named *named,
    struct err *err)
{
	uint32_t mailbox = 0, uidvalidity = 0;
	struct store_acl_list list;

	if (store_client_create(edge->client, named->owner, named->name,
		STORE_USE_NONE, STORE_TYPE_MAIL, &mailbox, &uidvalidity,
		err) < 0)
		return -1;
	if (print_is_json(call->print)) {
		print_int(call->print, "id", mailbox);
		print_int(call->print, "uidvalidity", uidvalidity);
	}
	if (verb_option(call, "--post") == NULL)
		return 0;
	return change_acl(edge, named, "anyone", "+p", &list, err);
}

/* A mailbox that is shared: the domain is one of ours. */
static int
create_shared(struct people *people, struct verb_call *call, struct err *err)
{
	const char *post = verb_option(call, "--post");
	struct named named;
	struct store_edge edge;
	struct str domain;
	int ret;

	if (store_edge_open(&edge, call, STORE_EDGE_TIMEOUT, err) < 0)
		return -1;
	ret = take_named(call, &edge, call->args_len, &named, err);
	if (ret == 0)
		ret = people_domain(people, &domain,
		    shared_domain(people, named.owner), err);
	if (ret == 0)
		ret = people_need_domain(people, domain, err);
	/* The address first: it may be taken. Mail to it waits till then. */
	if (ret == 0 && post != NULL)
		ret = add_address(people, post, &named, err);
	if (ret == 0)
		ret = make(call, &edge, &named, err);
	if (ret < 0 && post != NULL && err->kind != ERR_EXISTS) {
		struct err ignored;

		(void)drop_addresses(people, &named, &ignored);
	}
	store_edge_close(&edge);
	return ret;
}

static bool
is_shared(const struct verb_call *call)
{
	return call->args_len == 1 || strchr(call->args[0], '@') == NULL;
}

static int
create(struct verb_call *call, struct err *err)
{
	struct named named;
	struct store_edge edge;
	int ret;

	if (is_shared(call))
		return people_run(call, create_shared, err);
	if (verb_option(call, "--post") != NULL)
		return verb_usage(call, err,
		    "only a domain's shared mailboxes have an address");
	if (store_edge_open(&edge, call, STORE_EDGE_TIMEOUT, err) < 0)
		return -1;
	ret = take_named(call, &edge, call->args_len, &named, err);
	if (ret == 0)
		ret = make(call, &edge, &named, err);
	store_edge_close(&edge);
	return ret;
}

static int
delete_shared(struct people *people, struct verb_call *call, struct err *err)
{
	struct named named;
	struct store_edge edge;
	int ret;

	if (store_edge_open(&edge, call, STORE_EDGE_TIMEOUT, err) < 0)
		return -1;
	ret = take_named(call, &edge, call->args_len, &named, err);
	if (ret == 0)
		ret = drop_addresses(people, &named, err);
	if (ret == 0)
		ret = store_client_delete(edge.client, named.owner, named.name,
		    err);
	store_edge_close(&edge);
	return ret;
}

static int delete (struct verb_call *call, struct err *err)
{
	struct store_edge edge;
	int ret;

	if (is_shared(call))
		return people_run(call, delete_shared, err);
	if (store_edge_open(&edge, call, STORE_EDGE_TIMEOUT, err) < 0)
		return -1;
	ret = store_client_delete(edge.client,
	    store_edge_user(&edge, call->args[0]), str_of(call->args[1]), err);
	store_edge_close(&edge);
	return ret;
}

static void
print_rights(struct print *p, const char *name, uint32_t rights)
{
	struct buf text;

	buf_init(&text, 0);
	store_rights_put(&text, rights);
	print_str(p, name, buf_str(&text));
	buf_clear(&text);
}

static int
acl(struct verb_call *call, struct err *err)
{
	size_t args = call->args_len;
	const struct store_acl_item *item;
	struct store_acl_list list;
	struct named named;
	struct store_edge edge;
	int ret;

	if (args == 3)
		return verb_usage(call, err,
		    "which rights? \"none\" takes them away");
	if (store_edge_open(&edge, call, STORE_EDGE_TIMEOUT, err) < 0)
		return -1;
	ret = take_named(call, &edge, 2, &named, err);
	if (ret == 0)
		ret = change_acl(&edge, &named, args > 2 ? call->args[2] : NULL,
		    args > 2 ? call->args[3] : NULL, &list, err);
	if (ret == 0) {
		item = list.items.items;
		print_open_list(call->print, "acl");
		for (size_t i = 0; i < list.items.count; i++) {
			print_open_record(call->print, NULL);
			print_str(call->print, "identifier",
			    item[i].identifier);
			print_rights(call->print, "rights", item[i].given);
			print_rights(call->print, "denied", item[i].denied);
			print_close(call->print);
		}
		print_close(call->print);
	}
	store_edge_close(&edge);
	return ret;
}

const struct verb share_verbs[] = {
	{ VERB_OPERATOR, "mailbox create", "[OWNER] NAME",
	    "--post ADDRESS --domain DOMAIN",
	    "make a mailbox of a user, or one that a domain shares",
	    .run = create },
	{ VERB_OPERATOR, "mailbox delete", "[OWNER] NAME", "--domain DOMAIN",
	    "delete a mailbox with its messages", .run = delete },
	{ VERB_OPERATOR, "mailbox acl", "OWNER NAME [IDENTIFIER] [RIGHTS]", "",
	    "show who may do what with a mailbox, or change it", .run = acl },
	{ .who = VERB_END },
};
