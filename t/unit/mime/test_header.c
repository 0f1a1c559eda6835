#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/attr.h"
#include "mime/header.h"
#include "t/unit/assert_str.h"

static void
takes_fields_and_stops_at_the_body(void **state)
{
	static const struct {
		const char *in;
		const char *name, *value, *rest;
	} cases[] = {
		{ "A: b\r\n\r\nbody", "A", " b", "\r\nbody" },
		{ "A: b\n\nbody", "A", " b", "\nbody" },
		{ "A:b", "A", "b", "" },
		{ "A:", "A", "", "" },
		{ "A:\r\n", "A", "", "" },
		{ "Sub-ject \t: x\r\nB:", "Sub-ject", " x", "B:" },
		{ "A: b\r\n c\r\n\td\r\nE:", "A", " b\r\n c\r\n\td", "E:" },
		{ "A: b\r\n \r\n c\r\nE:", "A", " b\r\n \r\n c", "E:" },
		{ "A:\r\n b: c\r\n", "A", "\r\n b: c", "" },
		{ "A: b\rC: d\r\n", "A", " b\rC: d", "" },
		{ "A: \xff\x80\r\n", "A", " \xff\x80", "" },
		{ "A::\r\n", "A", ":", "" },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i].in);
		struct mime_field field;

		assert_true(mime_header_next(&in, &field));
		assert_str(field.name, cases[i].name);
		assert_str(field.value, cases[i].value);
		assert_str(in, cases[i].rest);
		assert_ptr_equal(field.raw.p, cases[i].in);
		assert_ptr_equal(field.raw.p + field.raw.len, in.p);
	}
}

static void
shows_lines_that_are_no_field_without_a_name(void **state)
{
	static const char *const cases[] = {
		"From me Mon Jan  1 00:00:00 2024\r\n",
		"no colon here\r\n",
		"no colon\r\n on: two lines\r\n",
		": no name\r\n",
		" \t: no name\r\n",
		" folded: first\r\n",
		"\t",
		"na\xc3\xafve: x\r\n",
		"two words: x\r\n",
		"\r",
		"\r\r\n",
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i]);
		struct mime_field field;

		assert_true(mime_header_next(&in, &field));
		assert_int_equal(field.name.len, 0);
		assert_str(field.raw, cases[i]);
		assert_int_equal(in.len, 0);
	}
}

static void
ends_at_the_first_empty_line_only(void **state)
{
	static const struct {
		const char *in;
		size_t size;
	} cases[] = {
		{ "", 0 },
		{ "\r\n", 2 },
		{ "\n\n", 1 },
		{ "\r\nA: b\r\n\r\n", 2 },
		{ "A: b", 4 },
		{ "A: b\r\n", 6 },
		{ "A: b\r\n\r\n", 8 },
		{ "A: b\r\n\r\n\r\nx", 8 },
		{ "A: b\n\r\nx", 7 },
		{ "A: b\r\n \r\n\r\nx", 11 },
		{ "A: b\r\n\r\r\n\n", 10 },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i].in), rest = in;
		struct mime_field field;

		assert_int_equal(mime_header_size(in), cases[i].size);
		while (mime_header_next(&rest, &field))
			continue;
		assert_ptr_equal(rest.p, in.p + cases[i].size);
	}
}

static void
finds_the_first_of_a_name_but_not_in_the_body(void **state)
{
	struct str in = STR("a: 1\r\nSUBJECT: x\r\nSubject: y\r\n\r\nTo: z");
	struct mime_field field;

	(void)state;
	assert_true(mime_header_find(in, "Subject", &field));
	assert_str(field.value, " x");
	assert_false(mime_header_find(in, "To", &field));
	assert_false(mime_header_find(in, "Sub", &field));
}

static void
unfolds_into_one_line(void **state)
{
	static const struct {
		const char *in;
		size_t len;
		const char *want;
	} cases[] = {
		{ "", 0, "" },
		{ "  ", 2, "" },
		{ " a b ", 5, "a b" },
		{ " a\r\n b", 6, "a b" },
		{ " a\n\tb\r\n", 7, "a b" },
		{ "a\0b", 3, "ab" },
		{ "a\rb", 3, "a b" },
		{ "a \t b", 5, "a \t b" },
		{ "a \r\n\t b\r\n\r\n c", 14, "a b c" },
		{ "a\0 \n b", 6, "a b" },
		{ "\r\n \r\n x", 7, "x" },
		{ "x \0", 3, "x" },
	};
	struct arena *arena = arena_new(0);

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_make(cases[i].in, cases[i].len);

		assert_str(mime_header_unfold(arena, in), cases[i].want);
	}
	arena_free(arena);
}

static void
unfolding_copies_only_when_it_must(void **state)
{
	struct arena *tiny = arena_new(1);
	struct str plain = STR(" one line ");

	(void)state;
	assert_ptr_equal(mime_header_unfold(tiny, plain).p, plain.p + 1);
	assert_null(mime_header_unfold(tiny, STR("two\r\n lines")).p);
	arena_free(tiny);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_fields_and_stops_at_the_body),
		cmocka_unit_test(shows_lines_that_are_no_field_without_a_name),
		cmocka_unit_test(ends_at_the_first_empty_line_only),
		cmocka_unit_test(finds_the_first_of_a_name_but_not_in_the_body),
		cmocka_unit_test(unfolds_into_one_line),
		cmocka_unit_test(unfolding_copies_only_when_it_must),
	};

	return cmocka_run_group_tests_name("mime/header", tests, NULL, NULL);
}
