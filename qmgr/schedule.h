/*
 * schedule - what is due when: a heap of times, free of I/O.
 *
 * Items live in the caller's structs; the heap owns only its array. Times
 * are microseconds since 1970, so that they survive a restart.
 */
#ifndef QMGR_SCHEDULE_H
#define QMGR_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct schedule_item {
	int64_t at;
	size_t place; /* 1-based in the heap; 0: not scheduled */
};

struct schedule {
	struct schedule_item **heap; /* heap[0] is not used */
	size_t len, cap;
};

void schedule_clear(struct schedule *schedule); /* not the items */
/* Put, or move, item to a time. */
void schedule_put(struct schedule *schedule, struct schedule_item *item,
    int64_t at);
void schedule_remove(struct schedule *schedule, struct schedule_item *item);
/* The earliest; NULL when empty. */
struct schedule_item *schedule_first(const struct schedule *schedule);

static inline bool
schedule_has(const struct schedule_item *item)
{
	return item->place != 0;
}

/* Move all times by so many microseconds. */
void schedule_shift(struct schedule *schedule, int64_t by);

/*
 * How long to wait after this many attempts (1 the first): min doubled each
 * time up to max, with up to a tenth more or less by chance (0..99), so that
 * messages which failed together do not come back together.
 */
int64_t schedule_backoff(unsigned attempts, int64_t min, int64_t max,
    unsigned chance);

#endif
