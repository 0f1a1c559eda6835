#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/attr.h"
#include "mime/subject.h"

static void
removes_what_replying_and_lists_add(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in, *want;
		bool is_reply;
	} cases[] = {
		{ "", "", false },
		{ "hello", "hello", false },
		{ "  a \t b  ", "a b", false },
		{ "Re: a", "a", true },
		{ "RE:RE: a", "a", true },
		{ "fw: a", "a", true },
		{ "Fwd : a", "a", true },
		{ "re[2]: a", "a", true },
		{ "re [2] : a", "a", true },
		{ "[list] a", "a", false },
		{ "[list] Re: a", "a", true },
		{ "Re: [list] a", "a", true },
		{ "[x] [y] Re: [z] a", "a", true },
		{ "[list]", "[list]", false },
		{ "[x] [y]", "[y]", false },
		{ "Re: [list]", "[list]", true },
		{ "a (fwd)", "a", true },
		{ "a (fwd) (FWD) ", "a", true },
		{ "[fwd: a]", "a", true },
		{ "[Fwd: Re: [x] a (fwd)]", "a", true },
		{ "[fwd: [fwd: a]]", "a", true },
		{ "[fwd: a", "[fwd: a", false },
		{ "Re:", "", true },
		{ "rent: a", "rent: a", false },
		{ "re a", "re a", false },
		{ "re[2 : a", "re[2 : a", false },
		{ "[a[b] c", "[a[b] c", false },
		{ "=?utf-8?q?Re:_=C3=A9?=", "\xc3\xa9", true },
		{ "a\r\n b", "a b", false },
	};
	/* clang-format on */
	struct buf out;

	(void)state;
	buf_init(&out, 0);
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str base;
		bool is_reply;

		assert_int_equal(mime_subject_base(&out, str_of(cases[i].in),
				     &base, &is_reply),
		    0);
		assert_int_equal(base.len, strlen(cases[i].want));
		if (base.len > 0)
			assert_memory_equal(base.p, cases[i].want, base.len);
		assert_int_equal(is_reply, cases[i].is_reply);
	}
	buf_clear(&out);
}

static void
says_when_out_is_full(void **state)
{
	struct str base;
	struct buf out;
	bool is_reply;

	(void)state;
	buf_init(&out, 3);
	assert_int_equal(mime_subject_base(&out, STR("abcd"), &base, &is_reply),
	    -1);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(removes_what_replying_and_lists_add),
		cmocka_unit_test(says_when_out_is_full),
	};

	return cmocka_run_group_tests_name("mime/subject", tests, NULL, NULL);
}
