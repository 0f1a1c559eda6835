/*
 * stats - counters and latency histograms, in a page shared with master.
 *
 * A daemon has a table of names, counted by index, usually an enum:
 *
 *	enum { SMTPD_SESSIONS, SMTPD_COMMIT_TIME };
 *	static const struct stats_item items[] = {
 *		[SMTPD_SESSIONS] = { STATS_COUNTER, "sessions" },
 *		[SMTPD_COMMIT_TIME] = { STATS_HISTOGRAM, "commit_time" },
 *		{ 0 },
 *	};
 *
 * The page is made by master, one a service, and stays when the service is
 * started anew; all processes of a service add to the same one, atomically.
 * master reads it as gossip: names are checked, numbers are only shown.
 *
 * A histogram has a bucket for each power of two of microseconds: bucket n
 * counts what took less than 2^n us (and not less than half of that), the
 * last all above.
 */
#ifndef SERVICE_STATS_H
#define SERVICE_STATS_H

#include <stdint.h>

#include "base/err.h"

enum stats_kind {
	STATS_END,
	STATS_COUNTER,  /* only ever grows */
	STATS_GAUGE,    /* goes up and down */
	STATS_HISTOGRAM /* of microseconds */
};

struct stats_item {
	enum stats_kind kind;
	const char *name; /* lower case, digits, _; under STATS_NAME_MAX */
};

enum {
	STATS_NAME_MAX = 40, /* with the NUL */
	STATS_ITEMS_MAX = 48,
	STATS_BUCKETS = 28, /* the last begins at 67 seconds */
};

struct stats_slot {
	char name[STATS_NAME_MAX];
	uint32_t kind;
	uint32_t spare;
	uint64_t value; /* counter, gauge (two's complement), or observations */
	uint64_t sum;   /* of a histogram's observations, us */
	uint64_t bucket[STATS_BUCKETS];
};

/* How the process that holds the page is jailed: for status. */
enum stats_jail { STATS_JAIL_NONE, STATS_JAIL_REDUCED, STATS_JAIL_FULL };

struct stats_page {
	char magic[8]; /* STATS_MAGIC */
	uint32_t jail; /* enum stats_jail */
	uint32_t len;  /* slots in use */
	struct stats_slot slot[STATS_ITEMS_MAX];
};

#define STATS_MAGIC "CHSTAT1"

/* A new, zeroed page in a sealed memfd of its own. -1 on failure. */
int stats_create(const char *name, struct err *err);
/* Map fd's page; one that is too short is ERR_CORRUPT. */
struct stats_page *stats_map(int fd, struct err *err);
/* A page nobody else sees, for tests and -S. */
struct stats_page *stats_private(void);
void stats_unmap(struct stats_page *page);

/* Name the slots by the table. What an earlier process counted stays. */
void stats_name(struct stats_page *page, const struct stats_item *items);

void stats_add(struct stats_page *page, int item, int64_t n);
/* Of a gauge that one process alone knows: what an earlier one left goes. */
void stats_set(struct stats_page *page, int item, int64_t value);
void stats_observe(struct stats_page *page, int item, int64_t microseconds);

#endif
