#include "mime/date.h"

#include "base/attr.h"
#include "base/num.h"
#include "mime/cfws.h"

struct civil {
	int64_t day, month, year; /* month: 1 to 12 */
	int64_t hour, minute, second;
};

static const struct str months[] = {
	STR("jan"),
	STR("feb"),
	STR("mar"),
	STR("apr"),
	STR("may"),
	STR("jun"),
	STR("jul"),
	STR("aug"),
	STR("sep"),
	STR("oct"),
	STR("nov"),
	STR("dec"),
};

/* obs-zone's names; military letters are -0000, as are unknown names. */
static const struct {
	struct str name;
	int hours;
} zones[] = {
	{ STR("EST"), -5 },
	{ STR("EDT"), -4 },
	{ STR("CST"), -6 },
	{ STR("CDT"), -5 },
	{ STR("MST"), -7 },
	{ STR("MDT"), -6 },
	{ STR("PST"), -8 },
	{ STR("PDT"), -7 },
};

static struct str
take_word(struct str *in)
{
	struct str word = { in->p, 0 };

	while (word.len < in->len && is_alpha(word.p[word.len]))
		word.len++;
	str_skip(in, word.len);
	return word;
}

/* A number of at most max_digits, then CFWS. */
static bool
take_number(struct str *in, size_t max_digits, int64_t *out, size_t *digits)
{
	const char *start = in->p;
	uint64_t n;

	if (!num_take(in, 99999999, &n))
		return false;
	*digits = (size_t)(in->p - start);
	*out = (int64_t)n;
	mime_cfws_skip(in);
	return *digits <= max_digits;
}

/* obs-year: two digits 00-49 are 20xx, 50-99 are 19xx, three add 1900 */
static bool
take_year(struct str *in, int64_t *year)
{
	size_t digits;

	if (!take_number(in, 4, year, &digits) || digits < 2)
		return false;
	if (digits == 2 && *year < 50)
		*year += 2000;
	else if (digits < 4)
		*year += 1900;
	return true;
}

static bool
take_month(struct str *in, int64_t *month)
{
	struct str word = take_word(in);

	mime_cfws_skip(in);
	for (size_t i = 0; i < NELEMS(months); i++) {
		if (word.len >= 3 && str_istarts(word, months[i])) {
			*month = (int64_t)i + 1;
			return true;
		}
	}
	return false;
}

/* time-of-day = hour ":" minute [ ":" second ] */
static bool
take_time(struct str *in, struct civil *c)
{
	size_t digits;

	c->second = 0;
	if (!take_number(in, 2, &c->hour, &digits) || !str_take(in, ':'))
		return false;
	mime_cfws_skip(in);
	if (!take_number(in, 2, &c->minute, &digits))
		return false;
	if (!str_take(in, ':'))
		return true;
	mime_cfws_skip(in);
	return take_number(in, 2, &c->second, &digits);
}

static bool
is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static bool
civil_exists(const struct civil *c)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	int64_t last = days[c->month - 1];

	if (c->month == 2 && is_leap(c->year))
		last++;
	return c->day >= 1 && c->day <= last && c->hour < 24 &&
	    c->minute < 60 && c->second <= 60; /* 60: a leap second */
}

/* Days since 1970-01-01 in the Gregorian calendar, for years from 0. */
static int64_t
days_since_epoch(const struct civil *c)
{
	/* Count years from March, so that the leap day is the last one. */
	int64_t year = c->month > 2 ? c->year : c->year - 1;
	int64_t month = (c->month + 9) % 12;
	int64_t shifted = year + 400; /* keep division away from below 0 */

	return 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 +
	    (month * 153 + 2) / 5 + c->day - 1 - 719468 - 146097;
}

static int
take_zone(struct str *in)
{
	bool west = in->len > 0 && in->p[0] == '-';
	struct str word;
	uint64_t n;

	if (west || (in->len > 0 && in->p[0] == '+')) {
		struct str digits = str_sub(*in, 1, 5);

		if (digits.len != 4 || !num_parse(digits, 9959, &n) ||
		    n % 100 > 59)
			return 0;
		return (west ? -1 : 1) * (int)(n / 100 * 60 + n % 100);
	}
	word = take_word(in);
	for (size_t i = 0; i < NELEMS(zones); i++) {
		if (str_ieq(word, zones[i].name))
			return zones[i].hours * 60;
	}
	return 0;
}

/* date-time = [ day-of-week "," ] date time [CFWS] */
int
mime_date_parse(struct str value, struct mime_date *date, struct err *err)
{
	struct str in = value;
	struct civil c;
	size_t digits;

	mime_cfws_skip(&in);
	if (take_word(&in).len > 0) {
		mime_cfws_skip(&in);
		(void)str_take(&in, ',');
		mime_cfws_skip(&in);
	}
	if (!take_number(&in, 2, &c.day, &digits) ||
	    !take_month(&in, &c.month) || !take_year(&in, &c.year) ||
	    !take_time(&in, &c))
		return err_set(err, ERR_SYNTAX, "not a date-time");
	if (!civil_exists(&c))
		return err_set(err, ERR_SYNTAX, "no such date or time");
	date->zone = take_zone(&in);
	date->seconds = days_since_epoch(&c) * 86400 + c.hour * 3600 +
	    c.minute * 60 + c.second - (int64_t)date->zone * 60;
	return 0;
}
