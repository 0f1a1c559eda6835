#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/attr.h"
#include "smtp/host.h"

/* What the name service knows. */
static const struct mx_row {
	const char *domain;
	enum dns_status status;
	bool is_null;
	struct {
		const char *name;
		uint16_t preference;
	} hosts[4];
} mx_rows[] = {
	{ "two.test", DNS_FOUND, false,
	    { { "b.test", 20 }, { "a.test", 10 } } },
	{ "equal.test", DNS_FOUND, false,
	    { { "a.test", 10 }, { "b.test", 10 } } },
	{ "backup.test", DNS_FOUND, false,
	    { { "a.test", 10 }, { "self.test", 20 }, { "b.test", 30 } } },
	{ "selfip.test", DNS_FOUND, false,
	    { { "a.test", 10 }, { "selfip.test", 20 }, { "b.test", 20 } } },
	{ "loop.test", DNS_FOUND, false,
	    { { "self.test", 10 }, { "b.test", 10 } } },
	{ "null.test", DNS_FOUND, true, { { 0 } } },
	{ "gone.test", DNS_NO_NAME, false, { { 0 } } },
	{ "temp.test", DNS_TEMP, false, { { 0 } } },
	{ "dead.test", DNS_FOUND, false, { { "nobody.test", 10 } } },
	{ "half.test", DNS_FOUND, false,
	    { { "nobody.test", 10 }, { "a.test", 20 } } },
	{ "late.test", DNS_FOUND, false,
	    { { "nobody.test", 10 }, { "temp.test", 20 } } },
	{ "many.test", DNS_FOUND, false, { { "many.test", 10 } } },
	{ "both.test", DNS_FOUND, false, { { "both.test", 10 } } },
};

static const struct address_row {
	const char *name;
	enum dns_status status;
	const char *addrs[8];
} address_rows[] = {
	{ "a.test", DNS_FOUND, { "192.0.2.1" } },
	{ "b.test", DNS_FOUND, { "192.0.2.2" } },
	{ "self.test", DNS_FOUND, { "192.0.2.77" } },
	{ "selfip.test", DNS_FOUND, { "192.0.2.99" } },
	{ "temp.test", DNS_TEMP, { 0 } },
	{ "many.test", DNS_FOUND,
	    { "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5",
		"192.0.2.6" } },
	{ "both.test", DNS_FOUND, { "2001:db8::1", "192.0.2.1" } },
};

static void
find_mx(void *ctx, struct str domain, struct dnsc_mx *mx, struct arena *arena)
{
	(void)ctx;
	*mx = (struct dnsc_mx){ .status = DNS_NO_NAME };
	for (size_t i = 0; i < NELEMS(mx_rows); i++) {
		const struct mx_row *row = &mx_rows[i];

		if (!str_eqz(domain, row->domain))
			continue;
		mx->status = row->status;
		mx->is_null = row->is_null;
		mx->reason = STR("server failure");
		mx->hosts = arena_calloc(arena, 4, sizeof(*mx->hosts));
		for (; mx->count < 4 && row->hosts[mx->count].name != NULL;
		     mx->count++) {
			mx->hosts[mx->count].name =
			    str_of(row->hosts[mx->count].name);
			mx->hosts[mx->count].preference =
			    row->hosts[mx->count].preference;
		}
	}
}

static void
find_addresses(void *ctx, struct str host, struct dnsc_addresses *found,
    struct arena *arena)
{
	struct err err;

	(void)ctx;
	*found = (struct dnsc_addresses){ .status = DNS_NO_NAME };
	for (size_t i = 0; i < NELEMS(address_rows); i++) {
		const struct address_row *row = &address_rows[i];

		if (!str_eqz(host, row->name))
			continue;
		found->status = row->status;
		found->reason = STR("server failure");
		found->addrs = arena_calloc(arena, 8, sizeof(*found->addrs));
		for (; found->count < 8 && row->addrs[found->count] != NULL;
		     found->count++)
			assert_int_equal(
			    addr_parse_ip(&found->addrs[found->count],
				str_of(row->addrs[found->count]), &err),
			    0);
	}
}

static const struct resolver resolver = { find_mx, find_addresses, NULL };

static void
init(struct smtp *smtp)
{
	struct err err;

	*smtp = (struct smtp){
		.conf = { .hostname = "self.test",
		    .port = 25,
		    .address_limit = 5 },
		.resolver = &resolver,
		.own_count = 1,
	};
	assert_int_equal(addr_net_parse(&smtp->own[0], STR("192.0.2.99"), &err),
	    0);
}

/* "a.test[192.0.2.1] ...", or "!code status text". */
static const char *
look_up(const struct smtp *smtp, const char *name, char out[600])
{
	static struct hosts hosts; /* large; a test looks at one at a time */
	struct answer answer;
	struct nexthop hop;
	struct err err;
	char ip[ADDR_IP_SIZE];
	size_t len = 0;

	answer_init(&answer);
	out[0] = '\0';
	assert_int_equal(
	    nexthop_parse(&hop, str_of(name), (uint16_t)smtp->conf.port, &err),
	    0);
	if (hosts_find(&hosts, smtp, &hop, &answer) < 0)
		(void)snprintf(out, 600, "!%d %s %s", answer.code,
		    answer.status, buf_cstr(&answer.text));
	for (size_t i = 0; out[0] != '!' && i < hosts.count; i++)
		len += (size_t)snprintf(out + len, 600 - len, "%s%s[%s]",
		    len > 0 ? " " : "", hosts.host[i].name,
		    addr_format_ip(ip, &hosts.host[i].addr));
	answer_clear(&answer);
	return out;
}

static void
finds_hosts_in_their_order(void **state)
{
	static const char no[] = "Host or domain name not found. Name service "
				 "error for name=";
	static const struct {
		const char *name, *want;
	} cases[] = {
		{ "two.test", "a.test[192.0.2.1] b.test[192.0.2.2]" },
		{ "[b.test]", "b.test[192.0.2.2]" },
		{ "[192.0.2.9]", "192.0.2.9[192.0.2.9]" },
		{ "[IPv6:2001:db8::9]:26", "2001:db8::9[2001:db8::9]" },
		{ "backup.test", "a.test[192.0.2.1]" },
		{ "selfip.test", "a.test[192.0.2.1]" },
		{ "selfip.test:26", /* other ports are other servers */
		    "a.test[192.0.2.1] " },
		{ "loop.test",
		    "!554 5.4.6 mail for loop.test loops back to "
		    "myself" },
		{ "[selfip.test]", "selfip.test[192.0.2.99]" },
		{ "null.test",
		    "!556 5.1.10 Domain null.test does not accept "
		    "mail (nullMX)" },
		{ "half.test", "a.test[192.0.2.1]" },
	};
	struct smtp smtp;
	char out[600];

	(void)state;
	init(&smtp);
	for (size_t i = 0; i < NELEMS(cases); i++) {
		const char *got = look_up(&smtp, cases[i].name, out);

		assert_int_equal(
		    strncmp(got, cases[i].want, strlen(cases[i].want)), 0);
	}
	static const struct {
		const char *name, *code, *rest;
	} bad[] = {
		{ "gone.test", "!550 5.4.4 ",
		    "gone.test type=MX: Host not "
		    "found" },
		{ "temp.test", "!451 4.4.3 ",
		    "temp.test type=MX: server "
		    "failure" },
		{ "dead.test", "!550 5.4.4 ",
		    "nobody.test type=AAAA: Host "
		    "not found" },
		{ "late.test", "!451 4.4.3 ",
		    "temp.test type=AAAA: server "
		    "failure" },
	};
	for (size_t i = 0; i < NELEMS(bad); i++) {
		char want[600];

		(void)snprintf(want, sizeof(want), "%s%s%s", bad[i].code, no,
		    bad[i].rest);
		assert_string_equal(look_up(&smtp, bad[i].name, out), want);
	}
}

static void
draws_lots_among_equals(void **state)
{
	struct smtp smtp;
	char out[600], first[600];
	int different = 0;

	(void)state;
	init(&smtp);
	(void)look_up(&smtp, "many.test", first);
	for (int i = 0; i < 40; i++)
		different +=
		    strcmp(look_up(&smtp, "many.test", out), first) != 0;
	assert_true(different != 0);
}

static void
keeps_to_its_limits_and_preferences(void **state)
{
	struct smtp smtp;
	char out[600];

	(void)state;
	init(&smtp);
	smtp.conf.address_limit = 2;
	assert_int_equal(strlen(look_up(&smtp, "many.test", out)),
	    2 * strlen("many.test[192.0.2.1]") + 1);
	smtp.conf.address_limit = 0;
	assert_int_equal(strlen(look_up(&smtp, "many.test", out)),
	    6 * strlen("many.test[192.0.2.1]") + 5);
	for (int i = 0; i < 20; i++) {
		smtp.conf.preference = PREFER_IPV4;
		assert_string_equal(look_up(&smtp, "both.test", out),
		    "both.test[192.0.2.1] both.test[2001:db8::1]");
		smtp.conf.preference = PREFER_IPV6;
		assert_string_equal(look_up(&smtp, "both.test", out),
		    "both.test[2001:db8::1] both.test[192.0.2.1]");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_hosts_in_their_order),
		cmocka_unit_test(draws_lots_among_equals),
		cmocka_unit_test(keeps_to_its_limits_and_preferences),
	};

	return cmocka_run_group_tests_name("smtp/host", tests, NULL, NULL);
}
