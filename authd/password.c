#include "authd/password.h"

#include <stdlib.h>
#include <string.h>

#include "auth/scram.h"
#include "authd/watch.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/list.h"
#include "dict/escape.h"
#include "dict/ldap_client.h"

enum {
	SEARCHES = 32,
	FILTER_MAX = 8192,
	DN_MAX = 8192,
	QUEUE_MS = 30000, /* a hash takes long, and all may come at once */
};

/* Its password is drawn at setup and shown to nobody. */
#define NOBODY "cn=nobody,ou=services,"

struct check {
	struct list link;
	struct password *password;
	char *secret;
	size_t secret_len;
	char *known; /* stamp with which it was right before, or "" */
	char *owner; /* NULL: nobody of that name may log in */
	char *stamp; /* of the entry now */
	int64_t not_before;
	struct str scram; /* borrowed, while the answer is looked at */
	bool looks;       /* no password is to be checked */
	struct facts facts;
	password_fn *fn;
	void *ctx;
};

struct password {
	const struct password_conf *conf;
	struct ldap_client *search;
	struct ldap_client *bind[PASSWORD_CONNECTIONS_MAX];
	int connections; /* in use; the setting may have changed since */
	struct list checks;
};

static const char *const attrs[] = { "mail", "mailboxOwner", "accountStatus",
	"associatedDomain", "entryCSN", "pwdChangedTime", "mailNotBefore",
	"memberOf", "mailQuotaSize", "mailQuotaCount", "mailScramSecret",
	NULL };

struct password *
password_new(struct event_base *base, const struct password_conf *conf)
{
	struct ldap_client_conf search = {
		.path = conf->directory.socket,
		.timeout_ms = conf->directory.timeout * 1000,
		.pipeline = SEARCHES,
		.external = true,
	}, bind = {
		.path = conf->directory.socket,
		.timeout_ms = conf->directory.timeout * 1000,
		.queue_ms = QUEUE_MS,
		.pipeline = 1, /* RFC 4511 section 4.2.1 */
	};
	struct password *password = xcalloc(1, sizeof(*password));

	password->conf = conf;
	list_init(&password->checks);
	password->search = ldap_client_new(base, &search);
	password->connections = conf->connections;
	for (int i = 0; i < password->connections; i++)
		password->bind[i] = ldap_client_new(base, &bind);
	return password;
}

static void
check_free(struct check *check)
{
	list_remove(&check->link);
	free_secret(check->secret, check->secret_len);
	free(check->known);
	free(check->owner);
	free(check->stamp);
	facts_clear(&check->facts);
	free(check);
}

void
password_free(struct password *password)
{
	if (password == NULL)
		return;
	ldap_client_free(password->search);
	for (int i = 0; i < password->connections; i++)
		ldap_client_free(password->bind[i]);
	while (!list_is_empty(&password->checks))
		check_free(
		    LIST_ITEM(password->checks.next, struct check, link));
	free(password);
}

static void
finish(struct check *check, enum password_result result, const struct err *err)
{
	struct password_owner owner = {
		str_of(check->owner),
		str_of(check->stamp),
		check->scram,
		check->not_before,
		&check->facts,
	};

	check->fn(check->ctx, result, result == PASSWORD_RIGHT ? &owner : NULL,
	    err);
	check_free(check);
}

static void
on_bind(void *ctx, const struct ldap_entry *entries, size_t count,
    const struct err *err)
{
	struct check *check = ctx;

	(void)entries;
	(void)count;
	if (err != NULL && err->kind != ERR_DENIED && err->kind != ERR_NOENT)
		finish(check, PASSWORD_TEMP, err);
	else if (err != NULL || check->owner == NULL)
		finish(check, PASSWORD_WRONG, NULL);
	else
		finish(check, PASSWORD_RIGHT, NULL);
}

/* The connection with the fewest that wait. */
static struct ldap_client *
choose(struct password *password)
{
	struct ldap_client *best = password->bind[0];

	for (int i = 1; i < password->connections; i++) {
		if (ldap_client_open(password->bind[i]) <
		    ldap_client_open(best))
			best = password->bind[i];
	}
	return best;
}

static bool
is_active(const struct ldap_entry *entry)
{
	struct str status = ldap_entry_value(entry, "accountStatus");

	return status.len == 0 || str_ieqz(status, "active");
}

static struct str
owner_of(const struct ldap_entry *user)
{
	struct str owner = ldap_entry_value(user, "mailboxOwner");

	return owner.len > 0 ? owner : ldap_entry_value(user, "mail");
}

/*
 * The one user of the answer who may log in, in a domain that is active. Who
 * has no name is nobody: many would share the mailboxes of "".
 */
static const struct ldap_entry *
pick_user(const struct ldap_entry *entries, size_t count,
    const struct ldap_entry **domain)
{
	const struct ldap_entry *user = NULL;

	for (size_t i = 0; i < count; i++) {
		if (!is_active(&entries[i]))
			return NULL;
		if (ldap_entry_attr(&entries[i], "associatedDomain") != NULL) {
			*domain = &entries[i];
			continue;
		}
		if (user != NULL)
			return NULL; /* two users of one name: neither */
		user = &entries[i];
	}
	return user != NULL && owner_of(user).len > 0 ? user : NULL;
}

static void
set_owner(struct check *check, const struct ldap_entry *user,
    const struct ldap_entry *domain)
{
	struct str owner = owner_of(user);

	check->owner = xstrndup(owner.p, owner.len);
	for (size_t i = 0; i < owner.len; i++)
		check->owner[i] = lower(check->owner[i]);
	owner = ldap_entry_value(user, "entryCSN");
	check->stamp = xstrndup(owner.p, owner.len);
	check->not_before = watch_not_before(user);
	facts_take(&check->facts, user, domain);
	check->scram = scram_valid(ldap_entry_value(user, "mailScramSecret"),
	    ldap_entry_value(user, "pwdChangedTime"));
}

static void
on_found(void *ctx, const struct ldap_entry *entries, size_t count,
    const struct err *err)
{
	struct check *check = ctx;
	const struct ldap_entry *user, *domain = NULL;
	struct buf dn;

	if (err != NULL) {
		finish(check, PASSWORD_TEMP, err);
		return;
	}
	user = pick_user(entries, count, &domain);
	if (user != NULL)
		set_owner(check, user, domain);
	if (check->looks) {
		finish(check, user != NULL ? PASSWORD_RIGHT : PASSWORD_WRONG,
		    NULL);
		return;
	}
	buf_init(&dn, DN_MAX);
	if (user != NULL) {
		if (check->known[0] != '\0' &&
		    strcmp(check->known, check->stamp) == 0) {
			finish(check, PASSWORD_RIGHT, NULL);
			return;
		}
		(void)buf_add_str(&dn, user->dn);
	} else {
		(void)buf_addz(&dn, NOBODY);
		(void)buf_addz(&dn, check->password->conf->directory.suffix);
	}
	ldap_client_bind(choose(check->password), buf_cstr(&dn),
	    str_make(check->secret, check->secret_len), on_bind, check);
	buf_clear(&dn);
}

static void
add_domain(struct buf *out, struct str user)
{
	ptrdiff_t at = str_rchr(user, '@');

	(void)buf_addz(out, "(&(objectClass=mailDomain)(associatedDomain=");
	(void)escape_filter(out, str_sub(user, (size_t)(at + 1), user.len));
	(void)buf_addz(out, "))");
}

/* The user by any of the own addresses, and the entry of the domain. */
static void
make_filter(struct buf *out, struct str user)
{
	/* "@domain" is no user, though it may be somebody's catch-all. */
	if (user.len == 0 || user.p[0] == '@') {
		(void)buf_addz(out, "(!(objectClass=*))");
		return;
	}
	(void)buf_addz(out, "(|(&(objectClass=mailUser)(|(mail=");
	(void)escape_filter(out, user);
	(void)buf_addz(out, ")(mailAlternateAddress=");
	(void)escape_filter(out, user);
	(void)buf_addz(out, ")))");
	add_domain(out, user);
	(void)buf_addc(out, ')');
}

/* The user whose mailboxes are owner's: the name or else the address. */
static void
make_owner_filter(struct buf *out, struct str owner)
{
	(void)buf_addz(out, "(|(&(objectClass=mailUser)(|(mailboxOwner=");
	(void)escape_filter(out, owner);
	(void)buf_addz(out, ")(&(mail=");
	(void)escape_filter(out, owner);
	(void)buf_addz(out, ")(!(mailboxOwner=*)))))");
	add_domain(out, owner);
	(void)buf_addc(out, ')');
}

static struct check *
new_check(struct password *password, password_fn *fn, void *ctx)
{
	struct check *check = xcalloc(1, sizeof(*check));

	check->password = password;
	check->fn = fn;
	check->ctx = ctx;
	facts_init(&check->facts);
	list_push(&password->checks, &check->link);
	return check;
}

static void
search(struct check *check, struct buf *filter)
{
	struct password *password = check->password;

	ldap_client_search(password->search, password->conf->directory.suffix,
	    buf_cstr(filter), attrs, on_found, check);
	buf_clear(filter);
}

void
password_check(struct password *password, struct str user, struct str secret,
    struct str stamp, password_fn *fn, void *ctx)
{
	struct check *check = new_check(password, fn, ctx);
	struct buf filter;

	check->secret = xstrndup(secret.p, secret.len);
	check->secret_len = secret.len;
	check->known = xstrndup(stamp.p, stamp.len);
	buf_init(&filter, FILTER_MAX);
	make_filter(&filter, user);
	search(check, &filter);
}

void
password_find(struct password *password, struct str user, password_fn *fn,
    void *ctx)
{
	struct check *check = new_check(password, fn, ctx);
	struct buf filter;

	check->looks = true;
	buf_init(&filter, FILTER_MAX);
	make_filter(&filter, user);
	search(check, &filter);
}

void
password_look(struct password *password, struct str owner, password_fn *fn,
    void *ctx)
{
	struct check *check = new_check(password, fn, ctx);
	struct buf filter;

	check->looks = true;
	buf_init(&filter, FILTER_MAX);
	make_owner_filter(&filter, owner);
	search(check, &filter);
}

void
password_certificate(struct password *password, struct str certificate,
    password_fn *fn, void *ctx)
{
	struct check *check = new_check(password, fn, ctx);
	struct str mail = certificate, fingerprint;
	struct buf filter;

	check->looks = true;
	(void)str_split(&mail, ' ', &fingerprint);
	buf_init(&filter, FILTER_MAX);
	(void)buf_addz(&filter, "(&(objectClass=mailUser)(|(mailCertificate=");
	(void)escape_filter(&filter, fingerprint);
	(void)buf_addc(&filter, ')');
	if (mail.len > 0) {
		(void)buf_addz(&filter, "(mail=");
		(void)escape_filter(&filter, mail);
		(void)buf_addz(&filter, ")(mailAlternateAddress=");
		(void)escape_filter(&filter, mail);
		(void)buf_addc(&filter, ')');
	}
	(void)buf_addz(&filter, "))");
	search(check, &filter);
}
