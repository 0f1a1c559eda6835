#include "imapd/sort_order.h"

#include <stdlib.h>

#include "base/num.h"

enum {
	WINDOW = 8,      /* bytes of a text that are looked at together */
	WINDOWS_MAX = 8, /* then what is left is compared */
	SMALL = 24,      /* entries that are put in their place one by one */
};

/* A message, and what of it is compared just now: smaller is before. */
struct entry {
	uint64_t window;
	uint32_t i;
};

_Static_assert(2 * sizeof(struct entry) == SORT_ORDER_ROOM,
    "what sort_order is given is enough");

struct sorter {
	const struct sort_table *table; /* borrowed */
	struct entry *room;             /* as many as there are messages */
	size_t key;                     /* for compare(): those from here on */
};

bool
sort_is_text(enum sortkey_kind kind)
{
	return kind != SORTKEY_ARRIVAL && kind != SORTKEY_DATE &&
	    kind != SORTKEY_SIZE;
}

static const union sort_value *
value_of(const struct sort_table *table, uint32_t i, size_t key)
{
	return &table->value[i * table->keys.len + key];
}

static int
compare_values(const struct sort_table *table, enum sortkey_kind kind,
    const union sort_value *a, const union sort_value *b)
{
	if (sort_is_text(kind))
		return str_cmp(sort_text(table, a), sort_text(table, b));
	return a->number < b->number ? -1 : a->number > b->number;
}

static int
compare_from(const struct sort_table *table, size_t first, uint32_t a,
    uint32_t b)
{
	for (size_t k = first; k < table->keys.len; k++) {
		const struct sortkey *key = &table->keys.key[k];
		int order = compare_values(table, key->kind,
		    value_of(table, a, k), value_of(table, b, k));

		if (order != 0)
			return key->reverse ? -order : order;
	}
	return a < b ? -1 : a > b;
}

int
sort_compare(const struct sort_table *table, uint32_t a, uint32_t b)
{
	return compare_from(table, 0, a, b);
}

static int
compare(const void *a, const void *b, void *ctx)
{
	const struct entry *x = a, *y = b;
	const struct sorter *sorter = ctx;

	if (x->window != y->window)
		return x->window < y->window ? -1 : 1;
	return compare_from(sorter->table, sorter->key, x->i, y->i);
}

static void
insert_each(struct sorter *sorter, struct entry *entry, size_t len)
{
	for (size_t i = 1; i < len; i++) {
		struct entry one = entry[i];
		size_t at = i;

		for (; at > 0 && compare(&entry[at - 1], &one, sorter) > 0;
		     at--)
			entry[at] = entry[at - 1];
		entry[at] = one;
	}
}

/* Eight bytes of a text from at on, zeros behind its end; or a number. */
static uint64_t
window_of(const struct sort_table *table, uint32_t i, size_t key, size_t at)
{
	const union sort_value *value = value_of(table, i, key);
	unsigned char bytes[WINDOW] = { 0 };
	uint64_t window;

	if (!sort_is_text(table->keys.key[key].kind)) {
		window = (uint64_t)value->number ^ (uint64_t)1 << 63;
	} else {
		size_t left = value->text.len > at ? value->text.len - at : 0;

		if (left > 0)
			memcpy(bytes, table->texts.p + value->text.at + at,
			    left < WINDOW ? left : WINDOW);
		window = num_get_u64(bytes);
	}
	return table->keys.key[key].reverse ? ~window : window;
}

/* By one byte of the window; what is equal in it stays in its order. */
static void
radix_pass(struct entry *to, const struct entry *from, size_t len,
    unsigned shift)
{
	uint32_t begin[256] = { 0 }, sum = 0;

	for (size_t i = 0; i < len; i++)
		begin[from[i].window >> shift & 0xff]++;
	for (size_t i = 0; i < 256; i++) {
		uint32_t count = begin[i];

		begin[i] = sum;
		sum += count;
	}
	for (size_t i = 0; i < len; i++)
		to[begin[from[i].window >> shift & 0xff]++] = from[i];
}

static void
radix(struct sorter *sorter, struct entry *entry, size_t len)
{
	struct entry *from = entry, *to = sorter->room, *other;
	uint64_t differ = 0;
	bool is_sorted = true;

	for (size_t i = 1; i < len; i++) {
		differ |= entry[i].window ^ entry[0].window;
		is_sorted &= entry[i - 1].window <= entry[i].window;
	}
	if (is_sorted)
		return;
	for (unsigned shift = 0; shift < 64; shift += 8) {
		if ((differ >> shift & 0xff) == 0)
			continue;
		radix_pass(to, from, len, shift);
		other = from;
		from = to;
		to = other;
	}
	if (from != entry)
		memcpy(entry, from, len * sizeof(*entry));
}

/* How texts that are equal as far as the window's end go on. */
enum rest {
	REST_NONE,  /* they end there, all of them */
	REST_SOME,  /* each has more */
	REST_MIXED, /* some end in the window: a NUL is not what no byte is */
};

static enum rest
rest_of(const struct sort_table *table, const struct entry *entry, size_t len,
    size_t key, size_t end)
{
	size_t first = value_of(table, entry[0].i, key)->text.len;
	bool same = true, some = true;

	for (size_t i = 0; i < len; i++) {
		size_t one = value_of(table, entry[i].i, key)->text.len;

		same &= one == first;
		some &= one >= end;
	}
	return some && (!same || first > end) ? REST_SOME :
	    same                              ? REST_NONE :
						REST_MIXED;
}

static void order(struct sorter *sorter, struct entry *entry, size_t len,
    size_t key, size_t at);

/* Those that are equal in a window, by what comes behind it. */
static void
order_equal(struct sorter *sorter, struct entry *entry, size_t len, size_t key,
    size_t at)
{
	const struct sort_table *table = sorter->table;
	size_t end = at + WINDOW;
	enum rest rest = REST_NONE;

	if (len < 2)
		return;
	if (len >= SMALL && sort_is_text(table->keys.key[key].kind))
		rest = rest_of(table, entry, len, key, end);
	sorter->key = key;
	if (len < SMALL)
		insert_each(sorter, entry, len);
	else if (rest == REST_NONE)
		order(sorter, entry, len, key + 1, 0);
	else if (rest == REST_MIXED || end == (size_t)WINDOW * WINDOWS_MAX)
		qsort_r(entry, len, sizeof(*entry), compare, sorter);
	else
		order(sorter, entry, len, key, end);
}

/*
 * Entries that are equal in all keys before key, and in the first at bytes of
 * it. Depth is bounded by keys and WINDOWS_MAX.
 */
static void
order(struct sorter *sorter, struct entry *entry, size_t len, size_t key,
    size_t at)
{
	const struct sort_table *table = sorter->table;
	size_t from = 0;

	if (key == table->keys.len)
		return;
	for (size_t i = 0; i < len; i++)
		entry[i].window = window_of(table, entry[i].i, key, at);
	radix(sorter, entry, len);
	for (size_t i = 1; i <= len; i++) {
		if (i < len && entry[i].window == entry[from].window)
			continue;
		order_equal(sorter, entry + from, i - from, key, at);
		from = i;
	}
}

void
sort_order(const struct sort_table *table, uint32_t *out, void *room)
{
	struct sorter sorter = { .table = table };
	struct entry *entry = room;

	sorter.room = entry + table->len;
	for (size_t i = 0; i < table->len; i++)
		entry[i].i = (uint32_t)i;
	order(&sorter, entry, table->len, 0, 0);
	for (size_t i = 0; i < table->len; i++)
		out[i] = entry[i].i;
}
