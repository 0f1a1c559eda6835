#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/attr.h"
#include "qmgr/schedule.h"

enum { MANY = 500 };

static void
gives_the_earliest_first(void **state)
{
	static struct schedule_item items[MANY];
	struct schedule schedule = { 0 };
	struct schedule_item *first;
	int64_t last = -1;
	int count = 0;

	(void)state;
	assert_null(schedule_first(&schedule));
	for (int i = 0; i < MANY; i++)
		schedule_put(&schedule, &items[i], i * 7919 % 1009);
	while ((first = schedule_first(&schedule)) != NULL) {
		assert_true(first->at >= last);
		last = first->at;
		schedule_remove(&schedule, first);
		assert_false(schedule_has(first));
		if (++count == MANY / 2) { /* the order stays */
			schedule_shift(&schedule, -100000);
			last -= 100000;
		}
	}
	assert_int_equal(count, MANY);
	schedule_clear(&schedule);
}

static void
moves_and_removes_from_the_middle(void **state)
{
	static struct schedule_item items[MANY];
	struct schedule schedule = { 0 };
	int64_t last = -1;
	int count = 0;

	(void)state;
	for (int i = 0; i < MANY; i++)
		schedule_put(&schedule, &items[i], i);
	for (int i = 0; i < MANY; i += 3)
		schedule_remove(&schedule, &items[i]);
	schedule_remove(&schedule, &items[0]); /* twice is fine */
	for (int i = 1; i < MANY; i += 3)
		schedule_put(&schedule, &items[i], MANY - i); /* moved */
	while (schedule_first(&schedule) != NULL) {
		struct schedule_item *first = schedule_first(&schedule);
		ptrdiff_t i = first - items;

		assert_true(first->at >= last);
		assert_int_not_equal(i % 3, 0);
		assert_int_equal(first->at, i % 3 == 1 ? MANY - i : i);
		last = first->at;
		schedule_remove(&schedule, first);
		count++;
	}
	assert_int_equal(count, MANY - (MANY + 2) / 3);
	schedule_clear(&schedule);
}

static void
doubles_the_wait_up_to_the_most(void **state)
{
	static const struct {
		unsigned attempts;
		int64_t wait; /* with chance 50: the middle */
	} cases[] = {
		{ 0, 1000 },
		{ 1, 1000 },
		{ 2, 2000 },
		{ 3, 4000 },
		{ 4, 8000 },
		{ 5, 10000 },
		{ 50, 10000 },
		{ 4000000000, 10000 },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		unsigned n = cases[i].attempts;
		int64_t wait = cases[i].wait;

		assert_int_equal(schedule_backoff(n, 1000, 10000, 50), wait);
		assert_int_equal(schedule_backoff(n, 1000, 10000, 0),
		    wait - wait / 10);
		assert_true(
		    schedule_backoff(n, 1000, 10000, 99) <= wait + wait / 10);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_earliest_first),
		cmocka_unit_test(moves_and_removes_from_the_middle),
		cmocka_unit_test(doubles_the_wait_up_to_the_most),
	};

	return cmocka_run_group_tests_name("qmgr/schedule", tests, NULL, NULL);
}
