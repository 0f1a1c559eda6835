/* What the directory says of a user, as it goes into a ticket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "authd/facts.h"
#include "base/attr.h"

static void
groups_have_the_first_name_of_their_dn(void **state)
{
	static const struct {
		const char *dn, *name;
	} cases[] = {
		{ "mail=sales@a.test,associatedDomain=a.test,o=x",
		    "sales@a.test" },
		{ "cn=Sales,ou=groups,o=x", "sales@b.test" },
		{ "cn=Sales", "sales@b.test" },
		{ "cn=a\\,b\\2Bc,o=x", "a,b+c@b.test" },
		{ "cn=a+uid=b,o=x", "a@b.test" },
		{ "cn=\\c3\\a4,o=x", "\xc3\xa4@b.test" },
		{ "cn=,o=x", NULL },
		{ "", NULL },
		{ "nothing", NULL },
		{ "cn=a\\0ab,o=x", NULL },
		{ "cn=a\\00b,o=x", NULL },
		{ "cn=\\ff,o=x", NULL },
		{ "cn=a\\", "a\\@b.test" },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct buf out;
		int ret;

		buf_init(&out, 0);
		(void)buf_addz(&out, "before\n");
		ret =
		    facts_group_name(&out, str_of(cases[i].dn), STR("b.test"));
		assert_int_equal(ret, cases[i].name == NULL ? -1 : 0);
		assert_true(str_starts(buf_str(&out), STR("before\n")));
		assert_true(str_eqz(str_sub(buf_str(&out), 7, out.len),
		    cases[i].name == NULL ? "" : cases[i].name));
		buf_clear(&out);
	}
}

static void
quotas_are_the_users_or_else_the_domains(void **state)
{
	struct str ten[] = { STR("10") }, twenty[] = { STR("20") };
	struct str mail[] = { STR("ada@a.test") };
	struct str groups[] = { STR("cn=x,o=y"), STR("mail=z@q.test,o=y") };
	struct ldap_attr of_user[] = {
		{ STR("mail"), mail, 1 },
		{ STR("memberOf"), groups, 2 },
		{ STR("mailQuotaSize"), ten, 1 },
	};
	struct ldap_attr of_domain[] = {
		{ STR("mailQuotaSize"), twenty, 1 },
		{ STR("mailQuotaCount"), twenty, 1 },
	};
	struct ldap_entry user = { STR("u"), of_user, 3 };
	struct ldap_entry domain = { STR("d"), of_domain, 2 };
	struct ticket_group group[TICKET_GROUPS_MAX];
	struct ipc_list list;
	struct facts facts, copy;

	(void)state;
	facts_init(&facts);
	facts_take(&facts, &user, &domain);
	facts_copy(&copy, &facts);
	assert_int_equal(copy.quota, 10);
	assert_int_equal(copy.quota_messages, 20);
	facts_groups(&copy, group, &list);
	assert_int_equal(list.count, 2);
	assert_true(str_eqz(group[0].name, "x@a.test"));
	assert_true(str_eqz(group[1].name, "z@q.test"));
	user.count = 1;
	facts_take(&facts, &user, NULL);
	assert_int_equal(facts.quota, 0);
	facts_groups(&facts, group, &list);
	assert_int_equal(list.count, 0);
	facts_clear(&facts);
	facts_clear(&copy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_have_the_first_name_of_their_dn),
		cmocka_unit_test(quotas_are_the_users_or_else_the_domains),
	};

	return cmocka_run_group_tests_name("authd/facts", tests, NULL, NULL);
}
