#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/attr.h"
#include "mime/address.h"

/* "name|route|mailbox|host" each, "!" before what is not valid. */
static void
show(struct buf *out, const struct mime_address_list *list)
{
	const struct mime_address *a;

	for (a = list->first; a != NULL; a = a->next) {
		if (a != list->first)
			buf_addc(out, ' ');
		if (a->kind == MIME_ADDRESS_GROUP_END) {
			buf_addc(out, '}');
			continue;
		}
		if (a->kind == MIME_ADDRESS_GROUP) {
			buf_addf(out, "%" STR_F "{", STR_A(a->mailbox));
			continue;
		}
		buf_addf(out, "%s%" STR_F "|%" STR_F "|%" STR_F "|%" STR_F,
		    a->valid ? "" : "!", STR_A(a->name), STR_A(a->route),
		    STR_A(a->mailbox), STR_A(a->host));
	}
}

static void
assert_list(struct str in, size_t max, const char *want, bool truncated)
{
	struct mime_address_list list = { 0 };
	struct arena *arena = arena_new(0);
	struct buf out;

	buf_init(&out, 0);
	mime_address_parse(&list, arena, in, max);
	show(&out, &list);
	assert_string_equal(buf_cstr(&out), want);
	assert_int_equal(list.truncated, truncated);
	buf_clear(&out);
	arena_free(arena);
}

struct example {
	const char *in, *want;
};

static void
assert_examples(const struct example *examples, size_t len)
{
	for (size_t i = 0; i < len; i++)
		assert_list(str_of(examples[i].in), 10, examples[i].want,
		    false);
}

static void
parses_what_the_grammar_allows(void **state)
{
	/* clang-format off */
	static const struct example cases[] = {
		{ "", "" },
		{ " \r\n ", "" },
		{ "a@b", "||a|b" },
		{ "<a@b>", "||a|b" },
		{ "Joe <a@b>", "Joe||a|b" },
		{ " Joe  Doe\r\n <a@b>", "Joe Doe||a|b" },
		{ "\"Doe, Joe\" <a@b>", "Doe, Joe||a|b" },
		{ "\"a\\\"b\\\\c\" <a@b>", "a\"b\\c||a|b" },
		{ "Joe Q. Public <a@b>", "Joe Q. Public||a|b" },
		{ "=?utf-8?q?J=C3=B6?= <a@b>", "=?utf-8?q?J=C3=B6?=||a|b" },
		{ "J\xc3\xb6 <\xc3\xb6@\xc3\xa4.de>",
		    "J\xc3\xb6||\xc3\xb6|\xc3\xa4.de" },
		{ "a@b, c@d", "||a|b ||c|d" },
		{ "a@b,,\r\n , c@d,", "||a|b ||c|d" },
		{ "\"a b\"@c", "||a b|c" },
		{ "a.b.c@d.e", "||a.b.c|d.e" },
		{ "a . b @ c . d", "||a.b|c.d" },
		{ "\"a\".b@c", "||a.b|c" },
		{ "a@[192.0.2.1]", "||a|[192.0.2.1]" },
		{ "<a@[IPv6:2001:db8::1]>", "||a|[IPv6:2001:db8::1]" },
		{ "a@[IPv6:::1], c@d", "||a|[IPv6:::1] ||c|d" },
		{ "<@x,@y.z:a@b>", "|@x,@y.z|a|b" },
		{ "J <@x, @y : a@b>", "J|@x,@y|a|b" },
		{ "\"\"@b", "||" "|b" },
	};
	/* clang-format on */

	(void)state;
	assert_examples(cases, NELEMS(cases));
}

static void
takes_names_from_comments_and_drops_the_others(void **state)
{
	static const struct example cases[] = {
		{ "a@b (Joe Doe)", "Joe Doe||a|b" },
		{ "a@[192.0.2.1] (Joe)", "Joe||a|[192.0.2.1]" },
		{ "(x) a (y) @ (z) b (Joe)", "Joe||a|b" },
		{ "a@b (J (nested) \\) D)", "J (nested) ) D||a|b" },
		{ "Joe (x) Doe <a@b> (y)", "Joe Doe||a|b" },
		{ "<a@b> (Joe), c@d", "Joe||a|b ||c|d" },
		{ "(Joe) <a@b>", "Joe||a|b" },
		{ "(only a comment)", "" },
		{ "a@b (open", "open||a|b" },
		{ "a@b (", "||a|b" },
	};

	(void)state;
	assert_examples(cases, NELEMS(cases));
}

static void
marks_where_groups_begin_and_end(void **state)
{
	static const struct example cases[] = {
		{ "g:;", "g{ }" },
		{ "undisclosed recipients: ;", "undisclosed recipients{ }" },
		{ "g: a@b, \"J\" <c@d>;", "g{ ||a|b J||c|d }" },
		{ "g:a@b;, c@d", "g{ ||a|b } ||c|d" },
		{ "g:a@b; h:c@d;", "g{ ||a|b } h{ ||c|d }" },
		{ "g: a@b", "g{ ||a|b }" },
		{ "g:", "g{ }" },
		{ ":;", "{ }" },
		{ "g: <a@b>;", "g{ ||a|b }" },
		{ "g: h: a@b;", "g{ !||h:a|b }" },
	};

	(void)state;
	assert_examples(cases, NELEMS(cases));
}

static void
gives_the_best_of_what_is_wrong(void **state)
{
	static const struct example cases[] = {
		{ "Joe", "!||Joe|" },
		{ "Joe Doe, a@b", "!||Joe Doe| ||a|b" },
		{ "<>", "!|||" },
		{ "Joe <>", "!Joe|||" },
		{ "Joe <joe>", "!Joe||joe|" },
		{ "@b", "!|||b" },
		{ "a@", "!||a|" },
		{ "a@b@c", "!||a@b|c" },
		{ "a b@c", "!||a b|c" },
		{ "a..b@c", "!||a..b|c" },
		{ ".a@c", "!||.a|c" },
		{ "a@b.", "!||a|b." },
		{ "a@[b", "!||a|[b" },
		{ "a@[b (]", "!]||a|[b" },
		{ "a@[]", "!||a|[]" },
		{ "a@[b,c]", "!||a|[b !||c]|" },
		{ "a@\"b\"", "!||a|b" },
		{ "<a@b", "!||a|b" },
		{ "Joe <a@b, c@d", "!Joe||a|b ||c|d" },
		{ "a@b; c@d", "||a|b ||c|d" },
		{ "a@b <a@b>", "a@b||a|b" },
		{ "<a@b> <c@d>", "||a|b ||c|d" },
		{ "\"Joe <a@b>, c@d", "!||Joe <a@b>, c@d|" },
		{ "[list] Joe <a@b>", "[list] Joe||a|b" },
		{ "<@x a@b>", "!||@x a|b" },
		{ "a)@b", "!||a)|b" },
		{ "\"a\\", "!||a\\|" },
		{ "a>b@c", "!||a>b|c" },
	};

	(void)state;
	assert_examples(cases, NELEMS(cases));
}

static void
drops_nul_and_line_endings(void **state)
{
	(void)state;
	assert_list(str_make("\"a\0b\r\n c\" <d@\0e>", 17), 10, "ab c||d|e",
	    false);
}

static void
stops_at_the_limit_and_still_ends_the_group(void **state)
{
	(void)state;
	assert_list(STR("a@b,c@d"), 2, "||a|b ||c|d", false);
	assert_list(STR("a@b,c@d,e@f"), 2, "||a|b ||c|d", true);
	assert_list(STR("g:a@b,c@d;"), 2, "g{ ||a|b }", true);
	assert_list(STR("g:;h:;"), 1, "g{ }", true);
	assert_list(STR("a@b"), 0, "", true);
}

static void
says_when_the_arena_is_full(void **state)
{
	struct mime_address_list list = { 0 };
	struct arena *arena = arena_new(16);

	(void)state;
	mime_address_parse(&list, arena, STR("a@b"), 10);
	assert_true(list.truncated);
	assert_null(list.first);
	arena_free(arena);
}

static void
appends_to_the_list_of_an_earlier_field(void **state)
{
	struct mime_address_list list = { 0 };
	struct arena *arena = arena_new(0);
	struct buf out;

	(void)state;
	buf_init(&out, 0);
	mime_address_parse(&list, arena, STR("a@b"), 10);
	mime_address_parse(&list, arena, STR("g:c@d;"), 10);
	show(&out, &list);
	assert_string_equal(buf_cstr(&out), "||a|b g{ ||c|d }");
	assert_int_equal(list.count, 3);
	buf_clear(&out);
	arena_free(arena);
}

static void
writes_addresses_back(void **state)
{
	static const struct example cases[] = {
		{ "a.b@c", "a.b@c" },
		{ "\"a b\"@c", "\"a b\"@c" },
		{ "\"a\\\"\\\\\"@c", "\"a\\\"\\\\\"@c" },
		{ "\"\"@c", "\"\"@c" },
		{ "a..b@c", "\"a..b\"@c" },
		{ "just words", "just words" },
		{ "\xc3\xb6@c", "\xc3\xb6@c" },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct mime_address_list list = { 0 };
		struct arena *arena = arena_new(0);
		struct buf out;

		buf_init(&out, 0);
		mime_address_parse(&list, arena, str_of(cases[i].in), 1);
		assert_int_equal(mime_address_write(&out, list.first), 0);
		assert_string_equal(buf_cstr(&out), cases[i].want);
		buf_clear(&out);
		arena_free(arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_what_the_grammar_allows),
		cmocka_unit_test(
		    takes_names_from_comments_and_drops_the_others),
		cmocka_unit_test(marks_where_groups_begin_and_end),
		cmocka_unit_test(gives_the_best_of_what_is_wrong),
		cmocka_unit_test(drops_nul_and_line_endings),
		cmocka_unit_test(stops_at_the_limit_and_still_ends_the_group),
		cmocka_unit_test(says_when_the_arena_is_full),
		cmocka_unit_test(appends_to_the_list_of_an_earlier_field),
		cmocka_unit_test(writes_addresses_back),
	};

	return cmocka_run_group_tests_name("mime/address", tests, NULL, NULL);
}
