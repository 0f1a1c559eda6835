#include "store/uids.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/num.h"

void
store_uids_clear(struct store_uids *set)
{
	free(set->run);
	*set = (struct store_uids){ 0 };
}

static void
reserve(struct store_uids *set, size_t len)
{
	if (len <= set->cap)
		return;
	set->cap = set->cap < 4 ? 4 : set->cap * 2;
	if (set->cap < len)
		set->cap = len;
	set->run = xreallocarray(set->run, set->cap, sizeof(*set->run));
}

void
store_uids_append(struct store_uids *set, uint32_t first, uint32_t last)
{
	struct store_run *end = set->len > 0 ? &set->run[set->len - 1] : NULL;
	uint32_t before = 0;

	if (end != NULL && end->last + 1 == first) {
		end->last = last;
		return;
	}
	if (end != NULL)
		before = end->before + (end->last - end->first) + 1;
	reserve(set, set->len + 1);
	set->run[set->len++] = (struct store_run){ first, last, before };
}

/* The first run whose last is >= uid; len if there is none. */
static size_t
find(const struct store_uids *set, uint32_t uid)
{
	size_t lo = 0, hi = set->len;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (set->run[mid].last < uid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool
store_uids_add(struct store_uids *set, uint32_t uid)
{
	size_t at = find(set, uid);
	struct store_run *run;
	bool joins;

	if (at == set->len) {
		store_uids_append(set, uid, uid);
		return true;
	}
	if (set->run[at].first <= uid)
		return false;
	joins = at > 0 && set->run[at - 1].last + 1 == uid;
	if (set->run[at].first == uid + 1) {
		run = &set->run[at];
		run->first = uid;
		if (joins) {
			run[-1].last = run->last;
			memmove(run, run + 1,
			    (set->len - at - 1) * sizeof(*run));
			set->len--;
			at--;
		}
	} else if (joins) {
		set->run[--at].last = uid;
	} else {
		reserve(set, set->len + 1);
		run = &set->run[at];
		memmove(run + 1, run, (set->len - at) * sizeof(*run));
		set->len++;
		*run = (struct store_run){ uid, uid, run[1].before };
	}
	for (size_t i = at + 1; i < set->len; i++)
		set->run[i].before++;
	return true;
}

bool
store_uids_remove(struct store_uids *set, uint32_t uid)
{
	size_t at = find(set, uid);
	struct store_run *run;

	if (at == set->len || set->run[at].first > uid)
		return false;
	run = &set->run[at];
	if (run->first == run->last) {
		memmove(run, run + 1, (set->len - at - 1) * sizeof(*run));
		set->len--;
		at--; /* the next one takes this place */
	} else if (run->first == uid) {
		run->first++;
	} else if (run->last == uid) {
		run->last--;
	} else {
		reserve(set, set->len + 1);
		run = &set->run[at];
		memmove(run + 1, run, (set->len - at) * sizeof(*run));
		set->len++;
		run[0].last = uid - 1;
		run[1].first = uid + 1;
		run[1].before =
		    run[0].before + (run[0].last - run[0].first) + 2;
	}
	for (size_t i = at + 1; i < set->len; i++)
		set->run[i].before--;
	return true;
}

uint32_t
store_uids_count(const struct store_uids *set)
{
	const struct store_run *end;

	if (set->len == 0)
		return 0;
	end = &set->run[set->len - 1];
	return end->before + (end->last - end->first) + 1;
}

uint32_t
store_uids_seq(const struct store_uids *set, uint32_t uid)
{
	size_t at = find(set, uid);
	const struct store_run *run;

	if (at == set->len)
		return 0;
	run = &set->run[at];
	if (run->first > uid)
		return 0;
	return run->before + (uid - run->first) + 1;
}

bool
store_uids_has(const struct store_uids *set, uint32_t uid)
{
	return store_uids_seq(set, uid) != 0;
}

uint32_t
store_uids_at(const struct store_uids *set, uint32_t seq)
{
	size_t lo = 0, hi = set->len;

	if (seq == 0 || seq > store_uids_count(set))
		return 0;
	while (hi - lo > 1) { /* the last run with before < seq */
		size_t mid = lo + (hi - lo) / 2;

		if (set->run[mid].before < seq)
			lo = mid;
		else
			hi = mid;
	}
	return set->run[lo].first + (seq - set->run[lo].before) - 1;
}

uint32_t
store_uids_next(const struct store_uids *set, uint32_t uid)
{
	size_t at = find(set, uid);

	if (at == set->len)
		return 0;
	return set->run[at].first > uid ? set->run[at].first : uid;
}

uint32_t
store_uids_last(const struct store_uids *set)
{
	return set->len == 0 ? 0 : set->run[set->len - 1].last;
}

int
store_uids_encode(struct buf *out, const struct store_uids *set)
{
	for (size_t i = 0; i < set->len; i++) {
		(void)buf_add_u32(out, set->run[i].first);
		(void)buf_add_u32(out, set->run[i].last);
	}
	return out->full ? -1 : 0;
}

int
store_uids_decode(struct store_uids *set, struct str in, struct err *err)
{
	uint64_t next = 1; /* the smallest UID that may follow */

	*set = (struct store_uids){ 0 };
	if (in.len % STORE_RUN_SIZE != 0)
		goto bad;
	reserve(set, in.len / STORE_RUN_SIZE);
	for (; in.len > 0; str_skip(&in, STORE_RUN_SIZE)) {
		uint32_t first = num_get_u32(in.p);
		uint32_t last = num_get_u32(in.p + 4);

		if (first < next || last < first)
			goto bad;
		store_uids_append(set, first, last);
		next = (uint64_t)last + 1;
	}
	return 0;

bad:
	store_uids_clear(set);
	return err_set(err, ERR_SYNTAX, "not a set of UIDs");
}
