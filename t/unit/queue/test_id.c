#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/attr.h"
#include "queue/id.h"

static void
writes_and_reads_the_full_form(void **state)
{
	static const struct {
		struct queue_id id;
		const char *full, *brief;
	} cases[] = {
		{ { 0, 0, 0 }, "0000000000000000.0.0", "000000000" },
		{ { 0x8f3a, 5, 0x1f }, "0000000000008f3a.5.1f", "50000001F" },
		{ { UINT64_MAX, UINT32_MAX, UINT32_MAX },
		    "ffffffffffffffff.ffffffff.ffffffff", "FFFFFFFFFFFFFFFF" },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		char full[QUEUE_ID_SIZE], brief[QUEUE_SHORT_SIZE];
		struct queue_id id;

		assert_string_equal(queue_id_format(full, &cases[i].id),
		    cases[i].full);
		assert_string_equal(queue_id_short(brief, &cases[i].id),
		    cases[i].brief);
		assert_true(queue_id_parse(&id, str_of(full)));
		assert_true(queue_id_eq(&id, &cases[i].id));
		assert_string_equal(queue_id_shorten(brief, str_of(full)),
		    cases[i].brief);
		if (cases[i].id.epoch == 0)
			continue; /* epochs begin at 1 */
		assert_true(queue_id_parse_short(&id, cases[i].id.queue,
		    str_of(brief)));
		assert_true(queue_id_eq(&id, &cases[i].id));
	}
}

static void
refuses_every_other_form(void **state)
{
	static const char *const full[] = {
		"",
		"0000000000008f3a.5",
		"0000000000008f3a.5.",
		"0000000000008f3a..1",
		"000000000008f3a.5.1",
		"0000000000008F3A.5.1",
		"0000000000008f3a.05.1",
		"0000000000008f3a.5.1 ",
		"0000000000008f3a.5.1.1",
		"0000000000008f3a.5.100000000",
		"0000000000008f3a-5-1",
	};
	static const char *const brief[] = { "", "0000001F", "G00000001",
		"5000000G1", "00000001F", "12345678900000001F" };
	struct queue_id id;

	(void)state;
	for (size_t i = 0; i < NELEMS(full); i++)
		assert_false(queue_id_parse(&id, str_of(full[i])));
	for (size_t i = 0; i < NELEMS(brief); i++)
		assert_false(queue_id_parse_short(&id, 1, str_of(brief[i])));
}

static void
keys_sort_by_age(void **state)
{
	static const struct queue_id rising[] = {
		{ 7, 1, 1 },
		{ 7, 1, 2 },
		{ 7, 1, 256 },
		{ 7, 2, 0 },
		{ 7, 256, 0 },
		{ 8, 0, 0 },
	};
	char last[QUEUE_KEY_SIZE] = { 0 }, key[QUEUE_KEY_SIZE];

	(void)state;
	for (size_t i = 0; i < NELEMS(rising); i++) {
		queue_id_key(key, &rising[i]);
		assert_true(memcmp(key, last, sizeof(key)) > 0);
		memcpy(last, key, sizeof(key));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_and_reads_the_full_form),
		cmocka_unit_test(refuses_every_other_form),
		cmocka_unit_test(keys_sort_by_age),
	};

	return cmocka_run_group_tests_name("queue/id", tests, NULL, NULL);
}
