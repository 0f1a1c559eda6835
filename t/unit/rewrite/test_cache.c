#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rewrite/cache.h"

static void
put(struct cache *cache, const char *key, int64_t until)
{
	struct record *record = record_of_site(NULL, 0);

	cache_put(cache, str_of(key), record, until);
	record_unref(record);
}

static void
forgets_in_time(void **state)
{
	struct cache *cache = cache_new(10);

	(void)state;
	put(cache, "a", 100);
	assert_non_null(cache_get(cache, STR("a"), 99));
	assert_null(cache_get(cache, STR("b"), 99));
	assert_null(cache_get(cache, STR("a"), 100));
	/* but not what it may be asked for in need */
	assert_non_null(cache_stale(cache, STR("a"), 149, 50));
	assert_null(cache_stale(cache, STR("a"), 150, 50));
	assert_null(cache_stale(cache, STR("b"), 0, 50));
	cache_free(cache);
}

static void
drops_what_was_used_longest_ago(void **state)
{
	struct cache *cache = cache_new(2);

	(void)state;
	put(cache, "a", 100);
	put(cache, "b", 100);
	assert_non_null(cache_get(cache, STR("a"), 1));
	put(cache, "c", 100);
	assert_int_equal(cache_len(cache), 2);
	assert_null(cache_get(cache, STR("b"), 1));
	assert_non_null(cache_get(cache, STR("a"), 1));
	assert_non_null(cache_get(cache, STR("c"), 1));
	put(cache, "c", 200);
	assert_int_equal(cache_len(cache), 2);
	assert_non_null(cache_get(cache, STR("c"), 150));
	cache_flush(cache);
	assert_int_equal(cache_len(cache), 0);
	cache_free(cache);
}

static void
holds_nothing_when_told_so(void **state)
{
	struct cache *cache = cache_new(0);

	(void)state;
	put(cache, "a", 100);
	assert_null(cache_get(cache, STR("a"), 1));
	cache_free(cache);
}

/* What is held elsewhere outlives its place here. */
static void
counts_who_holds_a_record(void **state)
{
	struct cache *cache = cache_new(1);
	struct record *held;

	(void)state;
	put(cache, "a", 100);
	held = record_ref(cache_get(cache, STR("a"), 1));
	cache_free(cache);
	assert_int_equal(held->kind, RECORD_NONE);
	record_unref(held);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forgets_in_time),
		cmocka_unit_test(drops_what_was_used_longest_ago),
		cmocka_unit_test(holds_nothing_when_told_so),
		cmocka_unit_test(counts_who_holds_a_record),
	};

	return cmocka_run_group_tests_name("rewrite/cache", tests, NULL, NULL);
}
