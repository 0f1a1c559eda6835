#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "smtpd/clamd_reply.h"

static void
answers_are_told_apart(void **state)
{
	static const struct {
		struct str in;
		enum clamd_verdict verdict;
		const char *name;
	} cases[] = {
		{ STR("stream: OK\0"), CLAMD_CLEAN, "" },
		{ STR("stream: OK\n"), CLAMD_CLEAN, "" },
		{ STR("stream: Eicar-Test-Signature FOUND\0"), CLAMD_FOUND,
		    "Eicar-Test-Signature" },
		{ STR("stream: Test.Eicar.UNOFFICIAL FOUND\n"), CLAMD_FOUND,
		    "Test.Eicar.UNOFFICIAL" },
		{ STR("stream: x FOUND\0"), CLAMD_FOUND, "x" },
		{ STR("stream: OK FOUND\0"), CLAMD_FOUND, "OK" },
	};
	enum clamd_verdict verdict;
	struct str name;
	struct err err;

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		assert_int_equal(
		    clamd_reply_parse(cases[i].in, &verdict, &name, &err), 0);
		assert_int_equal(verdict, cases[i].verdict);
		assert_true(str_eqz(name, cases[i].name));
	}
}

static void
what_is_no_answer_is_no_verdict(void **state)
{
	static const struct {
		struct str in;
		enum err_kind kind;
	} cases[] = {
		{ STR(""), ERR_SYNTAX },
		{ STR("\0"), ERR_SYNTAX },
		{ STR("stream: OK"), ERR_SYNTAX },
		{ STR("stream: OK \0"), ERR_SYNTAX },
		{ STR("stream: ok\0"), ERR_SYNTAX },
		{ STR("OK\0"), ERR_SYNTAX },
		{ STR("stream:  FOUND\0"), ERR_SYNTAX },
		{ STR("stream: FOUND\0"), ERR_SYNTAX },
		{ STR("stream: a b FOUND\0"), ERR_SYNTAX },
		{ STR("stream: a\r\nX: y FOUND\0"), ERR_SYNTAX },
		{ STR("stream: \xc3\xa4 FOUND\0"), ERR_SYNTAX },
		{ STR("stream: a FOUND \0"), ERR_SYNTAX },
		{ STR("stream: OK\0stream: OK\0"), ERR_SYNTAX },
		{ STR("INSTREAM size limit exceeded. ERROR\0"), ERR_TEMP },
		{ STR("stream: Can't allocate memory ERROR\0"), ERR_TEMP },
	};
	enum clamd_verdict verdict;
	struct str name;
	struct err err;

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		assert_int_equal(
		    clamd_reply_parse(cases[i].in, &verdict, &name, &err), -1);
		assert_int_equal(err.kind, cases[i].kind);
		assert_int_equal(verdict, CLAMD_CLEAN);
		assert_int_equal(name.len, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_told_apart),
		cmocka_unit_test(what_is_no_answer_is_no_verdict),
	};

	return cmocka_run_group_tests_name("smtpd/clamd_reply", tests, NULL,
	    NULL);
}
