#include <ldap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "dict/escape.h"

static void
leaves_only_plain_bytes(void **state)
{
	static const struct {
		struct str in;
		const char *out;
	} cases[] = {
		{ STR(""), "" },
		{ STR("anna@example.org"), "anna@example.org" },
		{ STR("*"), "\\2a" },
		{ STR("a)(uid=*"), "a\\29\\28uid\\3d\\2a" },
		{ STR("back\\slash"), "back\\5cslash" },
		{ STR("nul\0end"), "nul\\00end" },
		{ STR("a+b"), "a\\2bb" },
		{ STR(" a "), "\\20a\\20" },
		{ STR("#a,b;c"), "\\23a\\2cb\\3bc" },
		{ STR("caf\xc3\xa9"), "caf\\c3\\a9" },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct buf out;

		buf_init(&out, 0);
		assert_int_equal(escape_filter(&out, cases[i].in), 0);
		assert_string_equal(buf_cstr(&out), cases[i].out);
		buf_reset(&out);
		assert_int_equal(escape_dn(&out, cases[i].in), 0);
		assert_string_equal(buf_cstr(&out), cases[i].out);
		buf_clear(&out);
	}
}

/* libldap, which reads names by RFC 4514, gets every byte back. */
static void
names_read_back_as_they_were(void **state)
{
	char bytes[255];
	struct str in = str_make(bytes, sizeof(bytes));
	struct buf dn;
	LDAPDN parsed = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i + 1);
	buf_init(&dn, 0);
	(void)buf_addz(&dn, "mail=");
	assert_int_equal(escape_dn(&dn, in), 0);
	(void)buf_addz(&dn, ",o=x");
	assert_int_equal(
	    ldap_str2dn(buf_cstr(&dn), &parsed, LDAP_DN_FORMAT_LDAPV3), 0);
	assert_non_null(parsed[0]);
	assert_non_null(parsed[1]);
	assert_null(parsed[2]);
	assert_int_equal(parsed[0][0]->la_value.bv_len, sizeof(bytes));
	assert_memory_equal(parsed[0][0]->la_value.bv_val, bytes,
	    sizeof(bytes));
	ldap_dnfree(parsed);
	buf_clear(&dn);
}

static void
says_when_it_does_not_fit(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 4);
	assert_int_equal(escape_filter(&out, STR("a*")), 0);
	assert_int_equal(escape_filter(&out, STR("*")), -1);
	assert_true(out.full);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_only_plain_bytes),
		cmocka_unit_test(names_read_back_as_they_were),
		cmocka_unit_test(says_when_it_does_not_fit),
	};

	return cmocka_run_group_tests_name("dict/escape", tests, NULL, NULL);
}
