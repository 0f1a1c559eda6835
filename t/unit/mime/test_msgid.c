#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/buf.h"
#include "mime/msgid.h"

static void
assert_ids(const char *in, const char *want)
{
	struct arena *arena = arena_new(0);
	struct str rest = str_of(in), id;
	struct buf out;

	buf_init(&out, 0);
	while (mime_msgid_next(&rest, &id)) {
		buf_addc(&out, '[');
		buf_add_str(&out, mime_msgid_normal(arena, id));
		buf_addc(&out, ']');
	}
	assert_int_equal(rest.len, 0);
	assert_string_equal(buf_cstr(&out), want);
	buf_clear(&out);
	arena_free(arena);
}

static void
finds_every_id_and_normalises_it(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "", "" },
		{ "none", "" },
		{ "<a@b>", "[a@b]" },
		{ " <a@b>\r\n <c@d>x", "[a@b][c@d]" },
		{ "<a@b><c@d>", "[a@b][c@d]" },
		{ "Your mail of (x) <a@b> today", "[a@b]" },
		{ "< a @ b\r\n >", "[a@b]" },
		{ "<\"a\\\"b\"@c>", "[a\"b@c]" },
		{ "<\"a>b\"@c> <d@e>", "[a>b@c][d@e]" },
		{ "<>", "" },
		{ "< >", "" },
		{ "<", "" },
		{ "<a@b", "" },
		{ "<a@b <c@d>", "[c@d]" },
		{ "<<a@b>>", "[a@b]" },
		{ "<\"a@b> <c@d>", "" },
		{ "<01KF8JCEOCBS0045PS@x>", "[01KF8JCEOCBS0045PS@x]" },
		{ "<\"01KF8JCEOCBS0045PS\"@x>", "[01KF8JCEOCBS0045PS@x]" },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++)
		assert_ids(cases[i].in, cases[i].want);
}

static void
copies_only_what_changes(void **state)
{
	struct arena *tiny = arena_new(1);
	struct str plain = STR("a@b");

	(void)state;
	assert_ptr_equal(mime_msgid_normal(tiny, plain).p, plain.p);
	assert_null(mime_msgid_normal(tiny, STR("a @b")).p);
	arena_free(tiny);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_every_id_and_normalises_it),
		cmocka_unit_test(copies_only_what_changes),
	};

	return cmocka_run_group_tests_name("mime/msgid", tests, NULL, NULL);
}
