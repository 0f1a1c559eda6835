#include "store/acl.h"

#include "store/rights.h"
#include "store/wire.h"

enum { ACL_VERSION = 1 };

static void
take_entry(struct store_acl_entry *entry, struct wire *wire)
{
	entry->identity = wire_str(wire);
	entry->given = wire_u16(wire);
	entry->denied = wire_u16(wire);
	if (entry->identity.len == 0 ||
	    entry->identity.len > STORE_IDENTITY_MAX ||
	    (entry->given | entry->denied) == 0 ||
	    (entry->given | entry->denied) & ~STORE_RIGHTS_ALL)
		wire->bad = true;
}

int
store_acl_decode(struct store_acl *acl, struct str row, struct str owner,
    struct err *err)
{
	struct wire wire = wire_of(row);

	acl->count = 0;
	if (row.len == 0) {
		if (!store_who_is_shared(owner))
			acl->entry[acl->count++] =
			    (struct store_acl_entry){ owner, STORE_RIGHTS_ALL,
				    0 };
		return 0;
	}
	if (wire_u8(&wire) != ACL_VERSION)
		wire.bad = true;
	while (!wire.bad && wire.in.len > 0 && acl->count < STORE_ACL_MAX) {
		struct store_acl_entry *entry = &acl->entry[acl->count++];

		take_entry(entry, &wire);
		if (acl->count > 1 &&
		    str_cmp(entry[-1].identity, entry->identity) >= 0)
			wire.bad = true;
	}
	if (wire_is_done(&wire))
		return 0;
	acl->count = 0;
	return err_set(err, ERR_CORRUPT, "list of rights is damaged");
}

void
store_acl_encode(struct buf *out, const struct store_acl *acl)
{
	buf_reset(out);
	(void)buf_add_u8(out, ACL_VERSION);
	for (size_t i = 0; i < acl->count; i++) {
		wire_put_str(out, acl->entry[i].identity);
		(void)buf_add_u16(out, acl->entry[i].given);
		(void)buf_add_u16(out, acl->entry[i].denied);
	}
}

/* Where identity stands, or would. */
static size_t
find(const struct store_acl *acl, struct str identity)
{
	size_t at = 0;

	while (
	    at < acl->count && str_cmp(acl->entry[at].identity, identity) < 0)
		at++;
	return at;
}

const struct store_acl_entry *
store_acl_find(const struct store_acl *acl, struct str identity)
{
	size_t at = find(acl, identity);

	if (at == acl->count || !str_eq(acl->entry[at].identity, identity))
		return NULL;
	return &acl->entry[at];
}

int
store_acl_set(struct store_acl *acl, const struct store_acl_entry *entry,
    struct err *err)
{
	struct store_acl_entry *at = &acl->entry[find(acl, entry->identity)];
	size_t left = (size_t)(&acl->entry[acl->count] - at);
	bool found = left > 0 && str_eq(at->identity, entry->identity);
	size_t bytes = 1;

	if ((entry->given | entry->denied) == 0) {
		if (found) {
			memmove(at, at + 1, (left - 1) * sizeof(*at));
			acl->count--;
		}
		return 0;
	}
	for (size_t i = 0; i < acl->count; i++)
		bytes += acl->entry[i].identity.len + 6;
	if (!found &&
	    (acl->count == STORE_ACL_MAX ||
		bytes + entry->identity.len + 6 > STORE_ACL_BYTES))
		return err_set(err, ERR_LIMIT, "list of rights is full");
	if (!found) {
		memmove(at + 1, at, left * sizeof(*at));
		acl->count++;
	}
	*at = *entry;
	return 0;
}

uint32_t
store_acl_rights(struct str row, const struct store_who *who)
{
	struct wire wire = wire_of(row);
	struct store_acl_entry entry;
	uint32_t given = 0, denied = 0;

	if (wire_u8(&wire) != ACL_VERSION)
		return 0;
	while (!wire.bad && wire.in.len > 0) {
		take_entry(&entry, &wire);
		for (size_t i = 0; !wire.bad && i < who->identities; i++) {
			if (!str_eq(entry.identity, who->identity[i]))
				continue;
			given |= entry.given;
			denied |= entry.denied;
		}
	}
	return wire.bad ? 0 : given & ~denied;
}

static struct str
lower_copy(struct arena *arena, struct str text)
{
	char *copy = arena_cstr(arena, text);

	for (size_t i = 0; copy != NULL && i < text.len; i++)
		copy[i] = lower(copy[i]);
	return str_make(copy, copy == NULL ? 0 : text.len);
}

int
store_identity_parse(struct str *identity, bool *denied, struct str text,
    struct str owner, struct arena *arena, struct err *err)
{
	struct str domain = store_who_domain(owner), name;
	const char *group = "", *whole;

	*denied = str_take(&text, '-');
	if (!store_user_name_is_valid(text))
		return err_set(err, ERR_SYNTAX, "not an identifier");
	name = lower_copy(arena, text);
	if (str_eq(name, STR("anyone"))) {
		*identity = arena_str(arena, domain);
		return 0;
	}
	if (str_take(&name, '$') || str_take_str(&name, STR("group:")))
		group = "group:";
	if (name.len == 0 || str_eq(name, STR("@")))
		return err_set(err, ERR_SYNTAX, "not an identifier");
	if (str_chr(name, '@') >= 0)
		domain = STR("");
	whole = arena_printf(arena, "%s%" STR_F "%" STR_F, group, STR_A(name),
	    STR_A(domain));
	if (whole == NULL || strlen(whole) > STORE_IDENTITY_MAX)
		return err_set(err, ERR_SYNTAX, "identifier is too long");
	*identity = str_of(whole);
	return 0;
}

struct str
store_identity_shown(struct str identity, struct str owner)
{
	return str_eq(identity, store_who_domain(owner)) ? STR("anyone") :
							   identity;
}
