/*
 * date - RFC 5322 date-time (section 3.3), with the obsolete forms of section
 * 4.3: two and three digit years, named zones, comments, no day name, no
 * seconds. Names compare without case.
 */
#ifndef MIME_DATE_H
#define MIME_DATE_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct mime_date {
	int64_t seconds; /* since 1970-01-01 UTC */
	int zone;        /* minutes east of Greenwich; 0 when unknown */
};

/*
 * ERR_SYNTAX: value (a header field's, folded or not) is no date, or one
 * that does not exist (31 Feb, 25:00). Years 0 to 9999. An unknown zone is
 * -0000, as section 4.3 asks; a missing one too. What stands behind the zone
 * is ignored. The day of the week is not checked against the date.
 */
int mime_date_parse(struct str value, struct mime_date *date, struct err *err);

#endif
