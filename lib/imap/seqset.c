#include "imap/seqset.h"

#include <stdlib.h>

#include "imap/token.h"

bool
seqset_is_next(struct str in)
{
	return in.len > 0 && (is_digit(in.p[0]) || in.p[0] == '*');
}

/* seq-number = nz-number / "*" */
static int
parse_number(struct str *in, uint32_t max, uint32_t *out, bool *star,
    struct err *err)
{
	if (str_take(in, '*')) {
		*star = true;
		*out = max;
		return 0;
	}
	if (in->len == 0 || !is_digit(in->p[0]) || in->p[0] == '0')
		return err_set(err, ERR_SYNTAX, "message number expected");
	return token_nz_number(in, out, err);
}

static int
grow(struct seqset *set, struct arena *arena, struct err *err)
{
	size_t cap = set->cap == 0 ? 8 : set->cap * 2;
	struct seqset_range *range;

	if (set->len >= SEQSET_MAX)
		return err_set(err, ERR_LIMIT, "too many message ranges");
	range = arena_alloc(arena, cap * sizeof(*range));
	if (range == NULL)
		return err_set(err, ERR_LIMIT, "command too large");
	if (set->len > 0)
		memcpy(range, set->range, set->len * sizeof(*range));
	set->range = range;
	set->cap = cap;
	return 0;
}

int
seqset_add(struct seqset *set, struct arena *arena, uint32_t lo, uint32_t hi,
    struct err *err)
{
	struct seqset_range *last =
	    set->len > 0 ? &set->range[set->len - 1] : NULL;

	if (last != NULL && lo >= last->lo && last->hi != UINT32_MAX &&
	    lo <= last->hi + 1) {
		if (hi > last->hi)
			last->hi = hi;
		return 0;
	}
	if (set->len == set->cap && grow(set, arena, err) < 0)
		return -1;
	set->range[set->len++] = (struct seqset_range){ lo, hi };
	return 0;
}

static int
by_lo(const void *a, const void *b)
{
	const struct seqset_range *x = a, *y = b;

	return x->lo < y->lo ? -1 : x->lo > y->lo;
}

static bool
is_sorted(const struct seqset *set)
{
	for (size_t i = 1; i < set->len; i++)
		if (set->range[i - 1].hi >= set->range[i].lo ||
		    set->range[i - 1].hi + 1 == set->range[i].lo)
			return false;
	return true;
}

void
seqset_sort(struct seqset *set)
{
	size_t len = 0;

	if (is_sorted(set))
		return;
	qsort(set->range, set->len, sizeof(set->range[0]), by_lo);
	for (size_t i = 1; i < set->len; i++) {
		struct seqset_range *last = &set->range[len];
		struct seqset_range next = set->range[i];

		if (last->hi == UINT32_MAX || next.lo <= last->hi + 1) {
			if (next.hi > last->hi)
				last->hi = next.hi;
		} else {
			set->range[++len] = next;
		}
	}
	set->len = len + 1;
}

static uint32_t
clip(uint32_t n, uint32_t max)
{
	return n < max ? n : max;
}

/* seq-range = seq-number ":" seq-number, in either order */
static int
parse_range(struct seqset *set, struct arena *arena, struct str *in,
    uint32_t max, struct err *err)
{
	bool star = false;
	uint32_t a, b;

	if (parse_number(in, max, &a, &star, err) < 0)
		return -1;
	b = a;
	if (str_take(in, ':') && parse_number(in, max, &b, &star, err) < 0)
		return -1;
	if (star) {
		a = clip(a, max);
		b = clip(b, max);
	}
	return seqset_add(set, arena, a < b ? a : b, a < b ? b : a, err);
}

int
seqset_parse(struct seqset *set, struct arena *arena, struct str *in,
    uint32_t max, struct err *err)
{
	*set = (struct seqset){ 0 };
	do {
		if (parse_range(set, arena, in, max, err) < 0) {
			*set = (struct seqset){ 0 };
			return -1;
		}
	} while (str_take(in, ','));
	seqset_sort(set);
	return 0;
}

bool
seqset_has(const struct seqset *set, uint32_t n)
{
	size_t from = 0, to = set->len;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (n < set->range[mid].lo)
			to = mid;
		else if (n > set->range[mid].hi)
			from = mid + 1;
		else
			return true;
	}
	return false;
}

uint32_t
seqset_highest(const struct seqset *set)
{
	return set->len == 0 ? 0 : set->range[set->len - 1].hi;
}

uint64_t
seqset_count(const struct seqset *set)
{
	uint64_t count = 0;

	for (size_t i = 0; i < set->len; i++)
		count += (uint64_t)set->range[i].hi - set->range[i].lo + 1;
	return count;
}

int
seqset_put(struct buf *out, const struct seqset *set)
{
	for (size_t i = 0; i < set->len; i++) {
		const struct seqset_range *range = &set->range[i];

		if (i > 0)
			(void)buf_addc(out, ',');
		(void)buf_addf(out, "%u", range->lo);
		if (range->hi > range->lo)
			(void)buf_addf(out, ":%u", range->hi);
	}
	return out->full ? -1 : 0;
}
