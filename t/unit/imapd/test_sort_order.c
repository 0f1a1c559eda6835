#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "imapd/sort_order.h"

enum { MESSAGES = 400, ROUNDS = 600, TEXT_MAX = 90 };

/* A generator of our own, so that a failure repeats. */
static uint32_t
next(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

/* The order as RFC 5256 says it, one comparison after the other. */
static int
naive(const struct sort_table *table, uint32_t a, uint32_t b)
{
	for (size_t k = 0; k < table->keys.len; k++) {
		const union sort_value *x =
		    &table->value[a * table->keys.len + k];
		const union sort_value *y =
		    &table->value[b * table->keys.len + k];
		int order = sort_is_text(table->keys.key[k].kind) ?
		    str_cmp(sort_text(table, x), sort_text(table, y)) :
		    (x->number > y->number) - (x->number < y->number);

		if (order != 0)
			return table->keys.key[k].reverse ? -order : order;
	}
	return a < b ? -1 : 1;
}

static size_t
random_text(uint64_t *state, char *room, unsigned prefix)
{
	size_t len = prefix;

	for (size_t i = 0; i < prefix; i++)
		room[i] = 'p';
	if (next(state) % 8 == 0)
		len = next(state) % (prefix + 1);
	for (unsigned more = next(state) % 12; len >= prefix && more > 0;
	     more--)
		room[len++] = "ab\0\xff"[next(state) % 4];
	return len;
}

static void
is_the_order_that_comparing_gives(void **unused)
{
	static const unsigned prefixes[] = { 0, 3, 7, 8, 16, 61, 64, 70 };
	static char text[MESSAGES * 4][TEXT_MAX];
	union sort_value value[MESSAGES * 4];
	struct sort_table table = { .value = value,
		.texts = { text[0], sizeof(text) } };
	static struct {
		_Alignas(16) char bytes[MESSAGES * SORT_ORDER_ROOM];
	} room;
	uint32_t out[MESSAGES];
	uint64_t state = 7;

	(void)unused;
	for (int round = 0; round < ROUNDS; round++) {
		bool seen[MESSAGES] = { false };

		table.keys.len = 1 + next(&state) % 4;
		table.len = next(&state) % (round % 2 ? 40 : MESSAGES);
		for (size_t k = 0; k < table.keys.len; k++)
			table.keys.key[k] = (struct sortkey){
				next(&state) % (SORTKEY_TO + 1),
				next(&state) % 2,
			};
		for (size_t i = 0; i < table.len * table.keys.len; i++) {
			size_t k = i % table.keys.len;
			unsigned spread = next(&state) % 2 ? 5 : 100000;

			if (sort_is_text(table.keys.key[k].kind)) {
				value[i].text.at = (uint32_t)(i * TEXT_MAX);
				value[i].text.len = (uint32_t)random_text(
				    &state, text[i], prefixes[(round + k) % 8]);
			} else {
				value[i].number =
				    (int64_t)(next(&state) % spread) - 3;
			}
		}
		sort_order(&table, out, &room);
		for (size_t i = 0; i < table.len; i++) {
			assert_in_range(out[i], 0, table.len - 1);
			assert_false(seen[out[i]]);
			seen[out[i]] = true;
			if (i > 0)
				assert_true(
				    naive(&table, out[i - 1], out[i]) < 0);
		}
	}
}

static void
keeps_what_is_equal_in_its_order(void **state)
{
	union sort_value value[100] = { 0 };
	struct sort_table table = { .len = 100,
		.value = value,
		.texts = STR("one and the same, which is longer than any"
			     " window is, and than all of them together are") };
	_Alignas(16) char room[100 * SORT_ORDER_ROOM];
	uint32_t out[100];

	(void)state;
	table.keys.len = 1;
	table.keys.key[0] = (struct sortkey){ SORTKEY_SUBJECT, true };
	for (size_t i = 1; i < 100; i += 2)
		value[i].text.len = (uint32_t)table.texts.len;
	sort_order(&table, out, &room);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(out[i], i < 50 ? i * 2 + 1 : (i - 50) * 2);
}

static void
an_end_is_before_a_nul(void **state)
{
	union sort_value value[60] = { 0 };
	struct sort_table table = { .len = 60,
		.value = value,
		.texts = { "a\0", 2 } };
	_Alignas(16) char room[60 * SORT_ORDER_ROOM];
	uint32_t out[60];

	(void)state;
	table.keys.len = 1;
	table.keys.key[0] = (struct sortkey){ SORTKEY_FROM, false };
	for (size_t i = 0; i < 60; i++)
		value[i].text.len = i % 2 ? 1 : 2;
	sort_order(&table, out, &room);
	assert_int_equal(out[0], 1);
	assert_int_equal(out[29], 59);
	assert_int_equal(out[30], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_the_order_that_comparing_gives),
		cmocka_unit_test(keeps_what_is_equal_in_its_order),
		cmocka_unit_test(an_end_is_before_a_nul),
	};

	return cmocka_run_group_tests_name("imapd/sort_order", tests, NULL,
	    NULL);
}
