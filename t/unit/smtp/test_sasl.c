#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <sasl/saslutil.h>
#include <string.h>

#include "smtp/sasl.h"

/* What SCRAM's first message says behind "r=". */
static struct str
nonce_of(struct sasl_talk *talk, struct buf *first)
{
	const char *mechanism;
	bool has_initial;
	struct err err;
	struct str rest, part = { "", 0 };

	assert_int_equal(sasl_talk_begin(talk, "SCRAM-SHA-256", &mechanism,
			     first, &has_initial, &err),
	    0);
	assert_true(has_initial);
	rest = buf_str(first);
	while (str_split(&rest, ',', &part) && memcmp(part.p, "r=", 2) != 0)
		;
	return part;
}

static void
nonces_differ_and_are_long(void **state)
{
	struct sasl_talk *talk[2];
	struct buf first[2];
	struct str nonce[2];
	struct err err;

	(void)state;
	assert_int_equal(sasl_setup(&err), 0);
	for (int i = 0; i < 2; i++) {
		buf_init(&first[i], 4096);
		talk[i] = sasl_talk_new("peer.test", "ada", "secret", 0, &err);
		assert_non_null(talk[i]);
		nonce[i] = nonce_of(talk[i], &first[i]);
		assert_in_range(nonce[i].len, 2 + 24, 2 + 64);
	}
	assert_false(str_eq(nonce[0], nonce[1]));
	for (int i = 0; i < 2; i++) {
		buf_clear(&first[i]);
		sasl_talk_free(talk[i]);
	}
}

/* The library's own would ask a file that no jail has. */
static void
the_library_takes_our_random_bytes(void **state)
{
	void *library = dlopen("libsasl2.so.2", RTLD_NOW | RTLD_NOLOAD);

	(void)state;
	assert_non_null(library);
	assert_ptr_equal(dlsym(RTLD_DEFAULT, "sasl_rand"), (void *)sasl_rand);
	assert_ptr_not_equal(dlsym(library, "sasl_rand"), (void *)sasl_rand);
	(void)dlclose(library);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nonces_differ_and_are_long),
		cmocka_unit_test(the_library_takes_our_random_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
