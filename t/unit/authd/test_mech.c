/*
 * What mech makes of what clients say in LOGIN: the name first. Under ASan
 * this shows that nothing of a refused attempt is left.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "authd/mech.h"
#include "base/attr.h"

static const char list[] = "PLAIN LOGIN";

static struct mech *
begin(void)
{
	struct err err;
	struct mech *mech = mech_new("imap", "mx.test", list, true, &err);

	assert_non_null(mech);
	return mech;
}

static void
blank_names_end_the_exchange(void **state)
{
	static const struct str names[] = {
		{ "", 0 },
		{ " ", 1 },
		{ "\t\r\n\v\f ", 6 },
		{ "\0ada", 4 },
		{ "  \0ada", 6 },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(names); i++) {
		struct mech *mech = begin();
		struct str challenge;

		assert_int_equal(
		    mech_start(mech, "LOGIN", (struct str){ 0 }, &challenge),
		    MECH_CONTINUE);
		assert_int_equal(mech_next(mech, names[i], &challenge),
		    MECH_FAIL);
		assert_int_equal(challenge.len, 0);
		mech_free(mech);
		if (names[i].len == 0)
			continue; /* as an initial response: none */
		mech = begin();
		assert_int_equal(
		    mech_start(mech, "login", names[i], &challenge), MECH_FAIL);
		mech_free(mech);
	}
}

static void
other_names_are_asked_for_a_password(void **state)
{
	static const char *const names[] = { "ada", " ada ", "\t\r ada",
		"ada\v\f\n  " };

	(void)state;
	for (size_t i = 0; i < NELEMS(names); i++) {
		struct mech *mech = begin();
		struct str challenge;

		assert_int_equal(
		    mech_start(mech, "LOGIN", (struct str){ 0 }, &challenge),
		    MECH_CONTINUE);
		assert_int_equal(mech_next(mech, str_of(names[i]), &challenge),
		    MECH_CONTINUE);
		/* only the name may not be blank */
		assert_int_equal(mech_next(mech, STR(" "), &challenge),
		    MECH_PASSWORD);
		assert_true(str_eqz(mech_password(mech), " "));
		assert_true(str_eqz(mech_user(mech), "ada"));
		mech_free(mech);
	}
}

static int
setup(void **state)
{
	struct err err;

	(void)state;
	return mech_init(list, &err);
}

static int
teardown(void **state)
{
	(void)state;
	mech_done();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blank_names_end_the_exchange),
		cmocka_unit_test(other_names_are_asked_for_a_password),
	};

	return cmocka_run_group_tests_name("authd/mech", tests, setup,
	    teardown);
}
