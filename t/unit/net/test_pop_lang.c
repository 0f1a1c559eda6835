#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/pop_lang.h"

static void
answers_as_rfc6856_has_it(void **state)
{
	static const struct {
		const char *range;
		bool ok;
		const char *begins;
	} cases[] = {
		{ "", true, "+OK Language listing follows\r\nen English\r\n" },
		{ "en", true, "+OK en " },
		{ "EN", true, "+OK en " },
		{ "*", true, "+OK en " },
		{ "i-default", true, "+OK i-default " },
		{ "I", true, "+OK i-default " },
		{ "i-", false, "-ERR " },
		{ "e", false, "-ERR " },
		{ "de", false, "-ERR " },
		{ "en-GB", false, "-ERR " },
		{ "en ", false, "-ERR " },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct buf out;

		buf_init(&out, 0);
		assert_int_equal(pop_lang_answer(&out, str_of(cases[i].range)),
		    cases[i].ok);
		assert_true(str_starts(buf_str(&out), str_of(cases[i].begins)));
		assert_true(str_ends(buf_str(&out), STR("\r\n")));
		buf_clear(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_as_rfc6856_has_it),
	};

	return cmocka_run_group_tests_name("net/pop_lang", tests, NULL, NULL);
}
