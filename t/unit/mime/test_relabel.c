/*
 * mime/relabel: one field of a header is another, the rest stays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mime/relabel.h"

#define CTE "Content-Transfer-Encoding: "

static void
changes_one_field(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in;
		struct mime_relabel to;
		const char *out;
	} cases[] = {
		{ "\r\n", { MIME_BASE64, false, true }, CTE "base64\r\n\r\n" },
		{ "", { MIME_7BIT, false, true }, CTE "7bit\r\n\r\n" },
		{ "A: b\r\n" CTE "8bit\r\nC: d\r\n\r\n",
		    { MIME_QUOTED_PRINTABLE, true, false },
		    "A: b\r\n" CTE "quoted-printable\r\nC: d\r\n"
		    "MIME-Version: 1.0\r\n\r\n" },
		{ "content-transfer-encoding :\r\n binary\r\n" CTE "x\r\n\r\n",
		    { MIME_8BIT, false, false }, CTE "8bit\r\n\r\n" },
		{ "mime-version: 1.0\r\nContent-Type: a/b\r\n\r\n",
		    { MIME_BASE64, true, true },
		    "mime-version: 1.0\r\nContent-Type: a/b\r\n"
		    CTE "base64\r\n\r\n" },
		{ "MIME-Version: 1.0\r\n\r\n", { MIME_BASE64, true, true },
		    "MIME-Version: 1.0\r\nContent-Type: text/plain; "
		    "charset=unknown-8bit\r\n" CTE "base64\r\n\r\n" },
		{ "MIME-Version: 1.0\r\n\r\n", { MIME_BASE64, true, false },
		    "MIME-Version: 1.0\r\n" CTE "base64\r\n\r\n" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out;

		buf_init(&out, 0);
		mime_relabel(&out, str_of(cases[i].in), &cases[i].to);
		assert_string_equal(buf_cstr(&out), cases[i].out);
		buf_clear(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_one_field),
	};

	return cmocka_run_group_tests_name("mime/relabel", tests, NULL, NULL);
}
