/* What people and clients write: names, lists of servers, trust anchors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "dnsd/name.h"
#include "dnsd/servers.h"

#define L63 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static void
names_get_one_spelling(void **state)
{
	static const struct {
		const char *in, *out; /* NULL: cannot exist */
	} cases[] = {
		{ "", "" },
		{ ".", "" },
		{ "Example.NET", "Example.NET" },
		{ "example.net.", "example.net" },
		{ "_25._tcp.mx-1", "_25._tcp.mx-1" },
		{ "a*b", "a\\042b" },
		{ "a\\042b", "a\\042b" },
		{ "a\\045b", "a-b" },
		{ "\\000", "\\000" },
		{ L63, L63 },
		{ L63 "." L63 "." L63 "." L63, NULL },
		{ L63 "x", NULL },
		{ "..", NULL },
		{ ".a", NULL },
		{ "a..b", NULL },
		{ "a\\", NULL },
		{ "a\\04", NULL },
		{ "a\\256", NULL },
		{ "a\\x41", NULL },
		{ "b\xc3\xbc"
		  "cher.net",
		    "xn--bcher-kva.net" },
		{ "b\xc3", NULL },
	};
	char out[DNS_NAME_MAX + 1];

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		bool can = name_make(out, str_of(cases[i].in));

		assert_int_equal(can, cases[i].out != NULL);
		if (can)
			assert_string_equal(out, cases[i].out);
	}
}

static void
lists_of_servers(void **state)
{
	static const struct {
		const char *in, *first, *last; /* NULL: wrong */
		size_t count;
	} cases[] = {
		{ "", NULL, NULL, 0 },
		{ " recursive ", NULL, NULL, 0 },
		{ "192.0.2.1", "192.0.2.1@53", "192.0.2.1@53", 1 },
		{ "192.0.2.1@5353, 2001:DB8::1", "192.0.2.1@5353",
		    "2001:db8::1@53", 2 },
	};
	static const char *const wrong[] = { "ns.example.net", "192.0.2.1@",
		"192.0.2.1@0", "192.0.2.1@65536", "192.0.2.1:53",
		"recursive 192.0.2.1", "@53", "[2001:db8::1]" };
	struct servers servers;
	struct err err;

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		assert_int_equal(
		    servers_parse(&servers, str_of(cases[i].in), &err), 0);
		assert_int_equal(servers.count, cases[i].count);
		if (servers.count == 0)
			continue;
		assert_string_equal(servers.text[0], cases[i].first);
		assert_string_equal(servers.text[servers.count - 1],
		    cases[i].last);
	}
	for (size_t i = 0; i < NELEMS(wrong); i++) {
		assert_int_equal(
		    servers_parse(&servers, str_of(wrong[i]), &err), -1);
		assert_int_equal(err.kind, ERR_SYNTAX);
	}
}

static void
the_systems_servers(void **state)
{
	struct servers servers;

	(void)state;
	servers_parse_resolv(&servers,
	    STR("# written by hand\nsearch example.net\n"
		"nameserver 192.0.2.1\n  nameserver\t2001:db8::1 more\n"
		"nameserver fe80::1%eth0\nnameserver\noptions edns0"));
	assert_int_equal(servers.count, 2);
	assert_string_equal(servers.text[1], "2001:db8::1@53");
}

static void
trust_anchors_are_lines(void **state)
{
	struct str text = STR("; a comment\n\n. IN DS 1 2 3 AB ; behind\n"
			      "  \nexample. DNSKEY x");
	struct str record;

	(void)state;
	assert_true(servers_next_anchor(&text, &record));
	assert_true(str_eqz(record, ". IN DS 1 2 3 AB"));
	assert_true(servers_next_anchor(&text, &record));
	assert_true(str_eqz(record, "example. DNSKEY x"));
	assert_false(servers_next_anchor(&text, &record));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_get_one_spelling),
		cmocka_unit_test(lists_of_servers),
		cmocka_unit_test(the_systems_servers),
		cmocka_unit_test(trust_anchors_are_lines),
	};

	return cmocka_run_group_tests_name("dnsd/words", tests, NULL, NULL);
}
