#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/attr.h"
#include "smtp/nexthop.h"

static void
reads_postfix_next_hops(void **state)
{
	static const struct {
		const char *text, *key, *host;
		bool is_host;
		enum addr_family family;
		uint16_t port;
	} cases[] = {
		{ "example.com", "example.com", "example.com", false, ADDR_NONE,
		    25 },
		{ "Example.COM:587", "example.com:587", "example.com", false,
		    ADDR_NONE, 587 },
		{ "example.com.", "example.com.", "example.com", false,
		    ADDR_NONE, 25 },
		{ "[Mx.example.com]", "[mx.example.com]", "mx.example.com",
		    true, ADDR_NONE, 25 },
		{ "[mx.example.com]:2525", "[mx.example.com]:2525",
		    "mx.example.com", true, ADDR_NONE, 2525 },
		{ "[192.0.2.1]", "[192.0.2.1]", "192.0.2.1", true, ADDR_IPV4,
		    25 },
		{ "[192.0.2.1]:1", "[192.0.2.1]:1", "192.0.2.1", true,
		    ADDR_IPV4, 1 },
		{ "[2001:DB8::1]:26", "[2001:db8::1]:26", "2001:db8::1", true,
		    ADDR_IPV6, 26 },
		{ "[IPv6:2001:db8::1]", "[ipv6:2001:db8::1]",
		    "ipv6:2001:db8::1", true, ADDR_IPV6, 25 },
		{ "my_host.test", "my_host.test", "my_host.test", false,
		    ADDR_NONE, 25 },
		{ "b\xc3\xbc.test", "b\xc3\xbc.test", "b\xc3\xbc.test", false,
		    ADDR_NONE, 25 },
	};
	struct nexthop hop;
	struct err err;

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		assert_int_equal(
		    nexthop_parse(&hop, str_of(cases[i].text), 25, &err), 0);
		assert_string_equal(hop.key, cases[i].key);
		assert_string_equal(hop.host, cases[i].host);
		assert_int_equal(hop.is_host, cases[i].is_host);
		assert_int_equal(hop.addr.family, cases[i].family);
		assert_int_equal(hop.port, cases[i].port);
		if (cases[i].family != ADDR_NONE)
			assert_int_equal(hop.addr.port, cases[i].port);
	}
}

static void
refuses_the_rest(void **state)
{
	static const char *const cases[] = { "", "[", "[]", "[a", "a:", ":25",
		"a:0", "a:65536", "a:25:26", "[a]x", "[a]:", "[a]25", "a b",
		"a/b", "a\"b", "[a]]", ".a", "a[b]", "." };
	struct nexthop hop;
	struct err err;
	char text[400];

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		err.kind = ERR_NONE;
		assert_int_equal(
		    nexthop_parse(&hop, str_of(cases[i]), 25, &err), -1);
		assert_int_equal(err.kind, ERR_SYNTAX);
	}
	memset(text, 'a', sizeof(text));
	assert_int_equal(
	    nexthop_parse(&hop, str_make(text, NEXTHOP_SIZE - 1), 25, &err), 0);
	assert_int_equal(
	    nexthop_parse(&hop, str_make(text, NEXTHOP_SIZE), 25, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_postfix_next_hops),
		cmocka_unit_test(refuses_the_rest),
	};

	return cmocka_run_group_tests_name("smtp/nexthop", tests, NULL, NULL);
}
