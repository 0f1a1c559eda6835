#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "auth/voids.h"

static void
says_which_tickets_are_void(void **state)
{
	struct voids *voids = voids_new(10);

	(void)state;
	assert_int_equal(voids_not_before(voids, STR("a@x")), 0);
	voids_add(voids, STR("A@x"), 100, 200, 100);
	assert_int_equal(voids_not_before(voids, STR("a@X")), 100);
	assert_int_equal(voids_not_before(voids, STR("b@x")), 0);
	assert_int_equal(voids_not_before(voids, STR("")), 0);
	/* an older word takes nothing back */
	voids_add(voids, STR("a@x"), 90, 190, 100);
	assert_int_equal(voids_not_before(voids, STR("a@x")), 100);
	voids_add(voids, STR("a@x"), 110, 210, 100);
	assert_int_equal(voids_not_before(voids, STR("a@x")), 110);
	assert_int_equal(voids_count(voids), 1);
	voids_free(voids);
	voids_free(NULL);
}

static void
forgets_what_is_over_and_what_is_too_much(void **state)
{
	struct voids *voids = voids_new(2);

	(void)state;
	voids_add(voids, STR("a"), 1, 10, 1);
	voids_add(voids, STR("b"), 1, 20, 9);
	assert_int_equal(voids_count(voids), 2);
	voids_add(voids, STR("c"), 1, 30, 10);
	assert_int_equal(voids_not_before(voids, STR("a")), 0);
	assert_int_equal(voids_not_before(voids, STR("b")), 1);
	voids_add(voids, STR("b"), 2, 20, 11); /* noted again: the latest */
	voids_add(voids, STR("d"), 1, 40, 12);
	assert_int_equal(voids_count(voids), 2);
	assert_int_equal(voids_not_before(voids, STR("c")), 0);
	assert_int_equal(voids_not_before(voids, STR("b")), 2);
	assert_int_equal(voids_not_before(voids, STR("d")), 1);
	voids_free(voids);
}

static void
note(void *ctx, struct str user, int64_t not_before, int64_t until)
{
	int64_t *sum = ctx;

	assert_int_equal(user.len, 1);
	*sum = *sum * 100 + not_before + until;
}

static void
tells_all_in_the_order_they_were_noted(void **state)
{
	struct voids *voids = voids_new(5);
	int64_t sum = 0;

	(void)state;
	voids_add(voids, STR("a"), 1, 10, 1);
	voids_add(voids, STR("b"), 2, 20, 1);
	voids_add(voids, STR("a"), 3, 30, 1);
	voids_each(voids, note, &sum);
	assert_int_equal(sum, 2233);
	voids_free(voids);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_which_tickets_are_void),
		cmocka_unit_test(forgets_what_is_over_and_what_is_too_much),
		cmocka_unit_test(tells_all_in_the_order_they_were_noted),
	};

	return cmocka_run_group_tests_name("auth/voids", tests, NULL, NULL);
}
