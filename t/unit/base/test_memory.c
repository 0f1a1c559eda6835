#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/hash.h"

static void
buffer_stops_at_its_limit_and_says_so(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, 4);
	assert_int_equal(buf_addz(&buf, "abc"), 0);
	assert_int_equal(buf_addz(&buf, "de"), -1);
	assert_true(buf.full);
	assert_int_equal(buf_addc(&buf, 'd'), -1); /* sticky */
	assert_string_equal(buf_cstr(&buf), "abc");
	buf_reset(&buf);
	assert_int_equal(buf_addz(&buf, "abcd"), 0);
	assert_int_equal(buf_addf(&buf, "%d", 1), -1);
	assert_string_equal(buf_cstr(&buf), "abcd");
	buf_clear(&buf);
	assert_string_equal(buf_cstr(&buf), "");
}

static void
buffer_grows_and_shrinks(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, 0);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(buf_addf(&buf, "%04d", i), 0);
	assert_int_equal(buf.len, 40000);
	assert_memory_equal(buf.p + 4 * 1234, "1234", 4);
	buf_consume(&buf, 4 * 9999);
	assert_string_equal(buf_cstr(&buf), "9999");
	buf_consume(&buf, 99);
	assert_int_equal(buf.len, 0);
	buf_add_u16(&buf, 0x0102);
	buf_add_u64(&buf, 0x030405060708090a);
	assert_memory_equal(buf.p, "\1\2\3\4\5\6\7\10\11\12", 10);
	buf_clear(&buf);
}

static void
secret_buffer_leaves_nothing_behind(void **state)
{
	struct buf buf;

	(void)state;
	buf_init_secret(&buf, 0);
	assert_int_equal(buf_addz(&buf, "password"), 0);
	buf_consume(&buf, 4);
	assert_memory_equal(buf.p, "word\0\0\0\0", 8);
	buf_truncate(&buf, 1);
	assert_memory_equal(buf.p, "w\0\0\0", 4);
	for (int i = 0; i < 1000; i++) /* grows several times */
		assert_int_equal(buf_addc(&buf, 'x'), 0);
	assert_int_equal(buf.len, 1001);
	assert_int_equal(buf.p[0], 'w');
	buf_reset(&buf);
	for (size_t i = 0; i < 1001; i++)
		assert_int_equal(buf.p[i], 0);
	buf_clear(&buf);
	assert_true(buf.secret);
}

static void
arena_counts_against_its_limit(void **state)
{
	struct arena *arena = arena_new(64);

	(void)state;
	assert_non_null(arena_alloc(arena, 48));
	assert_null(arena_alloc(arena, 17));
	assert_non_null(arena_alloc(arena, 16));
	assert_null(arena_alloc(arena, 1));
	assert_null(arena_alloc(arena, SIZE_MAX));
	assert_null(arena_calloc(arena, SIZE_MAX / 2, 3));
	assert_null(arena_str(arena, STR("x")).p);
	arena_reset(arena);
	assert_string_equal(arena_printf(arena, "%s-%d", "a", 7), "a-7");
	arena_free(arena);
}

static void
arena_keeps_blocks_apart(void **state)
{
	struct arena *arena = arena_new(0);
	char *pieces[200];

	(void)state;
	for (int i = 0; i < 200; i++) {
		pieces[i] = arena_alloc(arena, (size_t)i * 37 + 1);
		assert_int_equal((uintptr_t)pieces[i] % 16, 0);
		memset(pieces[i], i, (size_t)i * 37 + 1);
	}
	for (int i = 0; i < 200; i++) {
		assert_int_equal((unsigned char)pieces[i][0], i);
		assert_int_equal((unsigned char)pieces[i][i * 37], i);
	}
	arena_free(arena);
}

static void
table_finds_what_was_put_and_not_removed(void **state)
{
	struct hash *table = hash_new();
	static int values[5000];
	size_t it = 0, seen = 0;
	struct str key;
	char name[16];
	void *value;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "k%d", i);
		assert_null(hash_put(table, str_of(name), &values[i]));
	}
	for (int i = 0; i < 5000; i += 2) {
		snprintf(name, sizeof(name), "k%d", i);
		assert_ptr_equal(hash_remove(table, str_of(name)), &values[i]);
		assert_null(hash_remove(table, str_of(name)));
	}
	assert_int_equal(hash_len(table), 2500);
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "k%d", i);
		assert_ptr_equal(hash_get(table, str_of(name)),
		    i % 2 == 0 ? NULL : (void *)&values[i]);
	}
	assert_ptr_equal(hash_put(table, STR("k1"), &values[0]), &values[1]);
	assert_ptr_equal(hash_get(table, STR("k1")), &values[0]);
	while (hash_next(table, &it, &key, &value)) {
		seen++;
		hash_remove(table, key);
	}
	assert_int_equal(seen, 2500);
	assert_int_equal(hash_len(table), 0);
	hash_free(table);
}

/* Removal leaves tombstones; a table that is only churned must not fill. */
static void
table_survives_churn(void **state)
{
	struct hash *table = hash_new();
	char name[16];
	int value;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "%d", i);
		hash_put(table, str_of(name), &value);
		assert_ptr_equal(hash_remove(table, str_of(name)), &value);
	}
	assert_int_equal(hash_len(table), 0);
	hash_free(table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buffer_stops_at_its_limit_and_says_so),
		cmocka_unit_test(buffer_grows_and_shrinks),
		cmocka_unit_test(secret_buffer_leaves_nothing_behind),
		cmocka_unit_test(arena_counts_against_its_limit),
		cmocka_unit_test(arena_keeps_blocks_apart),
		cmocka_unit_test(table_finds_what_was_put_and_not_removed),
		cmocka_unit_test(table_survives_churn),
	};

	return cmocka_run_group_tests_name("base/memory", tests, NULL, NULL);
}
