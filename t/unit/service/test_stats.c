#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"
#include "service/stats.h"

enum { MADE, OPEN, TIME };

static const struct stats_item items[] = {
	[MADE] = { STATS_COUNTER, "made" },
	[OPEN] = { STATS_GAUGE, "open" },
	[TIME] = { STATS_HISTOGRAM, "time" },
	{ 0 },
};

static void
observations_fall_into_powers_of_two(void **state)
{
	static const struct {
		int64_t us;
		int bucket;
	} cases[] = {
		{ -5, 0 },
		{ 0, 0 },
		{ 1, 1 },
		{ 2, 2 },
		{ 3, 2 },
		{ 4, 3 },
		{ 1023, 10 },
		{ 1024, 11 },
		{ INT64_MAX, STATS_BUCKETS - 1 },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct stats_page *page = stats_private();

		stats_name(page, items);
		stats_observe(page, TIME, cases[i].us);
		assert_int_equal(page->slot[TIME].value, 1);
		assert_int_equal(page->slot[TIME].bucket[cases[i].bucket], 1);
		stats_unmap(page);
	}
}

static void
a_page_outlives_who_counted(void **state)
{
	struct stats_page *page, *again;
	struct err err;
	int fd = stats_create("test", &err);

	(void)state;
	assert_true(fd >= 0);
	page = stats_map(fd, &err);
	assert_non_null(page);
	stats_name(page, items);
	stats_add(page, MADE, 3);
	stats_add(page, OPEN, 2);
	stats_add(page, OPEN, -3);
	stats_unmap(page);
	again = stats_map(fd, &err);
	stats_name(again, items); /* started anew: nothing is reset */
	assert_int_equal(again->slot[MADE].value, 3);
	assert_int_equal((int64_t)again->slot[OPEN].value, -1);
	assert_int_equal(again->len, 3);
	stats_unmap(again);
	(void)close(fd);
}

static void
a_page_cannot_be_shrunk_under_its_reader(void **state)
{
	struct err err;
	int fd = stats_create("test", &err);
	int small = memfd_create("small", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(ftruncate(fd, 0), -1);
	(void)close(fd);
	assert_null(stats_map(small, &err));
	assert_int_equal(err.kind, ERR_CORRUPT);
	(void)close(small);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(observations_fall_into_powers_of_two),
		cmocka_unit_test(a_page_outlives_who_counted),
		cmocka_unit_test(a_page_cannot_be_shrunk_under_its_reader),
	};

	return cmocka_run_group_tests_name("service/stats", tests, NULL, NULL);
}
