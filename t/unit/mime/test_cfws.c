#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/attr.h"
#include "mime/cfws.h"

static void
moves_to_the_next_token(void **state)
{
	static const struct {
		const char *in;
		size_t at;
	} cases[] = {
		{ "", 0 },
		{ "a", 0 },
		{ " \t\r\n a", 5 },
		{ "(x)a", 3 },
		{ " (x) (y)\r\n a", 11 },
		{ "(x(y)z)a", 7 },
		{ "(\\))a", 4 },
		{ "(\\", 2 },
		{ "(x", 2 },
		{ "((x)", 4 },
		{ ")a", 0 },
		{ "()", 2 },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i].in);

		mime_cfws_skip(&in);
		assert_ptr_equal(in.p, cases[i].in + cases[i].at);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moves_to_the_next_token),
	};

	return cmocka_run_group_tests_name("mime/cfws", tests, NULL, NULL);
}
