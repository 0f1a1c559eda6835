#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/attr.h"
#include "mime/param.h"

/* " name=value" each, "*" behind the name of an extended one. */
static void
show(struct buf *out, const struct mime_value *value)
{
	buf_addf(out, "%" STR_F "/%" STR_F, STR_A(value->type),
	    STR_A(value->subtype));
	for (const struct mime_param *p = value->params; p != NULL; p = p->next)
		buf_addf(out, " %" STR_F "%s=%" STR_F, STR_A(p->name),
		    p->extended ? "*" : "", STR_A(p->value));
}

static void
assert_type(struct str in, size_t max, const char *want)
{
	struct arena *arena = arena_new(0);
	struct mime_value value;
	struct buf out;

	buf_init(&out, 0);
	(void)mime_content_type_parse(&value, arena, in, max);
	show(&out, &value);
	assert_string_equal(buf_cstr(&out), want);
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
		assert_type(str_of(examples[i].in), 20, examples[i].want);
}

static void
parses_types_and_parameters(void **state)
{
	/* clang-format off */
	static const struct example cases[] = {
		{ "text/plain", "text/plain" },
		{ " Text / Plain ;", "Text/Plain" },
		{ "a/b; c=d", "a/b c=d" },
		{ "a/b;c=d;e=f", "a/b c=d e=f" },
		{ "a/b; c=\"d; e\"", "a/b c=d; e" },
		{ "a/b; c=\"d\\\"e\\\\\"", "a/b c=d\"e\\" },
		{ "a/b; c=\"\"", "a/b c=" },
		{ "text/plain; charset=us-ascii (Plain text)",
		    "text/plain charset=us-ascii" },
		{ "(x) a (y) / (z) b (;) ; (w) c (v) = (u) d", "a/b c=d" },
		{ "a/b;\r\n c=d;\r\n\te=f", "a/b c=d e=f" },
		{ "a/b; C=d; c=e", "a/b C=d" },
	};
	/* clang-format on */

	(void)state;
	assert_examples(cases, NELEMS(cases));
}

static void
joins_continuations(void **state)
{
	/* clang-format off */
	static const struct example cases[] = {
		{ "a/b; n*0=x; n*1=y", "a/b n=xy" },
		{ "a/b; n*1=y; n*0=x; m=z", "a/b n=xy m=z" },
		{ "a/b; n*0=x; n*2=z", "a/b n=x" },
		{ "a/b; n*1=x; n*2=y", "a/b n=xy" },
		{ "a/b; n*2=x", "a/b" },
		{ "a/b; n*0=x; n*0=y", "a/b n=x" },
		{ "a/b; n*=utf-8''%41", "a/b n*=utf-8''%41" },
		{ "a/b; n=z; n*=utf-8''%41", "a/b n*=utf-8''%41" },
		{ "a/b; n*0*=utf-8''%41; n*1=\"%42\"; n*2*=%43",
		    "a/b n*=utf-8''%41%2542%43" },
		{ "a/b; n*0=100%; n*1*=%43", "a/b n*=''100%25%43" },
		{ "a/b; n*0=x; n=y", "a/b n=x" },
		{ "a/b; n*x=y", "a/b n=y" },
		{ "a/b; *=y", "a/b *=y" },
		{ "a/b; n*99999=y", "a/b n=y" },
	};
	/* clang-format on */

	(void)state;
	assert_examples(cases, NELEMS(cases));
}

static void
takes_broken_parameters_as_they_were_meant(void **state)
{
	/* clang-format off */
	static const struct example cases[] = {
		{ "a/b; n=my file (1).pdf; m=x", "a/b n=my file (1).pdf m=x" },
		{ "a/b; n = x", "a/b n=x" },
		{ "a/b n=x", "a/b n=x" },
		{ "a/b;;; ; n=x;", "a/b n=x" },
		{ "a/b; n; m=x", "a/b m=x" },
		{ "a/b; =x; m=y", "a/b m=y" },
		{ "a/b; n=", "a/b n=" },
		{ "a/b; n=;m=x", "a/b n= m=x" },
		{ "a/b; n=\"open; m=x", "a/b n=open; m=x" },
		{ "a/b; n=\"open\\", "a/b n=open\\" },
		{ "a/b; n=\xc3\xa9", "a/b n=\xc3\xa9" },
		{ "a/b; n=\"x\" y; m=z", "a/b n=x m=z" },
		{ "a/b; n=x\r\n y", "a/b n=x y" },
		{ "a/b/c; n=x", "a/b n=x" },
		{ "a/b; (open", "a/b" },
	};
	/* clang-format on */

	(void)state;
	assert_examples(cases, NELEMS(cases));
}

static void
refuses_what_is_no_type(void **state)
{
	static const char *const cases[] = { "", "text", "text/", "/plain",
		"text;x=y", "\"text/plain\"", "t\xc3\xa9xt/plain",
		"text plain" };
	struct arena *arena = arena_new(0);

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct mime_value value;

		assert_int_equal(
		    mime_content_type_parse(&value, arena, str_of(cases[i]), 9),
		    -1);
		assert_int_equal(value.type.len, 0);
		assert_null(value.params);
	}
	arena_free(arena);
}

static void
parses_dispositions(void **state)
{
	struct arena *arena = arena_new(0);
	struct mime_value value;
	struct buf out;

	(void)state;
	buf_init(&out, 0);
	assert_int_equal(mime_disposition_parse(&value, arena,
			     STR(" attachment; filename=x"), 9),
	    0);
	show(&out, &value);
	assert_string_equal(buf_cstr(&out), "attachment/ filename=x");
	assert_int_equal(mime_disposition_parse(&value, arena, STR(" ;a=b"), 9),
	    -1);
	buf_clear(&out);
	arena_free(arena);
}

static void
stops_at_the_limit(void **state)
{
	(void)state;
	assert_type(STR("a/b; c=d; e=f"), 2, "a/b c=d e=f");
	assert_type(STR("a/b; c=d; e=f; g=h"), 2, "a/b c=d e=f");
	assert_type(STR("a/b; c*0=d; c*1=f; c*2=h"), 2, "a/b c=df");
	assert_type(STR("a/b; c=d"), 0, "a/b");
}

static void
drops_nul_from_names_and_values(void **state)
{
	(void)state;
	assert_type(STR("a/b; \0=x; c\0=\"y\0\"; d=\0z"), 9, "a/b c=y d=z");
}

static void
decodes_text(void **state)
{
	static const struct example cases[] = {
		{ "a/b; n=plain", "plain" },
		{ "a/b; n=\"=?utf-8?q?=C3=A9?=\"", "\xc3\xa9" },
		{ "a/b; n*=iso-8859-1'en'%E9%zz", "\xc3\xa9%zz" },
		{ "a/b; n*=utf-8''%C3%A9'", "\xc3\xa9'" },
		{ "a/b; n*=''%C3%A9", "\xc3\xa9" },
		{ "a/b; n*=%C3%A9", "\xc3\xa9" },
		{ "a/b; n*=a'%C3%A9", "a'\xc3\xa9" },
		{ "a/b; n*0*=utf-8''%C3; n*1*=%A9", "\xc3\xa9" },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct arena *arena = arena_new(0);
		struct mime_value value;
		struct buf out;

		buf_init(&out, 0);
		assert_int_equal(mime_content_type_parse(&value, arena,
				     str_of(cases[i].in), 9),
		    0);
		assert_int_equal(
		    mime_param_text(&out, mime_param_find(value.params, "N")),
		    0);
		assert_string_equal(buf_cstr(&out), cases[i].want);
		buf_clear(&out);
		arena_free(arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_types_and_parameters),
		cmocka_unit_test(joins_continuations),
		cmocka_unit_test(takes_broken_parameters_as_they_were_meant),
		cmocka_unit_test(refuses_what_is_no_type),
		cmocka_unit_test(parses_dispositions),
		cmocka_unit_test(stops_at_the_limit),
		cmocka_unit_test(drops_nul_from_names_and_values),
		cmocka_unit_test(decodes_text),
	};

	return cmocka_run_group_tests_name("mime/param", tests, NULL, NULL);
}
