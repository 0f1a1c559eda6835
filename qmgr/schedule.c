#include "qmgr/schedule.h"

#include <stdlib.h>

#include "base/alloc.h"

void
schedule_clear(struct schedule *schedule)
{
	for (size_t i = 1; i <= schedule->len; i++)
		schedule->heap[i]->place = 0;
	free(schedule->heap);
	*schedule = (struct schedule){ 0 };
}

static void
set(struct schedule *schedule, size_t place, struct schedule_item *item)
{
	schedule->heap[place] = item;
	item->place = place;
}

static void
up(struct schedule *schedule, size_t place)
{
	struct schedule_item *item = schedule->heap[place];

	while (place > 1 && schedule->heap[place / 2]->at > item->at) {
		set(schedule, place, schedule->heap[place / 2]);
		place /= 2;
	}
	set(schedule, place, item);
}

static void
down(struct schedule *schedule, size_t place)
{
	struct schedule_item *item = schedule->heap[place];

	for (;;) {
		size_t child = place * 2;

		if (child > schedule->len)
			break;
		if (child < schedule->len &&
		    schedule->heap[child + 1]->at < schedule->heap[child]->at)
			child++;
		if (schedule->heap[child]->at >= item->at)
			break;
		set(schedule, place, schedule->heap[child]);
		place = child;
	}
	set(schedule, place, item);
}

void
schedule_put(struct schedule *schedule, struct schedule_item *item, int64_t at)
{
	item->at = at;
	if (!schedule_has(item)) {
		if (schedule->len + 2 > schedule->cap) {
			schedule->cap = schedule->cap * 2 + 64;
			schedule->heap = xreallocarray(schedule->heap,
			    schedule->cap, sizeof(*schedule->heap));
		}
		set(schedule, ++schedule->len, item);
	}
	up(schedule, item->place);
	down(schedule, item->place);
}

void
schedule_remove(struct schedule *schedule, struct schedule_item *item)
{
	size_t place = item->place;

	if (place == 0)
		return;
	item->place = 0;
	if (place == schedule->len--)
		return;
	set(schedule, place, schedule->heap[schedule->len + 1]);
	up(schedule, place);
	down(schedule, schedule->heap[place]->place);
}

struct schedule_item *
schedule_first(const struct schedule *schedule)
{
	return schedule->len == 0 ? NULL : schedule->heap[1];
}

/* The order stays. */
void
schedule_shift(struct schedule *schedule, int64_t by)
{
	for (size_t i = 1; i <= schedule->len; i++)
		schedule->heap[i]->at += by;
}

int64_t
schedule_backoff(unsigned attempts, int64_t min, int64_t max, unsigned chance)
{
	int64_t wait = min;

	for (unsigned i = 1; i < attempts && wait < max; i++)
		wait *= 2;
	if (wait > max)
		wait = max;
	return wait - wait / 10 + wait / 500 * (int64_t)chance;
}
