#include "authd/facts.h"

#include "base/hex.h"
#include "base/time.h"
#include "base/utf8.h"

void
facts_init(struct facts *facts)
{
	*facts = (struct facts){ .quota = 0 };
	buf_init(&facts->groups, 0);
}

void
facts_clear(struct facts *facts)
{
	buf_clear(&facts->groups);
}

void
facts_copy(struct facts *to, const struct facts *from)
{
	facts_init(to);
	(void)buf_add_str(&to->groups, buf_str(&from->groups));
	to->quota = from->quota;
	to->quota_messages = from->quota_messages;
}

/* One byte of a value in a DN (RFC 4514 section 2.4); false: it ends here. */
static bool
take_byte(struct str *in, char *out)
{
	unsigned char byte;

	if (in->len == 0 || in->p[0] == ',' || in->p[0] == '+')
		return false;
	*out = in->p[0];
	str_skip(in, 1);
	if (*out != '\\' || in->len == 0)
		return true;
	if (in->len >= 2 && hex_decode(&byte, 1, str_sub(*in, 0, 2)) == 0) {
		*out = (char)byte;
		str_skip(in, 2);
	} else {
		*out = in->p[0];
		str_skip(in, 1);
	}
	return true;
}

int
facts_group_name(struct buf *out, struct str dn, struct str domain)
{
	ptrdiff_t at = str_chr(dn, '=');
	size_t begun = out->len;
	struct str name;
	char c;

	if (at < 0)
		return -1;
	str_skip(&dn, (size_t)at + 1);
	while (take_byte(&dn, &c))
		(void)buf_addc(out, lower(c));
	name = str_sub(buf_str(out), begun, out->len);
	if (name.len > 0 && str_chr(name, '@') < 0) {
		(void)buf_addc(out, '@');
		(void)buf_add_str(out, domain);
	}
	name = str_sub(buf_str(out), begun, out->len);
	if (name.len == 0 || name.len > TICKET_NAME_MAX ||
	    !utf8_is_valid(name) || str_chr(name, '\n') >= 0 ||
	    str_chr(name, '\0') >= 0) {
		buf_truncate(out, begun);
		return -1;
	}
	return 0;
}

static uint64_t
number_of(const struct ldap_entry *user, const struct ldap_entry *domain,
    const char *name)
{
	if (ldap_entry_attr(user, name) == NULL && domain != NULL)
		user = domain;
	return ldap_entry_number(user, name, 0);
}

void
facts_take(struct facts *facts, const struct ldap_entry *user,
    const struct ldap_entry *domain)
{
	const struct ldap_attr *groups = ldap_entry_attr(user, "memberOf");
	struct str mail = ldap_entry_value(user, "mail");
	struct str own =
	    str_sub(mail, (size_t)(str_rchr(mail, '@') + 1), mail.len);

	buf_reset(&facts->groups);
	for (size_t i = 0; groups != NULL && i < groups->count; i++)
		if (facts_group_name(&facts->groups, groups->values[i], own) ==
		    0)
			(void)buf_addc(&facts->groups, '\n');
	facts->quota = number_of(user, domain, "mailQuotaSize");
	facts->quota_messages = number_of(user, domain, "mailQuotaCount");
}

void
facts_groups(const struct facts *facts, struct ticket_group *group,
    struct ipc_list *out)
{
	struct str rest = buf_str(&facts->groups), name;

	*out = (struct ipc_list){ group, 0 };
	while (out->count < TICKET_GROUPS_MAX && rest.len > 0 &&
	    str_split(&rest, '\n', &name))
		group[out->count++].name = name;
}

int
facts_sign(const struct facts *facts, struct ticket *ticket, int64_t lifetime,
    const struct ticket_signer *signer, struct buf *out, struct err *err)
{
	struct ticket_group group[TICKET_GROUPS_MAX];
	int64_t now = time_real() / TIME_SECOND;

	/* times are whole seconds, and one may log in in that of a kick */
	if (ticket->issued < now)
		ticket->issued = now;
	ticket->expires = now + lifetime;
	ticket->quota = facts->quota;
	ticket->quota_messages = facts->quota_messages;
	facts_groups(facts, group, &ticket->groups);
	return ticket_sign(out, signer, ticket, err);
}
