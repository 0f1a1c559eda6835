#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kv/key.h"

static void
order_is_that_of_the_numbers(void **state)
{
	static const uint64_t rising[] = { 0, 1, 255, 256, 65535, 1ULL << 32,
		UINT64_MAX };
	struct kv_key low, high;

	(void)state;
	for (size_t i = 1; i < sizeof(rising) / sizeof(rising[0]); i++) {
		kv_key_init(&low);
		kv_key_init(&high);
		kv_key_u64(&low, rising[i - 1]);
		kv_key_u64(&high, rising[i]);
		assert_true(str_cmp(kv_key_get(&low), kv_key_get(&high)) < 0);
	}
}

static void
what_was_put_is_taken(void **state)
{
	struct kv_key key;
	struct str in;
	uint8_t a;
	uint32_t b;
	uint64_t c;

	(void)state;
	kv_key_init(&key);
	kv_key_u8(&key, 7);
	kv_key_u32(&key, 0xfedcba98);
	kv_key_u64(&key, 0x0123456789abcdefULL);
	kv_key_str(&key, STR("name"));
	in = kv_key_get(&key);
	assert_int_equal(in.len, 17);
	assert_true(kv_key_take_u8(&in, &a));
	assert_true(kv_key_take_u32(&in, &b));
	assert_true(kv_key_take_u64(&in, &c));
	assert_int_equal(a, 7);
	assert_int_equal(b, 0xfedcba98);
	assert_true(c == 0x0123456789abcdefULL);
	assert_true(str_eqz(in, "name"));
	assert_false(kv_key_take_u64(&in, &c));
	assert_true(kv_key_take_u32(&in, &b));
	assert_false(kv_key_take_u8(&in, &a));
}

static void
too_long_is_empty_and_stays_so(void **state)
{
	static char most[KV_KEY_MAX + 1];
	struct kv_key key;

	(void)state;
	kv_key_init(&key);
	kv_key_str(&key, str_make(most, KV_KEY_MAX));
	assert_int_equal(kv_key_get(&key).len, KV_KEY_MAX);
	kv_key_u8(&key, 0);
	assert_int_equal(kv_key_get(&key).len, 0);

	kv_key_init(&key);
	kv_key_str(&key, str_make(most, KV_KEY_MAX + 1));
	kv_key_u8(&key, 0);
	assert_true(key.full);
	assert_int_equal(kv_key_get(&key).len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_is_that_of_the_numbers),
		cmocka_unit_test(what_was_put_is_taken),
		cmocka_unit_test(too_long_is_empty_and_stays_so),
	};

	return cmocka_run_group_tests_name("kv/key", tests, NULL, NULL);
}
