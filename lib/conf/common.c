#include "conf/common.h"

#include <string.h>
#include <sys/utsname.h>

#include "base/attr.h"

static const struct {
	const char *name, *value;
} common[] = {
	{ "mydomain", "localdomain" },
	{ "myhostname", "localhost.localdomain" },
	{ "myorigin", "$myhostname" },
	{ "mydestination", "$myhostname, localhost" },
	{ "mynetworks", "127.0.0.0/8 [::1]/128" },
	{ "inet_interfaces", "all" },
	{ "port_base", "0" },
	{ "system_users", "" },
	{ "operator_group", "" },
	{ "ldap_uri", "" },
	{ "mail_name", "Chancery" },
	{ "message_size_limit", "10240000" },
};

size_t
conf_common_len(void)
{
	return NELEMS(common);
}

const char *
conf_common_name(size_t i)
{
	return common[i].name;
}

const char *
conf_common_value(size_t i)
{
	return common[i].value;
}

/*
 * Postfix's rule: myhostname is the system's name; mydomain is what stands
 * behind its first dot.
 */
void
conf_common_defaults(struct main_cf *cf)
{
	const struct main_cf_entry *set = main_cf_find(cf, "myhostname");
	const char *host = set == NULL ? NULL : set->value;
	struct utsname uts;
	const char *dot;

	if (host == NULL && uname(&uts) == 0 &&
	    strchr(uts.nodename, '.') != NULL) {
		host = main_cf_keep(cf, uts.nodename);
		main_cf_default(cf, "myhostname", host);
	}
	if (host != NULL && strchr(host, '$') == NULL &&
	    (dot = strchr(host, '.')) != NULL && dot[1] != '\0')
		main_cf_default(cf, "mydomain", dot + 1);
	/* Behind what we found out: the first default counts. */
	for (size_t i = 0; i < NELEMS(common); i++)
		main_cf_default(cf, common[i].name, common[i].value);
}
