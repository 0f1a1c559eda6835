#include "verb/people.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "dict/escape.h"

enum {
	PEOPLE_TIMEOUT = 20000, /* ms: an argon2 hash is made meanwhile */
	LOCAL_MAX = 64,         /* RFC 5321 section 4.5.3.1.1 */
	DOMAIN_MAX = 253,
	LABEL_MAX = 63,
	FILTER_MAX = 4096,
};

static const char *
suffix_of(struct verb_call *call, struct err *err)
{
	struct main_cf *cf = verb_main_cf(call, err);

	if (cf == NULL)
		return NULL;
	if (main_cf_find(cf, "directory_suffix") == NULL)
		return "o=chancery";
	return main_cf_get(cf, "directory_suffix", err);
}

/*
 * Straight to the socket, as root or as the owner of the instance; others who
 * may operate it cannot reach that and go by way of master.
 */
static struct ldap_conn *
connect_directory(struct verb_call *call, struct err *err)
{
	struct ldap_conn *conn;
	char path[64];
	int fd;

	/* By way of the descriptor, whatever the length of DIR. */
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/run/ctl/ldapi",
	    call->env->dirfd);
	conn = ldap_conn_open(path, PEOPLE_TIMEOUT, err);
	if (conn != NULL)
		return conn;
	fd = verb_connect(call, "directory", err);
	return fd < 0 ? NULL : ldap_conn_open_fd(fd, PEOPLE_TIMEOUT, err);
}

static int
open_people(struct people *people, struct verb_call *call, struct err *err)
{
	*people = (struct people){ .arena = NULL };
	if (call->env->dirfd < 0)
		return err_set(err, ERR_NOENT, "%s: no such instance",
		    call->env->dir);
	people->suffix = suffix_of(call, err);
	if (people->suffix == NULL)
		return -1;
	people->conn = connect_directory(call, err);
	if (people->conn == NULL)
		return err_prefix(err, "directory");
	people->arena = arena_new(0);
	return 0;
}

int
people_run(struct verb_call *call, people_fn *fn, struct err *err)
{
	struct people people;
	int ret;

	if (open_people(&people, call, err) < 0)
		return -1;
	ret = fn(&people, call, err);
	ldap_conn_close(people.conn);
	arena_free(people.arena);
	return ret;
}

int
people_verb(struct verb_call *call, struct err *err)
{
	return people_run(call, call->verb->people, err);
}

static struct str
lower_copy(struct people *people, struct str s)
{
	char *copy = arena_cstr(people->arena, s);

	for (size_t i = 0; i < s.len; i++)
		copy[i] = lower(copy[i]);
	return str_make(copy, s.len);
}

static bool
is_label(struct str label)
{
	if (label.len == 0 || label.len > LABEL_MAX || label.p[0] == '-' ||
	    label.p[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++) {
		char c = label.p[i];

		/* U-labels (RFC 5890) are UTF-8; the whole was checked. */
		if (!is_alpha(c) && !is_digit(c) && c != '-' &&
		    (unsigned char)c < 0x80)
			return false;
	}
	return true;
}

static bool
is_domain(struct str domain)
{
	struct str label;

	if (domain.len == 0 || domain.len > DOMAIN_MAX ||
	    !utf8_is_valid(domain))
		return false;
	while (str_split(&domain, '.', &label)) {
		if (!is_label(label))
			return false;
	}
	return true;
}

/* Dot-string of RFC 5321 section 4.1.2, with UTF-8 (RFC 6531). */
static bool
is_local(struct str local)
{
	static const char specials[] = "!#$%&'*+-/=?^_`{|}~.";

	if (local.len == 0 || local.len > LOCAL_MAX || !utf8_is_valid(local) ||
	    local.p[0] == '.' || local.p[local.len - 1] == '.' ||
	    str_find(local, STR("..")) >= 0)
		return false;
	for (size_t i = 0; i < local.len; i++) {
		char c = local.p[i];

		if (!is_alpha(c) && !is_digit(c) && (unsigned char)c < 0x80 &&
		    strchr(specials, c) == NULL)
			return false;
	}
	return true;
}

int
people_domain(struct people *people, struct str *out, const char *text,
    struct err *err)
{
	if (!is_domain(str_of(text)))
		return err_set(err, ERR_SYNTAX, "\"%.100s\" is no domain",
		    text);
	*out = lower_copy(people, str_of(text));
	return 0;
}

int
people_address(struct people *people, struct people_address *out,
    const char *text, bool may_be_catchall, struct err *err)
{
	struct str whole = lower_copy(people, str_of(text));
	ptrdiff_t at = str_rchr(whole, '@');

	if (at < 0)
		return err_set(err, ERR_SYNTAX,
		    "\"%.100s\" is no address: no domain", text);
	out->whole = whole;
	out->local = str_sub(whole, 0, (size_t)at);
	out->domain = str_sub(whole, (size_t)at + 1, whole.len);
	if (!is_domain(out->domain) ||
	    (!is_local(out->local) &&
		!(may_be_catchall && out->local.len == 0)))
		return err_set(err, ERR_SYNTAX, "\"%.100s\" is no address",
		    text);
	return 0;
}

char *
people_domain_dn(struct people *people, struct str domain)
{
	struct buf dn;
	char *copy;

	buf_init(&dn, 0);
	(void)buf_addz(&dn, "associatedDomain=");
	(void)escape_dn(&dn, domain);
	(void)buf_addf(&dn, ",ou=domains,%s", people->suffix);
	copy = arena_cstr(people->arena, buf_str(&dn));
	buf_clear(&dn);
	return copy;
}

char *
people_entry_dn(struct people *people, const struct people_address *address)
{
	char *domain = people_domain_dn(people, address->domain);
	struct buf dn;
	char *copy;

	buf_init(&dn, 0);
	(void)buf_addz(&dn, "mail=");
	(void)escape_dn(&dn, address->whole);
	(void)buf_addf(&dn, ",%s", domain);
	copy = arena_cstr(people->arena, buf_str(&dn));
	buf_clear(&dn);
	return copy;
}

/* Search with a filter of two fixed pieces around an escaped value. */
static int
search(struct people *people, const char *base, const char *before,
    struct str value, const char *between, const char *after,
    struct ldap_entry **entries, size_t *count, struct err *err)
{
	struct buf filter;
	int ret;

	buf_init(&filter, FILTER_MAX);
	(void)buf_addz(&filter, before);
	(void)escape_filter(&filter, value);
	if (between != NULL) {
		(void)buf_addz(&filter, between);
		(void)escape_filter(&filter, value);
	}
	(void)buf_addz(&filter, after);
	if (filter.full)
		ret = err_set(err, ERR_LIMIT, "name too long");
	else
		ret = ldap_conn_search(people->conn, base, LDAP_CONN_SUB,
		    buf_cstr(&filter), NULL, people->arena, entries, count,
		    err);
	buf_clear(&filter);
	return ret;
}

int
people_need_domain(struct people *people, struct str domain, struct err *err)
{
	struct ldap_entry *entries;
	size_t count;

	if (search(people, people->suffix,
		"(&(objectClass=mailDomain)"
		"(associatedDomain=",
		domain, NULL, "))", &entries, &count, err) < 0)
		return -1;
	if (count == 0)
		return err_set(err, ERR_NOENT,
		    "%" STR_F " is not a domain of ours (\"domain add\" makes "
		    "it one)",
		    STR_A(domain));
	return 0;
}

/* Whoever has this address, as main or further one; NULL in *out: nobody. */
static int
find(struct people *people, struct str address, struct ldap_entry **out,
    struct err *err)
{
	struct ldap_entry *entries;
	size_t count;

	if (search(people, people->suffix, "(|(mail=", address,
		")(mailAlternateAddress=", "))", &entries, &count, err) < 0)
		return -1;
	*out = count == 0 ? NULL : &entries[0];
	return 0;
}

int
people_need_free(struct people *people, struct str address, struct err *err)
{
	struct ldap_entry *taken;

	if (find(people, address, &taken, err) < 0)
		return -1;
	if (taken != NULL)
		return err_set(err, ERR_EXISTS,
		    "%" STR_F " exists already (%" STR_F ")", STR_A(address),
		    STR_A(taken->dn));
	return 0;
}

int
people_need(struct people *people, const struct people_address *address,
    const char *class, const char *what, struct ldap_entry **out,
    struct err *err)
{
	struct ldap_entry *entries;
	size_t count;

	if (search(people, people->suffix, "(mail=", address->whole, NULL, ")",
		&entries, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (ldap_entry_has(&entries[i], "objectClass", str_of(class))) {
			*out = &entries[i];
			return 0;
		}
	}
	return err_set(err, ERR_NOENT, "%" STR_F ": no such %s",
	    STR_A(address->whole), what);
}

struct str
people_dn_address(struct people *people, struct str dn)
{
	struct str address = dn;
	struct ldap_entry *entry;
	size_t count;
	struct err err;

	if (!str_itake_str(&address, STR("mail=")))
		return dn;
	if (ldap_conn_search(people->conn, arena_cstr(people->arena, dn),
		LDAP_CONN_BASE, "(objectClass=*)", NULL, people->arena, &entry,
		&count, &err) < 0 ||
	    count == 0)
		return dn;
	return ldap_entry_value(entry, "mail");
}

int
people_list(struct people *people, struct str domain, const char *class,
    struct ldap_entry **entries, size_t *count, struct err *err)
{
	const char *base = domain.p == NULL ? people->suffix :
					      people_domain_dn(people, domain);

	if (class == NULL)
		return ldap_conn_search(people->conn, base, LDAP_CONN_SUB,
		    "(objectClass=*)", NULL, people->arena, entries, count,
		    err);
	return search(people, base, "(objectClass=", str_of(class), NULL, ")",
	    entries, count, err);
}

int
people_listed(struct people *people, struct verb_call *call, const char *class,
    struct ldap_entry **entries, size_t *count, struct err *err)
{
	struct str domain = { NULL, 0 };

	if (call->args_len > 0 &&
	    (people_domain(people, &domain, call->args[0], err) < 0 ||
		people_need_domain(people, domain, err) < 0))
		return -1;
	return people_list(people, domain, class, entries, count, err);
}

int
people_targets(struct people *people, struct verb_call *call, size_t max,
    struct str *out, size_t *count, struct err *err)
{
	struct people_address address;

	*count = 0;
	if (call->args_len - 1 > max)
		return err_set(err, ERR_LIMIT, "more than %zu targets", max);
	for (size_t i = 1; i < call->args_len; i++) {
		if (people_address(people, &address, call->args[i], false,
			err) < 0)
			return -1;
		out[(*count)++] = address.whole;
	}
	return 0;
}

void
people_print(struct print *print, const char *name,
    const struct ldap_entry *entry, const char *attr)
{
	const struct ldap_attr *found = ldap_entry_attr(entry, attr);

	print_open_list(print, name);
	for (size_t i = 0; found != NULL && i < found->count; i++)
		print_str(print, NULL, found->values[i]);
	print_close(print);
}
