#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "authd/delay.h"

static void
one_login_a_pause(void **state)
{
	struct delay *delay = delay_new();

	(void)state;
	assert_true(delay_admit(delay, STR("a@b"), 1000, 100));
	assert_false(delay_admit(delay, STR("a@b"), 1099, 100));
	assert_true(delay_admit(delay, STR("b@b"), 1099, 100));
	/* who was refused does not wait longer for it */
	assert_true(delay_admit(delay, STR("a@b"), 1100, 100));
	assert_false(delay_admit(delay, STR("a@b"), 1150, 100));
	delay_sweep(delay, 1160, 100);
	assert_false(delay_admit(delay, STR("a@b"), 1160, 100));
	delay_sweep(delay, 1200, 100);
	assert_true(delay_admit(delay, STR("a@b"), 1200, 1000000));
	delay_free(delay);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_login_a_pause),
	};

	return cmocka_run_group_tests_name("authd/delay", tests, NULL, NULL);
}
