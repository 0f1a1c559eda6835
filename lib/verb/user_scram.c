#include "verb/user_scram.h"

#include "auth/scram.h"

static int
changed_time(struct people *people, const char *dn, struct str *out,
    struct err *err)
{
	static const char *const attrs[] = { "pwdChangedTime", NULL };
	struct ldap_entry *entry;
	size_t count;

	if (ldap_conn_search(people->conn, dn, LDAP_CONN_BASE,
		"(objectClass=*)", attrs, people->arena, &entry, &count,
		err) < 0)
		return -1;
	if (count == 0)
		return err_set(err, ERR_NOENT, "%s is gone", dn);
	*out = ldap_entry_value(&entry[0], "pwdChangedTime");
	return 0;
}

int
user_scram_set(struct people *people, const char *dn, struct str password,
    struct err *err)
{
	struct ldap_change change = { LDAP_CHANGE_SET, "mailScramSecret", NULL,
		0 };
	struct str changed, value;
	struct buf secret;
	int ret;

	if (changed_time(people, dn, &changed, err) < 0)
		return -1;
	buf_init_secret(&secret, SCRAM_SECRET_MAX);
	ret = scram_secret(&secret, password, err);
	if (ret == 0) {
		if (changed.len > 0)
			(void)buf_addf(&secret, " %" STR_F, STR_A(changed));
		value = buf_str(&secret);
		change.values = &value;
		change.count = 1;
	}
	if (ret == 0 || err->kind == ERR_SYNTAX)
		ret = ldap_conn_modify(people->conn, dn, &change, 1, err);
	buf_clear(&secret);
	return ret;
}
