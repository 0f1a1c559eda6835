#include <argon2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "auth/secret.h"

static void
hashes_as_slapd_reads_it(void **state)
{
	static const char head[] = "{ARGON2}$argon2id$v=19$m=19456,t=2,p=1$";
	struct buf first, second;
	struct err err;
	const char *hash;

	(void)state;
	buf_init(&first, 0);
	buf_init(&second, 0);
	assert_int_equal(secret_hash(&first, STR("secret"), &err), 0);
	assert_int_equal(secret_hash(&second, STR("secret"), &err), 0);
	assert_true(str_starts(buf_str(&first), str_of(head)));
	hash = buf_cstr(&first) + sizeof("{ARGON2}") - 1;
	assert_int_equal(argon2id_verify(hash, "secret", 6), ARGON2_OK);
	assert_int_not_equal(argon2id_verify(hash, "Secret", 6), ARGON2_OK);
	/* salted: no two are alike */
	assert_false(str_eq(buf_str(&first), buf_str(&second)));
	buf_clear(&first);
	buf_clear(&second);
}

static void
hashes_what_nobody_knows(void **state)
{
	struct buf first, second;
	struct err err;

	(void)state;
	buf_init(&first, 0);
	buf_init(&second, 10);
	assert_int_equal(secret_hash_unknown(&first, &err), 0);
	assert_int_not_equal(
	    argon2id_verify(buf_cstr(&first) + sizeof("{ARGON2}") - 1, "", 0),
	    ARGON2_OK);
	assert_int_equal(secret_hash_unknown(&second, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	buf_clear(&first);
	buf_clear(&second);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_as_slapd_reads_it),
		cmocka_unit_test(hashes_what_nobody_knows),
	};

	return cmocka_run_group_tests_name("auth/secret", tests, NULL, NULL);
}
