#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/attr.h"
#include "smtpproto/ehlo.h"

static void
reads_what_is_offered(void **state)
{
	static const struct {
		const char *text, *ignored;
		unsigned ext;
		uint64_t size;
		const char *auth;
	} cases[] = {
		{ "", "", 0, 0, "" },
		{ "host", "", 0, 0, "" },
		{ "PIPELINING", "", 0, 0, "" }, /* that is its name */
		{ "h\nPIPELINING\n8bitmime", "",
		    SMTP_EXT_PIPELINING | SMTP_EXT_8BITMIME, 0, "" },
		{ "h\nDSN\nCHUNKING\nBINARYMIME\nSMTPUTF8\nSTARTTLS\n"
		  "ENHANCEDSTATUSCODES",
		    "",
		    SMTP_EXT_DSN | SMTP_EXT_CHUNKING | SMTP_EXT_BINARYMIME |
			SMTP_EXT_SMTPUTF8 | SMTP_EXT_STARTTLS |
			SMTP_EXT_ENHANCED,
		    0, "" },
		{ "h\nSIZE", "", SMTP_EXT_SIZE, 0, "" },
		{ "h\nSIZE 0", "", SMTP_EXT_SIZE, 0, "" },
		{ "h\nSIZE 1000 ", "", SMTP_EXT_SIZE, 1000, "" },
		{ "h\nSIZE 18446744073709551615", "", SMTP_EXT_SIZE, UINT64_MAX,
		    "" },
		{ "h\nSIZE 18446744073709551616", "", SMTP_EXT_SIZE, 0, "" },
		{ "h\nSIZE -1", "", SMTP_EXT_SIZE, 0, "" },
		{ "h\nSIZE x", "", SMTP_EXT_SIZE, 0, "" },
		{ "h\nAUTH PLAIN login", "", SMTP_EXT_AUTH, 0, "PLAIN LOGIN" },
		{ "h\nAUTH=LOGIN PLAIN\nAUTH PLAIN", "", SMTP_EXT_AUTH, 0,
		    "LOGIN PLAIN" },
		{ "h\nAUTH \"x\" a/b SCRAM-SHA-256-PLUS "
		  "ABCDEFGHIJKLMNOPQRSTU",
		    "", SMTP_EXT_AUTH, 0, "SCRAM-SHA-256-PLUS" },
		{ "h\nDSN\nCHUNKING\nSIZE 5", "chunking, SIZE", SMTP_EXT_DSN, 0,
		    "" },
		{ "h\nDSNX\nXDSN\n DSN", "", SMTP_EXT_DSN, 0, "" },
		{ "h\n\n\n \nDSN", "", SMTP_EXT_DSN, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct smtp_ehlo ehlo;

		smtp_ehlo_parse(&ehlo, str_of(cases[i].text),
		    str_of(cases[i].ignored));
		assert_int_equal(ehlo.ext, cases[i].ext);
		assert_true(ehlo.size == cases[i].size);
		assert_string_equal(ehlo.auth, cases[i].auth);
	}
}

static void
keeps_whole_mechanisms_up_to_its_room(void **state)
{
	char text[4000] = "h\nAUTH";
	struct smtp_ehlo ehlo;

	(void)state;
	for (int i = 0; i < 150; i++)
		(void)snprintf(text + strlen(text), 24, " MECHANISM-%09d", i);
	smtp_ehlo_parse(&ehlo, str_of(text), STR(""));
	assert_true(strlen(ehlo.auth) <= sizeof(ehlo.auth) - 1);
	assert_true(strlen(ehlo.auth) > sizeof(ehlo.auth) - 22);
	assert_int_equal((strlen(ehlo.auth) + 1) % 20, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_is_offered),
		cmocka_unit_test(keeps_whole_mechanisms_up_to_its_room),
	};

	return cmocka_run_group_tests_name("smtpproto/ehlo", tests, NULL, NULL);
}
