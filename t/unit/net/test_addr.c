#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "base/attr.h"
#include "net/addr.h"

static void
assert_same(const struct addr *a, const struct addr *b)
{
	assert_int_equal(a->family, b->family);
	assert_int_equal(a->scope, b->scope);
	assert_int_equal(a->port, b->port);
	assert_true(str_eq(addr_host_key(a), addr_host_key(b)));
}

static void
addresses_come_back_as_they_are_written(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "192.0.2.1:25", "192.0.2.1:25" },
		{ "192.0.2.1", "192.0.2.1:143" },
		{ "192.0.2.1:0", "192.0.2.1:0" },
		{ "192.0.2.1:65535", "192.0.2.1:65535" },
		{ "[::1]:25", "[::1]:25" },
		{ "[::1]", "[::1]:143" },
		{ "::1", "[::1]:143" },
		{ "2001:DB8::1", "[2001:db8::1]:143" },
		{ "[::ffff:192.0.2.1]:25", "192.0.2.1:25" },
		{ "::ffff:c000:201", "192.0.2.1:143" },
		{ "unix:run/front/imap", "unix:run/front/imap" },
		{ "/run/x", "unix:/run/x" },
	};
	char out[ADDR_SIZE];
	struct addr addr;
	struct err err;

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		assert_int_equal(
		    addr_parse(&addr, str_of(cases[i].in), 143, &err), 0);
		assert_string_equal(addr_format(out, &addr), cases[i].out);
	}
}

static void
what_is_no_address_is_refused(void **state)
{
	static const char *const cases[] = {
		"",
		":",
		":25",
		"192.0.2.1:",
		"192.0.2.1:65536",
		"192.0.2.1:025",
		"192.0.2.1:+5",
		"192.0.2.1:25 ",
		" 192.0.2.1",
		"192.0.2.01",
		"192.0.2",
		"192.0.2.256",
		"mail.example.org:25",
		"[192.0.2.1]:25",
		"[::1",
		"[::1]25",
		"[::1]:",
		"[::1]]:25",
		"::1:99999",
		"1:2:3:4:5:6:7:8:9",
		"fe80::1%lo",
		"unix:",
	};
	struct addr addr;
	struct err err;

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		assert_int_equal(addr_parse(&addr, str_of(cases[i]), 1, &err),
		    -1);
		assert_int_equal(err.kind, ERR_SYNTAX);
	}
	assert_int_equal(addr_parse_ip(&addr, str_make("1.2.3.4\0x", 9), &err),
	    -1);
}

static void
a_path_has_room_for_107_bytes(void **state)
{
	char text[5 + ADDR_PATH_SIZE], out[ADDR_SIZE];
	struct addr addr;
	struct err err;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "unix:", 5);
	assert_int_equal(addr_parse(&addr, str_make(text, 5 + 107), 0, &err),
	    0);
	assert_int_equal(strlen(addr_format(out, &addr)), 5 + 107);
	assert_int_equal(addr_parse(&addr, str_make(text, 5 + 108), 0, &err),
	    -1);
}

static void
sockaddrs_go_both_ways(void **state)
{
	static const char *const cases[] = { "192.0.2.1:25", "[2001:db8::1]:1",
		"unix:run/x" };
	struct sockaddr_storage ss;
	struct addr addr, back;
	struct err err;
	socklen_t len;

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		assert_int_equal(addr_parse(&addr, str_of(cases[i]), 0, &err),
		    0);
		len = addr_to_sockaddr(&ss, &addr);
		assert_true(len > 0);
		addr_from_sockaddr(&back, (struct sockaddr *)&ss, len);
		assert_same(&addr, &back);
	}
	addr = (struct addr){ 0 };
	assert_int_equal(addr_to_sockaddr(&ss, &addr), 0);
}

static void
a_mapped_peer_is_an_ipv4_peer(void **state)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(99),
		.sin6_scope_id = 3 };
	struct addr addr, four;
	struct err err;

	(void)state;
	in6.sin6_addr.s6_addr[10] = in6.sin6_addr.s6_addr[11] = 0xff;
	in6.sin6_addr.s6_addr[12] = 127;
	in6.sin6_addr.s6_addr[15] = 1;
	addr_from_sockaddr(&addr, (struct sockaddr *)&in6, sizeof(in6));
	assert_int_equal(addr_parse(&four, STR("127.0.0.1:99"), 0, &err), 0);
	assert_same(&addr, &four);
	assert_true(addr_is_loopback(&addr));
	assert_int_equal(addr_host_key(&addr).len, 4);
}

static void
short_and_foreign_sockaddrs_are_unknown(void **state)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr sa = { .sa_family = AF_PACKET };
	char out[ADDR_SIZE];
	struct addr addr;

	(void)state;
	addr_from_sockaddr(&addr, &sa, 0);
	assert_int_equal(addr.family, ADDR_NONE);
	addr_from_sockaddr(&addr, &sa, sizeof(sa));
	assert_string_equal(addr_format(out, &addr), "unknown");
	addr_from_sockaddr(&addr, (struct sockaddr *)&in6, 20);
	assert_int_equal(addr.family, ADDR_NONE);
	assert_false(addr_is_loopback(&addr));
	addr_from_sockaddr(&addr, (struct sockaddr *)&un,
	    offsetof(struct sockaddr_un, sun_path));
	assert_string_equal(addr_format(out, &addr), "unix:");
	assert_true(addr_is_loopback(&addr));
}

static void
networks_hold_their_addresses_and_no_other(void **state)
{
	static const struct {
		const char *net, *addr;
		bool has;
	} cases[] = {
		{ "192.0.2.0/24", "192.0.2.255", true },
		{ "192.0.2.0/24", "192.0.3.0", false },
		{ "192.0.2.128/25", "192.0.2.127", false },
		{ "192.0.2.128/25", "192.0.2.128", true },
		{ "10.0.0.0/7", "11.1.1.1", true },
		{ "10.0.0.0/7", "12.1.1.1", false },
		{ "0.0.0.0/0", "255.1.2.3", true },
		{ "0.0.0.0/0", "::1", false },
		{ "::/0", "::1", true },
		{ "::/0", "1.2.3.4", false },
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.0", false },
		{ "2001:db8::/33", "2001:db8:7fff::1", true },
		{ "2001:db8::/33", "2001:db8:8000::1", false },
		{ "[::1]/128", "::1", true },
		{ "[::ffff:127.0.0.0]/104", "127.9.9.9", true },
		{ "[::ffff:127.0.0.0]/104", "126.9.9.9", false },
		{ "::ffff:0.0.0.0/96", "9.9.9.9", true },
		{ "192.0.2.1", "unix:x", false },
	};
	struct addr_net net;
	struct addr addr;
	struct err err;

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		assert_int_equal(
		    addr_net_parse(&net, str_of(cases[i].net), &err), 0);
		assert_int_equal(
		    addr_parse(&addr, str_of(cases[i].addr), 0, &err), 0);
		assert_int_equal(addr_net_has(&net, &addr), cases[i].has);
	}
}

static void
what_is_no_network_is_refused(void **state)
{
	static const char *const cases[] = { "", "/", "/8", "10.0.0.0/",
		"10.0.0.0/33", "10.0.0.1/8", "10/8", "::/129", "::1/127",
		"10.0.0.0/8/8", "10.0.0.0/ 8", "[::1/128", "example.org" };
	struct addr_net net;
	struct err err;

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++)
		assert_int_equal(addr_net_parse(&net, str_of(cases[i]), &err),
		    -1);
}

static void
lists_of_networks_have_commas_and_blanks(void **state)
{
	struct addr_net net[3];
	struct addr addr;
	struct err err;
	size_t count;

	(void)state;
	assert_int_equal(addr_nets_parse(net, 3, &count, STR(""), &err), 0);
	assert_int_equal(count, 0);
	assert_int_equal(addr_nets_parse(net, 3, &count,
			     STR(" 127.0.0.0/8, [::1]/128,\n\t10.0.0.0/8 "),
			     &err),
	    0);
	assert_int_equal(count, 3);
	assert_int_equal(addr_parse(&addr, STR("10.1.1.1"), 0, &err), 0);
	assert_true(addr_nets_have(net, count, &addr));
	assert_false(addr_nets_have(net, 2, &addr));
	assert_int_equal(
	    addr_nets_parse(net, 1, &count, STR("1.1.1.1 2.2.2.2"), &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(
	    addr_nets_parse(net, 3, &count, STR("1.1.1.1 x"), &err), -1);
	assert_int_equal(err.kind, ERR_SYNTAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_come_back_as_they_are_written),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(a_path_has_room_for_107_bytes),
		cmocka_unit_test(sockaddrs_go_both_ways),
		cmocka_unit_test(a_mapped_peer_is_an_ipv4_peer),
		cmocka_unit_test(short_and_foreign_sockaddrs_are_unknown),
		cmocka_unit_test(networks_hold_their_addresses_and_no_other),
		cmocka_unit_test(what_is_no_network_is_refused),
		cmocka_unit_test(lists_of_networks_have_commas_and_blanks),
	};

	return cmocka_run_group_tests_name("net/addr", tests, NULL, NULL);
}
