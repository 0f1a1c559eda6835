/*
 * sent - what a row of hot says of a message's Date field, in one number: so
 * that SORT, and SEARCH by day, need not look for the digest.
 *
 * The field's second since 1970 UTC above its zone; two numbers that no zone
 * makes are for messages without a date that can be read, and for those of
 * which the row does not know: older rows, and digests too long for the index.
 */
#ifndef STORE_SENT_H
#define STORE_SENT_H

#include <stdbool.h>
#include <stdint.h>

enum {
	STORE_SENT_UNKNOWN = 0,
	STORE_SENT_NONE = 1,
	STORE_SENT_ZONE_BITS = 12,
	STORE_SENT_ZONE_ZERO = 2048,
	STORE_SENT_ZONE_MAX = 2000, /* minutes east or west */
};

/* STORE_SENT_UNKNOWN: what no sane field says, and does not fit. */
static inline uint64_t
store_sent_make(bool has_date, int64_t date, int16_t zone)
{
	const int64_t most = (int64_t)1 << (63 - STORE_SENT_ZONE_BITS);

	if (!has_date)
		return STORE_SENT_NONE;
	if (date >= most || date < -most || zone > STORE_SENT_ZONE_MAX ||
	    zone < -STORE_SENT_ZONE_MAX)
		return STORE_SENT_UNKNOWN;
	return (uint64_t)date << STORE_SENT_ZONE_BITS |
	    (uint64_t)(zone + STORE_SENT_ZONE_ZERO);
}

static inline bool
store_sent_has_date(uint64_t sent)
{
	return sent != STORE_SENT_UNKNOWN && sent != STORE_SENT_NONE;
}

static inline int64_t
store_sent_date(uint64_t sent)
{
	return (int64_t)sent >> STORE_SENT_ZONE_BITS;
}

static inline int16_t
store_sent_zone(uint64_t sent)
{
	return (int16_t)((int)(sent & ((1 << STORE_SENT_ZONE_BITS) - 1)) -
	    STORE_SENT_ZONE_ZERO);
}

#endif
