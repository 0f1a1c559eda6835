#include "imapd/view.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"

enum {
	SETS_MAX = 1 << (32 - VIEW_SET_SHIFT),
	MARKS = VIEW_RECENT | VIEW_EXPUNGED | VIEW_DIRTY | VIEW_MOVED,
};

void
view_clear(struct view *view)
{
	free(view->message);
	free(view->set);
	free(view->slot);
	*view = (struct view){ 0 };
}

/* The first index whose UID is not below uid. */
static size_t
lower_bound(const struct view *view, uint32_t uid)
{
	size_t from = 0, to = view->len;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (view->message[mid].uid < uid)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

size_t
view_find(const struct view *view, uint32_t uid)
{
	size_t i = lower_bound(view, uid);

	return i < view->len && view->message[i].uid == uid ? i : VIEW_NONE;
}

uint32_t
view_last_uid(const struct view *view)
{
	return view->len == 0 ? 0 : view->message[view->len - 1].uid;
}

void
view_range(const struct view *view, const struct seqset_range *range, bool uid,
    size_t *from, size_t *to)
{
	if (uid) {
		*from = lower_bound(view, range->lo);
		*to = range->hi == UINT32_MAX ?
		    view->len :
		    lower_bound(view, range->hi + 1);
		return;
	}
	*from = range->lo == 0 ? 0 : range->lo - 1;
	*to = range->hi < view->len ? range->hi : view->len;
	if (*from > *to)
		*from = *to;
}

static size_t
slot_of(const struct view *view, uint64_t keywords)
{
	/* Any odd constant spreads the bits; 2^64 over the golden ratio. */
	uint64_t mixed = (keywords ^ keywords >> 32) * 0x9e3779b97f4a7c15u;
	size_t at = (size_t)(mixed >> 32) & (view->slots - 1);

	while (view->slot[at] != 0 && view->set[view->slot[at]] != keywords)
		at = (at + 1) & (view->slots - 1);
	return at;
}

static void
grow_slots(struct view *view)
{
	view->slots = view->slots == 0 ? 16 : view->slots * 2;
	free(view->slot);
	view->slot = xcalloc(view->slots, sizeof(view->slot[0]));
	for (size_t i = 1; i < view->sets; i++)
		view->slot[slot_of(view, view->set[i])] = (uint32_t)i;
}

/* The number of this set of keywords, a new one if need be. */
static uint32_t
set_number(struct view *view, uint64_t keywords)
{
	size_t at;

	if (keywords == 0)
		return 0;
	if (view->sets == 0)
		view->sets = 1;
	if (view->sets * 2 > view->slots)
		grow_slots(view);
	at = slot_of(view, keywords);
	if (view->slot[at] != 0)
		return view->slot[at];
	if (view->sets >= SETS_MAX)
		panic("too many sets of keywords");
	if (view->sets >= view->sets_cap) {
		view->sets_cap = view->sets_cap == 0 ? 8 : view->sets_cap * 2;
		view->set = xreallocarray(view->set, view->sets_cap,
		    sizeof(view->set[0]));
		view->set[0] = 0;
	}
	view->set[view->sets] = keywords;
	view->slot[at] = (uint32_t)view->sets;
	return (uint32_t)view->sets++;
}

static void
reserve(struct view *view)
{
	if (view->len < view->cap)
		return;
	view->cap = view->cap < 64 ? 64 : view->cap + view->cap / 4;
	view->message =
	    xreallocarray(view->message, view->cap, sizeof(view->message[0]));
}

size_t
view_insert(struct view *view, uint32_t uid, unsigned flags, uint64_t keywords,
    bool recent)
{
	size_t i = view->len;

	reserve(view);
	if (i > 0 && view->message[i - 1].uid >= uid) {
		i = lower_bound(view, uid);
		memmove(&view->message[i + 1], &view->message[i],
		    (view->len - i) * sizeof(view->message[0]));
	}
	view->len++;
	view->message[i].uid = uid;
	view->message[i].state =
	    (flags & VIEW_FLAGS) | set_number(view, keywords) << VIEW_SET_SHIFT;
	if (recent)
		view_mark(view, i, VIEW_RECENT, true);
	return i;
}

bool
view_set(struct view *view, size_t i, unsigned flags, uint64_t keywords)
{
	uint32_t old = view->message[i].state;

	view->message[i].state = (flags & VIEW_FLAGS) | (old & MARKS) |
	    set_number(view, keywords) << VIEW_SET_SHIFT;
	return view->message[i].state != old;
}

void
view_mark(struct view *view, size_t i, unsigned mark, bool on)
{
	size_t *count = mark == VIEW_EXPUNGED ? &view->expunged :
	    mark == VIEW_DIRTY                ? &view->dirty :
	    mark == VIEW_MOVED                ? &view->moved :
						&view->recent;

	if (view_is(view, i, mark) == on)
		return;
	view->message[i].state ^= mark;
	*count = on ? *count + 1 : *count - 1;
}

void
view_expunge(struct view *view, view_expunge_fn *fn, void *ctx)
{
	size_t kept = 0;

	if (view->expunged == 0)
		return;
	for (size_t i = 0; i < view->len; i++) {
		if (!view_is(view, i, VIEW_EXPUNGED)) {
			view->message[kept++] = view->message[i];
			continue;
		}
		view_mark(view, i, VIEW_DIRTY, false);
		view_mark(view, i, VIEW_RECENT, false);
		view_mark(view, i, VIEW_MOVED, false);
		fn(ctx, kept + 1, view->message[i].uid);
	}
	view->len = kept;
	view->expunged = 0;
}

void
view_settle(struct view *view)
{
	size_t kept = 0;

	if (view->expunged + view->dirty + view->recent + view->moved == 0)
		return;
	for (size_t i = 0; i < view->len; i++) {
		if (view_is(view, i, VIEW_EXPUNGED))
			continue;
		view->message[kept] = view->message[i];
		view->message[kept++].state &= ~(unsigned)MARKS;
	}
	view->len = kept;
	view->expunged = view->dirty = view->recent = view->moved = 0;
}
