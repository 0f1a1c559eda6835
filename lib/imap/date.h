/*
 * date - the dates of IMAP (RFC 3501 section 9, date-time and date): the
 * internal date of APPEND and FETCH, the days of SEARCH.
 *
 * (The dates in messages are RFC 5322's: see mime/date.h.)
 *
 * Seconds count from 1970-01-01 00:00 UTC, days from 1970-01-01. Years 0000 to
 * 9999; a leap second (:60) counts as the second after.
 */
#ifndef IMAP_DATE_H
#define IMAP_DATE_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* date-time = DQUOTE date-day-fixed "-" month "-" year SP time SP zone DQUOTE
 */
int imap_date_time_parse(struct str *in, int64_t *seconds, struct err *err);

/* date = date-text / DQUOTE date-text DQUOTE: "1-Feb-1994" */
int imap_date_parse(struct str *in, int32_t *day, struct err *err);

/*
 * date-time in UTC, quotes included: "\"22-Nov-2026 05:22:35 +0000\"". We keep
 * no zone with a message, and one answer for all sessions can be compared.
 * Seconds outside the years 0000 to 9999 are written as the nearest inside.
 * Returns the length, always IMAP_DATE_TIME_LEN; no NUL is written.
 */
enum { IMAP_DATE_TIME_LEN = 28 };
size_t imap_date_time_format(char out[IMAP_DATE_TIME_LEN], int64_t seconds);

/* The day in UTC that a second belongs to. */
int32_t imap_date_day(int64_t seconds);

#endif
