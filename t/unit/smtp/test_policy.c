#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/attr.h"
#include "smtp/policy.h"

static void
reads_levels_and_matches(void **state)
{
	static const struct {
		const char *text;
		int level;
		const char *match;
	} cases[] = {
		{ "none", SMTP_TLS_NONE, "" },
		{ " May ", SMTP_TLS_MAY, "" },
		{ "encrypt", SMTP_TLS_ENCRYPT, "" },
		{ "verify match=a.b", SMTP_TLS_VERIFY, " a.b" },
		{ "secure  match=a:.b match=nexthop", SMTP_TLS_SECURE,
		    " a:.b nexthop" },
		{ "", -1, "" },
		{ "dane", -1, "" },
		{ "may protocols=x", -1, "" },
		{ "may match=", -1, "" },
		{ "mayhem", -1, "" },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct tls_policy policy;
		struct err err;
		int ret = policy_parse(&policy, str_of(cases[i].text), &err);

		assert_int_equal(ret, cases[i].level < 0 ? -1 : 0);
		if (ret < 0)
			continue;
		assert_int_equal(policy.level, cases[i].level);
		assert_string_equal(policy.match, cases[i].match);
	}
}

/* The level found for a next hop; -1: the answer says that it was nonsense. */
static int
level_for(struct smtp *smtp, const char *text)
{
	struct tls_policy policy;
	struct answer answer;
	struct nexthop hop;
	struct err err;
	int ret;

	answer_init(&answer);
	assert_int_equal(nexthop_parse(&hop, str_of(text), 25, &err), 0);
	ret = policy_find(&policy, smtp, &hop, &answer);
	answer_clear(&answer);
	return ret < 0 ? -1 : (int)policy.level;
}

static void
finds_the_nearest_entry(void **state)
{
	static const struct {
		const char *hop;
		int level;
	} cases[] = {
		{ "other.test", SMTP_TLS_MAY },
		{ "a.test", SMTP_TLS_ENCRYPT },
		{ "a.test:26", SMTP_TLS_SECURE },
		{ "a.test:27", SMTP_TLS_ENCRYPT },
		{ "b.a.test", SMTP_TLS_MAY },
		{ "x.sub.test", SMTP_TLS_VERIFY },
		{ "x.y.sub.test", SMTP_TLS_VERIFY },
		{ "sub.test", SMTP_TLS_MAY },
		{ "[x.sub.test]", SMTP_TLS_MAY }, /* no domain, a host */
		{ "[host.test]", SMTP_TLS_NONE },
		{ "bad.test", -1 },
	};
	struct smtp smtp = { .conf = { .tls_level = SMTP_TLS_MAY,
				 .tls_secure_match = "nexthop",
				 .tls_verify_match = "hostname" } };
	struct err err;

	(void)state;
	assert_int_equal(
	    dict_list_open(&smtp.tls_policy,
		"inline:{a.test=encrypt, {a.test:26=secure match=b.test}, "
		".sub.test=verify, [host.test]=none, bad.test=nonsense}",
		&err),
	    0);
	for (size_t i = 0; i < NELEMS(cases); i++)
		assert_int_equal(level_for(&smtp, cases[i].hop),
		    cases[i].level);
	dict_list_close(&smtp.tls_policy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_levels_and_matches),
		cmocka_unit_test(finds_the_nearest_entry),
	};

	return cmocka_run_group_tests_name("smtp/policy", tests, NULL, NULL);
}
