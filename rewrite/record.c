#include "rewrite/record.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/log.h"
#include "ipc/rewrite_msg.h"
#include "rewrite/address.h"

enum { RECORD_MAX = 1 << 20 }; /* bytes of one */

const char *const record_attrs[] = {
	"objectClass",
	"mail",
	"mailAlternateAddress",
	"mailForwardingAddress",
	"mailForwardOnly",
	"mailMember",
	"mailSenderAddress",
	"mailboxOwner",
	"mailPartition",
	"mailQuotaSize",
	"mailQuotaCount",
	"mailMailbox",
	"accountStatus",
	"mailAdministrator",
	"mailTransport",
	"mailNextHop",
	NULL,
};

static struct record *
record_new(enum record_kind kind)
{
	struct record *record = xcalloc(1, sizeof(*record));

	record->refs = 1;
	record->kind = kind;
	record->arena = arena_new(RECORD_MAX);
	return record;
}

struct record *
record_ref(struct record *record)
{
	record->refs++;
	return record;
}

void
record_unref(struct record *record)
{
	if (record == NULL || --record->refs > 0)
		return;
	arena_free(record->arena);
	free(record);
}

bool
record_strs_have(const struct record_strs *strs, struct str s)
{
	for (size_t i = 0; i < strs->count; i++) {
		if (str_ieq(strs->item[i], s))
			return true;
	}
	return false;
}

/* false when the record is full, or the value longer than our answers take. */
static bool
take_one(struct record *record, struct str *out, const struct ldap_entry *entry,
    const char *name, size_t max)
{
	struct str value = ldap_entry_value(entry, name);

	*out = address_lower(value, record->arena);
	return out->p != NULL && out->len <= max;
}

static bool
take_all(struct record *record, struct record_strs *out,
    const struct ldap_entry *entry, const char *name)
{
	const struct ldap_attr *attr = ldap_entry_attr(entry, name);

	if (attr == NULL || attr->count == 0)
		return true;
	out->item =
	    arena_calloc(record->arena, attr->count, sizeof(struct str));
	if (out->item == NULL)
		return false;
	for (size_t i = 0; i < attr->count; i++) {
		out->item[i] = address_lower(attr->values[i], record->arena);
		if (out->item[i].p == NULL)
			return false;
		out->count++;
	}
	return true;
}

static enum record_status
status_of(const struct ldap_entry *entry)
{
	struct str status = ldap_entry_value(entry, "accountStatus");

	if (str_ieqz(status, "nologin"))
		return RECORD_NOLOGIN;
	if (status.len == 0 || str_ieqz(status, "active"))
		return RECORD_ACTIVE;
	return RECORD_DISABLED; /* any word we do not know, too */
}

static bool
is_deleted(const struct ldap_entry *entry)
{
	return str_ieqz(ldap_entry_value(entry, "accountStatus"), "deleted");
}

static bool
fill(struct record *record, const struct ldap_entry *entry)
{
	struct str quota = ldap_entry_value(entry, "mailQuotaSize");

	record->status = status_of(entry);
	record->mailbox =
	    arena_str(record->arena, ldap_entry_value(entry, "mailMailbox"));
	if (record->mailbox.p == NULL ||
	    record->mailbox.len > REWRITE_MAILBOX_MAX)
		return false;
	record->has_count = ldap_entry_attr(entry, "mailQuotaCount") != NULL;
	record->count = ldap_entry_number(entry, "mailQuotaCount", 0);
	record->has_quota = quota.len > 0;
	record->quota = ldap_entry_number(entry, "mailQuotaSize", 0);
	record->forward_only =
	    ldap_entry_has(entry, "mailForwardOnly", STR("TRUE"));
	return take_one(record, &record->mail, entry, "mail",
		   REWRITE_ADDRESS_MAX) &&
	    take_one(record, &record->owner, entry, "mailboxOwner",
		REWRITE_ADDRESS_MAX) &&
	    take_one(record, &record->partition, entry, "mailPartition",
		REWRITE_NAME_MAX) &&
	    take_one(record, &record->transport, entry, "mailTransport",
		REWRITE_NAME_MAX) &&
	    take_one(record, &record->nexthop, entry, "mailNextHop",
		REWRITE_ADDRESS_MAX) &&
	    take_all(record, &record->alternates, entry,
		"mailAlternateAddress") &&
	    take_all(record, &record->senders, entry, "mailSenderAddress") &&
	    take_all(record, &record->admins, entry, "mailAdministrator");
}

static struct record *
finish(struct record *record, bool fits)
{
	if (fits)
		return record;
	record_unref(record);
	return NULL;
}

static const struct ldap_entry *
choose(const struct ldap_entry *entries, size_t count, struct str address)
{
	const struct ldap_entry *best = NULL;
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		if (is_deleted(&entries[i]))
			continue;
		found++;
		if (best == NULL ||
		    ldap_entry_has(&entries[i], "mail", address))
			best = &entries[i];
	}
	if (found > 1) {
		char name[400];

		log_warn("directory: %zu entries have the address %s", found,
		    log_escape(name, sizeof(name), address));
	}
	return best;
}

struct record *
record_of_address(const struct ldap_entry *entries, size_t count,
    struct str address)
{
	const struct ldap_entry *entry = choose(entries, count, address);
	struct record *record;
	bool is_user, is_list, fits;

	if (entry == NULL)
		return record_new(RECORD_NONE);
	is_user = ldap_entry_has(entry, "objectClass", STR("mailUser")) ||
	    ldap_entry_has(entry, "objectClass", STR("mailResource"));
	is_list = ldap_entry_has(entry, "objectClass", STR("mailList"));
	record = record_new(is_user ? RECORD_USER : RECORD_ALIAS);
	fits = fill(record, entry) &&
	    take_all(record, &record->forwards, entry,
		is_list ? "mailMember" : "mailForwardingAddress");
	if (record->owner.len == 0)
		record->owner = record->mail;
	return finish(record, fits);
}

static struct record *
record_of_one(enum record_kind kind, const struct ldap_entry *entries,
    size_t count)
{
	struct record *record;

	if (count == 0 || is_deleted(&entries[0]))
		return record_new(RECORD_NONE);
	record = record_new(kind);
	return finish(record, fill(record, &entries[0]));
}

struct record *
record_of_domain(const struct ldap_entry *entries, size_t count)
{
	return record_of_one(RECORD_DOMAIN, entries, count);
}

struct record *
record_of_site(const struct ldap_entry *entries, size_t count)
{
	return record_of_one(RECORD_SITE, entries, count);
}
