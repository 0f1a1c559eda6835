#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bulk.h"

static void
gives_what_was_asked_for(void **state)
{
	static const size_t sizes[] = { 0, 1, 16, 383 << 10, 384 << 10, 2 << 20,
		(2 << 20) + 1, 9 << 20 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t room = bulk_room(sizes[i], 1);
		struct bulk bulk;
		char *first, *second;

		bulk_open(&bulk, room + bulk_room(3, 7));
		first = bulk_take(&bulk, sizes[i], 1);
		second = bulk_take(&bulk, 3, 7);
		assert_int_equal((uintptr_t)first % 16, 0);
		assert_int_equal((uintptr_t)second % 16, 0);
		assert_true(second >= first + sizes[i]);
		memset(second, 2, 21);
		memset(first, 1, sizes[i]);
		assert_int_equal(second[0], 2);
		bulk_close(&bulk);
		bulk_close(&bulk);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_what_was_asked_for),
	};

	return cmocka_run_group_tests_name("base/bulk", tests, NULL, NULL);
}
