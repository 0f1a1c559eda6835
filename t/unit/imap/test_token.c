#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "imap/token.h"

typedef int parse_fn(struct arena *, struct str *, struct str *, struct err *);

static int
parse_atom(struct arena *arena, struct str *in, struct str *out,
    struct err *err)
{
	(void)arena;
	return token_atom(in, out, err);
}

static int
parse_tag(struct arena *arena, struct str *in, struct str *out, struct err *err)
{
	(void)arena;
	return token_tag(in, out, err);
}

static void
takes_what_the_grammar_allows(void **state)
{
	static const struct {
		parse_fn *parse;
		const char *in, *out; /* out NULL: NIL */
		const char *rest;
	} cases[] = {
		{ parse_tag, "a1 NOOP", "a1", " NOOP" },
		{ parse_tag, "a+1", "a", "+1" },
		{ parse_tag, "]x", "]x", "" },
		{ parse_atom, "a}[!x]", "a}[!x", "]" },
		{ parse_atom, "x{3}", "x", "{3}" },
		{ token_astring, "a]b c", "a]b", " c" },
		{ token_astring, "\"\"", "", "" },
		{ token_astring, "\"a b\" c", "a b", " c" },
		{ token_astring, "\"a\\\"\\\\b\"x", "a\"\\b", "x" },
		{ token_astring, "\"gr\303\274n\"", "gr\303\274n", "" },
		{ token_astring, "\"{3}\"", "{3}", "" },
		{ token_astring, "{3}\r\na\r\n)", "a\r\n", ")" },
		{ token_astring, "{3+}\r\nabcd", "abc", "d" },
		{ token_astring, "{0}\r\n", "", "" },
		{ token_astring, "NIL", "NIL", "" },
		{ token_nstring, "nil)", NULL, ")" },
		{ token_nstring, "\"nil\"", "nil", "" },
		{ token_string, "\"x\"", "x", "" },
		{ token_list_mailbox, "a/%*]\"", "a/%*]", "\"" },
		{ token_list_mailbox, "\"%\"", "%", "" },
		{ token_list_mailbox, "{1}\r\n*", "*", "" },
	};
	struct arena *arena = arena_new(1000);

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i].in), out;
		struct err err;

		assert_int_equal(cases[i].parse(arena, &in, &out, &err), 0);
		assert_true(str_eqz(out, cases[i].out));
		assert_int_equal(out.p == NULL, cases[i].out == NULL);
		assert_true(str_eqz(in, cases[i].rest));
	}
	arena_free(arena);
}

static void
stops_at_the_byte_it_cannot_accept(void **state)
{
	static const struct {
		parse_fn *parse;
		const char *in;
		size_t at;
	} cases[] = {
		{ parse_tag, "", 0 },
		{ parse_tag, "+", 0 },
		{ parse_atom, "]", 0 },
		{ parse_atom, "\177", 0 },
		{ parse_atom, "\303\274", 0 },
		{ token_astring, "", 0 },
		{ token_astring, "(", 0 },
		{ token_astring, "\"abc", 4 },
		{ token_astring, "\"a\\bc\"", 2 },
		{ token_astring, "\"a\\", 2 },
		{ token_astring, "\"a\nb\"", 2 },
		{ token_astring, "\"a\377b\"", 2 },
		{ token_astring, "\"a\303\"", 2 },
		{ token_astring, "{}\r\n", 1 },
		{ token_astring, "{-1}\r\n", 1 },
		{ token_astring, "{4294967296}\r\n", 1 },
		{ token_astring, "{3}\nabc", 2 },
		{ token_astring, "{3}\r\nab", 5 },
		{ token_astring, "{3-}\r\nabc", 2 },
		{ token_string, "abc", 0 },
		{ token_nstring, "abc", 0 },
		{ token_list_mailbox, "(", 0 },
	};
	struct arena *arena = arena_new(1000);

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i].in), out;
		struct err err;

		assert_int_equal(cases[i].parse(arena, &in, &out, &err), -1);
		assert_int_equal(err.kind, ERR_SYNTAX);
		assert_ptr_equal(in.p, cases[i].in + cases[i].at);
	}
	arena_free(arena);
}

static void
refuses_nul(void **state)
{
	static const char literal[] = "{3}\r\na\0b", quoted[] = "\"a\0b\"";
	struct arena *arena = arena_new(1000);
	struct str in = str_make(literal, sizeof(literal) - 1), out;
	struct err err;

	(void)state;
	assert_int_equal(token_astring(arena, &in, &out, &err), -1);
	assert_ptr_equal(in.p, literal + 6);
	in = str_make(quoted, sizeof(quoted) - 1);
	assert_int_equal(token_astring(arena, &in, &out, &err), -1);
	assert_ptr_equal(in.p, quoted + 2);
	arena_free(arena);
}

static void
says_when_the_arena_is_full(void **state)
{
	struct arena *arena = arena_new(16);
	struct str in = str_of("\"0123456789abc\\\"def\""), out;
	struct err err;

	(void)state;
	assert_int_equal(token_string(arena, &in, &out, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	arena_free(arena);
}

static void
reads_numbers_up_to_32_bits(void **state)
{
	struct str in = str_of("4294967295 0 4294967296 x");
	struct err err;
	uint32_t n;

	(void)state;
	assert_int_equal(token_nz_number(&in, &n, &err), 0);
	assert_int_equal(n, UINT32_MAX);
	assert_int_equal(token_sp(&in, &err), 0);
	assert_int_equal(token_nz_number(&in, &n, &err), -1);
	assert_int_equal(token_number(&in, &n, &err), 0);
	assert_int_equal(n, 0);
	assert_int_equal(token_sp(&in, &err), 0);
	assert_int_equal(token_number(&in, &n, &err), -1);
	assert_true(str_starts(in, STR("4294967296")));
	assert_int_equal(token_char(&in, '5', &err), -1);
	assert_int_equal(token_char(&in, '4', &err), 0);
	assert_int_equal(token_end(&in, &err), -1);
}

static void
finds_a_literal_at_the_end_of_a_line(void **state)
{
	static const struct {
		const char *line;
		int ret;
		uint32_t size;
		bool sync;
		size_t at;
	} cases[] = {
		{ "", 0, 0, 0, 0 },
		{ "}", 0, 0, 0, 0 },
		{ "+}", 0, 0, 0, 0 },
		{ "3}", 0, 0, 0, 0 },
		{ "a {}", 0, 0, 0, 0 },
		{ "a {+}", 0, 0, 0, 0 },
		{ "a {-3}", 0, 0, 0, 0 },
		{ "a {3} ", 0, 0, 0, 0 },
		{ "a \"{3}\"", 0, 0, 0, 0 },
		{ "{0}", 1, 0, true, 0 },
		{ "a {3}", 1, 3, true, 2 },
		{ "a {3+}", 1, 3, false, 2 },
		{ "a {{4294967295}", 1, UINT32_MAX, true, 3 },
		{ "a {4294967296}", -1, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct token_literal literal;
		struct err err;

		assert_int_equal(
		    token_line_literal(str_of(cases[i].line), &literal, &err),
		    cases[i].ret);
		if (cases[i].ret < 0)
			assert_int_equal(err.kind, ERR_LIMIT);
		if (cases[i].ret <= 0)
			continue;
		assert_int_equal(literal.size, cases[i].size);
		assert_int_equal(literal.sync, cases[i].sync);
		assert_int_equal(literal.at, cases[i].at);
		assert_int_equal(literal.binary,
		    cases[i].line[cases[i].at] == '~');
	}
}

static void
writes_each_string_in_the_form_it_needs(void **state)
{
	static const struct {
		int (*put)(struct buf *, struct str);
		const char *in, *out;
	} cases[] = {
		{ token_put_string, "", "\"\"" },
		{ token_put_string, "a\"b\\", "\"a\\\"b\\\\\"" },
		{ token_put_string, "\t\177", "\"\t\177\"" },
		{ token_put_string, "a\r\nb", "{4}\r\na\r\nb" },
		{ token_put_string, "\n", "{1}\r\n\n" },
		{ token_put_string, "\303\274", "{2}\r\n\303\274" },
		{ token_put_nstring, "x", "\"x\"" },
		{ token_put_nstring, NULL, "NIL" },
		{ token_put_astring, "To", "To" },
		{ token_put_astring, "a]", "a]" },
		{ token_put_astring, "", "\"\"" },
		{ token_put_astring, "nil", "\"nil\"" },
		{ token_put_astring, "a b", "\"a b\"" },
		{ token_put_astring, "50%", "\"50%\"" },
		{ token_put_utf8, "To", "To" },
		{ token_put_utf8, "", "\"\"" },
		{ token_put_utf8, "\303\274", "\"\303\274\"" },
		{ token_put_utf8, "a\nb", "{3}\r\na\nb" },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct buf out;

		buf_init(&out, 100);
		assert_int_equal(cases[i].put(&out, str_of(cases[i].in)), 0);
		assert_string_equal(buf_cstr(&out), cases[i].out);
		buf_clear(&out);
	}
}

static void
writes_long_strings_as_literals_and_nul_as_0x80(void **state)
{
	char text[1001];
	struct buf out;

	(void)state;
	memset(text, 'x', sizeof(text));
	buf_init(&out, 5000);
	assert_int_equal(token_put_string(&out, str_make(text, 1000)), 0);
	assert_int_equal(out.p[0], '"');
	buf_reset(&out);
	assert_int_equal(token_put_string(&out, str_make(text, 1001)), 0);
	assert_true(str_starts(buf_str(&out), STR("{1001}\r\n")));
	buf_reset(&out);
	assert_int_equal(token_put_string(&out, str_make("a\0b", 3)), 0);
	assert_string_equal(buf_cstr(&out), "{3}\r\na\200b");
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_the_grammar_allows),
		cmocka_unit_test(stops_at_the_byte_it_cannot_accept),
		cmocka_unit_test(refuses_nul),
		cmocka_unit_test(says_when_the_arena_is_full),
		cmocka_unit_test(reads_numbers_up_to_32_bits),
		cmocka_unit_test(finds_a_literal_at_the_end_of_a_line),
		cmocka_unit_test(writes_each_string_in_the_form_it_needs),
		cmocka_unit_test(
		    writes_long_strings_as_literals_and_nul_as_0x80),
	};

	return cmocka_run_group_tests_name("imap/token", tests, NULL, NULL);
}
