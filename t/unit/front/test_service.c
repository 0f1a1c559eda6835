#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "front/service.h"

static void
names_lead_to_protocols(void **state)
{
	static const struct {
		const char *name, *services;
		enum limits_class class;
		bool tls;
	} cases[] = {
		{ "smtp", "", LIMITS_SMTP, false },
		{ "submissions", "", LIMITS_SMTP, true },
		{ "imap", "", LIMITS_IMAP, false },
		{ "993", "", LIMITS_IMAP, true },
		{ "pop3s", "", LIMITS_POP3, true },
		{ "127.0.0.1:imaps", "", LIMITS_IMAP, true },
		{ "[::1]:25", "", LIMITS_SMTP, false },
		{ "10025", "10025=smtp", LIMITS_SMTP, false },
		{ "x", "y=imap, x=pop3+tls,z=smtp", LIMITS_POP3, true },
		{ "127.0.0.1:99", "127.0.0.1:99=imap", LIMITS_IMAP, false },
		{ "imap", "imap=imap+tls", LIMITS_IMAP, true },
	};
	struct service service;
	struct err err;

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		assert_int_equal(service_find(&service, str_of(cases[i].name),
				     str_of(cases[i].services), &err),
		    0);
		assert_string_equal(service.name, cases[i].name);
		assert_int_equal(service.class, cases[i].class);
		assert_int_equal(service.tls, cases[i].tls);
		assert_int_equal(service.login == NULL,
		    cases[i].class == LIMITS_SMTP);
	}
}

static void
what_nobody_knows_is_refused(void **state)
{
	static const struct {
		const char *name, *services;
		enum err_kind kind;
	} cases[] = {
		{ "10025", "", ERR_NOENT },
		{ "10025", "10026=smtp", ERR_NOENT },
		{ "", "", ERR_NOENT },
		{ "x", "x=http", ERR_SYNTAX },
		{ "x", "x=", ERR_SYNTAX },
		{ "x", "x=smtp+ssl", ERR_SYNTAX },
		{ "x", "x", ERR_SYNTAX },
		{ "x", "=smtp", ERR_SYNTAX },
	};
	struct service service;
	struct err err;

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		assert_int_equal(service_find(&service, str_of(cases[i].name),
				     str_of(cases[i].services), &err),
		    -1);
		assert_int_equal(err.kind, cases[i].kind);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_lead_to_protocols),
		cmocka_unit_test(what_nobody_knows_is_refused),
	};

	return cmocka_run_group_tests_name("front/service", tests, NULL, NULL);
}
