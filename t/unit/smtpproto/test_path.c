/*
 * smtpproto/path: addresses as RFC 5321 and 6531 write them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "smtpproto/path.h"

enum {
	ALL = SMTP_PATH_NULL | SMTP_PATH_POSTMASTER | SMTP_PATH_BARE,
};

static char long_local[600];

static void
accepts_and_makes_canonical(void **state)
{
	static const struct {
		const char *in, *address, *local, *domain;
		bool utf8, literal, routed;
	} cases[] = {
		{ "<>", "", "", "", 0, 0, 0 },
		{ "<postmaster>", "postmaster", "postmaster", "", 0, 0, 0 },
		{ "<PostMaster>", "postmaster", "postmaster", "", 0, 0, 0 },
		{ "<a@b>", "a@b", "a", "b", 0, 0, 0 },
		{ "a@b", "a@b", "a", "b", 0, 0, 0 },
		{ "<Joe.Doe@Example.ORG>", "Joe.Doe@example.org", "Joe.Doe",
		    "example.org", 0, 0, 0 },
		{ "<!#$%&'*+-/=?^_`{|}~@b>", "!#$%&'*+-/=?^_`{|}~@b",
		    "!#$%&'*+-/=?^_`{|}~", "b", 0, 0, 0 },
		{ "<a%b!c@d>", "a%b!c@d", "a%b!c", "d", 0, 0, 0 },
		{ "<\"joe\"@b>", "joe@b", "joe", "b", 0, 0, 0 },
		{ "<\"j\\oe\"@b>", "joe@b", "joe", "b", 0, 0, 0 },
		{ "<\"a b\"@c>", "\"a b\"@c", "a b", "c", 0, 0, 0 },
		{ "<\"a@b\"@c>", "\"a@b\"@c", "a@b", "c", 0, 0, 0 },
		{ "<\"\"@c>", "\"\"@c", "", "c", 0, 0, 0 },
		{ "<\".a\"@c>", "\".a\"@c", ".a", "c", 0, 0, 0 },
		{ "<\"a..b\"@c>", "\"a..b\"@c", "a..b", "c", 0, 0, 0 },
		{ "<\"a\\\"\\\\\"@c>", "\"a\\\"\\\\\"@c", "a\"\\", "c", 0, 0,
		    0 },
		{ "<a@[192.0.2.1]>", "a@[192.0.2.1]", "a", "[192.0.2.1]", 0, 1,
		    0 },
		{ "<a@[IPv6:2001:DB8:0:0::1]>", "a@[IPv6:2001:db8::1]", "a",
		    "[IPv6:2001:db8::1]", 0, 1, 0 },
		{ "<@one,@two.example:a@b>", "a@b", "a", "b", 0, 0, 1 },
		{ "<@[192.0.2.1]:a@b>", "a@b", "a", "b", 0, 0, 1 },
		{ "<a@my_host.example>", "a@my_host.example", "a",
		    "my_host.example", 0, 0, 0 },
		{ "<a@1and1.de>", "a@1and1.de", "a", "1and1.de", 0, 0, 0 },
		{ "<j\xc3\xb6rg@b>", "j\xc3\xb6rg@b", "j\xc3\xb6rg", "b", 1, 0,
		    0 },
		{ "<\"j\xc3\xb6 g\"@b>", "\"j\xc3\xb6 g\"@b", "j\xc3\xb6 g",
		    "b", 1, 0, 0 },
		{ "<a@B\xc3\xbc"
		  "cher.example>",
		    "a@xn--bcher-kva.example", "a", "xn--bcher-kva.example", 1,
		    0, 0 },
		{ "<a@xn--bcher-kva.EXAMPLE>", "a@xn--bcher-kva.example", "a",
		    "xn--bcher-kva.example", 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *arena = arena_new(4096);
		struct str in = str_of(cases[i].in);
		struct smtp_path path;
		struct err err = { 0 };

		if (smtp_path_parse(&path, &in, ALL, arena, &err) < 0)
			fail_msg("%s: %s", cases[i].in, err.text);
		assert_int_equal(in.len, 0);
		if (!str_eqz(path.address, cases[i].address))
			fail_msg("%s gave %.*s", cases[i].in,
			    (int)path.address.len, path.address.p);
		assert_true(str_eqz(path.local, cases[i].local));
		assert_true(str_eqz(path.domain, cases[i].domain));
		assert_int_equal(path.utf8, cases[i].utf8);
		assert_int_equal(path.literal, cases[i].literal);
		assert_int_equal(path.routed, cases[i].routed);
		arena_free(arena);
	}
}

static void
stops_at_the_byte_it_cannot_accept(void **state)
{
	static const struct {
		const char *in;
		size_t at;
		unsigned flags;
	} cases[] = {
		{ "", 0, 0 },
		{ "a@b", 0, 0 },
		{ "<", 1, ALL },
		{ "<>", 1, 0 },
		{ "<postmaster>", 11, SMTP_PATH_NULL },
		{ "<postmaster", 11, ALL },
		{ "<a>", 2, ALL },
		{ "<a@>", 3, ALL },
		{ "<a@b", 4, ALL },
		{ "<a@b c>", 4, ALL },
		{ "<@b>", 3, ALL },
		{ "<@b:>", 4, ALL },
		{ "<@b,:a@c>", 4, ALL },
		{ "<.a@b>", 1, ALL },
		{ "<a.@b>", 3, ALL },
		{ "<a..b@c>", 3, ALL },
		{ "<a b@c>", 2, ALL },
		{ "<\"a@b>", 6, ALL },
		{ "<\"a\tb\"@c>", 3, ALL },
		{ "<\"a\\", 4, ALL },
		{ "<\"a\"b@c>", 4, ALL },
		{ "<a@-b>", 3, ALL },
		{ "<a@b->", 3, ALL },
		{ "<a@b..c>", 3, ALL },
		{ "<a@.b>", 3, ALL },
		{ "<a@b.>", 3, ALL },
		{ "<a@b@c>", 4, ALL },
		{ "<a@[1.2.3]>", 4, ALL },
		{ "<a@[1.2.3.256]>", 4, ALL },
		{ "<a@[2001:db8::1]>", 4, ALL },
		{ "<a@[IPv6:1.2.3.4]>", 4, ALL },
		{ "<a@[tag:x]>", 4, ALL },
		{ "<a@[1.2.3.4>", 4, ALL },
		{ "<\xff@b>", 1, ALL },
		{ "<a\xc3@b>", 2, ALL },
		{ "<a@b\xc3>", 4, ALL },
		{ "<a@\xe2\x80\xae.example>", 3, ALL },
		{ "<a@b\xc0\xae\x63>", 4, ALL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *arena = arena_new(4096);
		struct str in = str_of(cases[i].in);
		struct smtp_path path;
		struct err err = { 0 };

		if (smtp_path_parse(&path, &in, cases[i].flags, arena, &err) ==
		    0)
			fail_msg("%s accepted", cases[i].in);
		assert_int_equal(err.kind, ERR_SYNTAX);
		if (in.p != cases[i].in + cases[i].at)
			fail_msg("%s: stops at %d", cases[i].in,
			    (int)(in.p - cases[i].in));
		arena_free(arena);
	}
}

static void
refuses_a_nul_byte(void **state)
{
	static const struct str cases[] = {
		{ "<a\0b@c>", 7 },
		{ "<\"\0\"@c>", 7 },
		{ "<a@b\0c>", 7 },
		{ "<a@[1.2.3.4\0]>", 14 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *arena = arena_new(4096);
		struct str in = cases[i];
		struct smtp_path path;
		struct err err;

		assert_int_equal(smtp_path_parse(&path, &in, ALL, arena, &err),
		    -1);
		arena_free(arena);
	}
}

/* local of the given length, "@", a domain of labels of the given length. */
static int
parse_sized(size_t local, size_t label, size_t labels, struct err *err)
{
	struct arena *arena = arena_new(8192);
	struct smtp_path path;
	struct str in;
	size_t at = 0;
	int ret;

	memset(long_local, 'x', local);
	at = local;
	long_local[at++] = '@';
	for (size_t i = 0; i < labels; i++) {
		if (i > 0)
			long_local[at++] = '.';
		memset(long_local + at, 'y', label);
		at += label;
	}
	in = str_make(long_local, at);
	ret = smtp_mailbox_parse(&path, &in, arena, err);
	arena_free(arena);
	return ret;
}

static void
keeps_its_limits(void **state)
{
	static const struct {
		size_t local, label, labels;
		enum err_kind kind;
	} cases[] = {
		{ 64, 63, 1, ERR_NONE },
		{ 64, 64, 1, ERR_LIMIT },
		{ 64, 63, 4, ERR_NONE },
		{ 65, 63, 4, ERR_LIMIT },
		{ 1, 1, 128, ERR_NONE },
		{ 1, 1, 129, ERR_LIMIT },
		{ 200, 10, 1, ERR_NONE },
		{ 319, 1, 1, ERR_LIMIT },
		{ 318, 1, 1, ERR_NONE },
		{ 321, 1, 1, ERR_LIMIT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = { 0 };

		(void)parse_sized(cases[i].local, cases[i].label,
		    cases[i].labels, &err);
		if (err.kind != cases[i].kind)
			fail_msg("case %zu: kind %d", i, (int)err.kind);
	}
}

static void
a_full_arena_is_an_error(void **state)
{
	struct arena *arena = arena_new(8);
	struct str in = STR("<somebody@example.org>");
	struct smtp_path path;
	struct err err;

	(void)state;
	assert_int_equal(smtp_path_parse(&path, &in, ALL, arena, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	arena_free(arena);
}

static void
parses_the_names_of_hello(void **state)
{
	static const struct {
		const char *in, *out;
		size_t left;
	} cases[] = {
		{ "Mail.Example.org", "mail.example.org", 0 },
		{ "[127.0.0.1]", "[127.0.0.1]", 0 },
		{ "[ipv6:::1]", "[IPv6:::1]", 0 },
		{ "host and more", "host", 9 },
		{ "", NULL, 0 },
		{ "-", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *arena = arena_new(4096);
		struct str in = str_of(cases[i].in), domain;
		struct err err;
		int ret = smtp_domain_parse(&domain, &in, arena, &err);

		assert_int_equal(ret, cases[i].out == NULL ? -1 : 0);
		if (ret == 0) {
			assert_true(str_eqz(domain, cases[i].out));
			assert_int_equal(in.len, cases[i].left);
		}
		arena_free(arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_and_makes_canonical),
		cmocka_unit_test(stops_at_the_byte_it_cannot_accept),
		cmocka_unit_test(refuses_a_nul_byte),
		cmocka_unit_test(keeps_its_limits),
		cmocka_unit_test(a_full_arena_is_an_error),
		cmocka_unit_test(parses_the_names_of_hello),
	};

	return cmocka_run_group_tests_name("smtpproto/path", tests, NULL, NULL);
}
