#include "imap/date.h"

enum { DAY_SECONDS = 86400 };

static const char month_names[12][4] = { "Jan", "Feb", "Mar", "Apr", "May",
	"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

/*
 * Days from 1970-01-01 to a day of the proleptic Gregorian calendar. Years are
 * taken to begin in March, so that the leap day is the last of its year; the
 * months from March on then have a day count that (153 * m + 2) / 5 gives.
 */
static int32_t
day_number(int year, int month, int day)
{
	int era, in_era, in_year;

	if (month <= 2)
		year--;
	era = (year >= 0 ? year : year - 399) / 400;
	in_era = year - era * 400;
	in_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 +
	    in_year - 719468;
}

/* The way back. */
static void
day_date(int32_t number, int *year, int *month, int *day)
{
	int32_t from_era = number + 719468;
	int era = (from_era >= 0 ? from_era : from_era - 146096) / 146097;
	int in_era = from_era - era * 146097;
	int years =
	    (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	int in_year = in_era - (365 * years + years / 4 - years / 100);
	int from_march = (5 * in_year + 2) / 153;

	*day = in_year - (153 * from_march + 2) / 5 + 1;
	*month = from_march < 10 ? from_march + 3 : from_march - 9;
	*year = years + era * 400 + (*month <= 2);
}

static int
month_days(int year, int month)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31,
		30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

static int
bad_date(struct err *err)
{
	return err_set(err, ERR_SYNTAX, "date expected");
}

/* Exactly count digits, up to max. */
static bool
take_digits(struct str *in, int count, int max, int *out)
{
	int n = 0;

	if (in->len < (size_t)count)
		return false;
	for (int i = 0; i < count; i++) {
		if (!is_digit(in->p[i]))
			return false;
		n = n * 10 + (in->p[i] - '0');
	}
	if (n > max)
		return false;
	str_skip(in, (size_t)count);
	*out = n;
	return true;
}

/* "-" date-month "-" date-year, and the day must be one of that month. */
static int
take_month_year(struct str *in, int day, int32_t *number, struct err *err)
{
	int month = 0, year;

	if (!str_take(in, '-'))
		return bad_date(err);
	while (month < 12 && !str_itake_str(in, str_of(month_names[month])))
		month++;
	if (month++ == 12 || !str_take(in, '-') ||
	    !take_digits(in, 4, 9999, &year))
		return bad_date(err);
	if (day < 1 || day > month_days(year, month))
		return err_set(err, ERR_SYNTAX, "no such day");
	*number = day_number(year, month, day);
	return 0;
}

/* date-day = 1*2DIGIT */
static int
take_date_text(struct str *in, int32_t *number, struct err *err)
{
	int day;

	if (!take_digits(in, 2, 31, &day) && !take_digits(in, 1, 9, &day))
		return bad_date(err);
	return take_month_year(in, day, number, err);
}

int
imap_date_parse(struct str *in, int32_t *day, struct err *err)
{
	if (!str_take(in, '"'))
		return take_date_text(in, day, err);
	if (take_date_text(in, day, err) < 0)
		return -1;
	return str_take(in, '"') ? 0 : bad_date(err);
}

/* time = 2DIGIT ":" 2DIGIT ":" 2DIGIT */
static bool
take_time(struct str *in, int *seconds)
{
	int hour, minute, second;

	if (!take_digits(in, 2, 23, &hour) || !str_take(in, ':') ||
	    !take_digits(in, 2, 59, &minute) || !str_take(in, ':') ||
	    !take_digits(in, 2, 60, &second))
		return false;
	*seconds = hour * 3600 + minute * 60 + second;
	return true;
}

/* zone = ("+" / "-") 4DIGIT: hours and minutes ahead of UTC */
static bool
take_zone(struct str *in, int *seconds)
{
	bool behind = in->len > 0 && in->p[0] == '-';
	int hour, minute;

	if (!str_take(in, '+') && !str_take(in, '-'))
		return false;
	if (!take_digits(in, 2, 99, &hour) || !take_digits(in, 2, 59, &minute))
		return false;
	*seconds = hour * 3600 + minute * 60;
	if (behind)
		*seconds = -*seconds;
	return true;
}

int
imap_date_time_parse(struct str *in, int64_t *seconds, struct err *err)
{
	int day, in_day, zone;
	int32_t number;

	/* date-day-fixed = (SP DIGIT) / 2DIGIT */
	if (!str_take(in, '"') ||
	    !(str_take(in, ' ') ? take_digits(in, 1, 9, &day) :
				  take_digits(in, 2, 31, &day)))
		return bad_date(err);
	if (take_month_year(in, day, &number, err) < 0)
		return -1;
	if (!str_take(in, ' ') || !take_time(in, &in_day) ||
	    !str_take(in, ' ') || !take_zone(in, &zone) || !str_take(in, '"'))
		return bad_date(err);
	*seconds = (int64_t)number * DAY_SECONDS + in_day - zone;
	return 0;
}

int32_t
imap_date_day(int64_t seconds)
{
	int64_t day = seconds / DAY_SECONDS;

	if (seconds % DAY_SECONDS < 0)
		day--;
	if (day < INT32_MIN)
		return INT32_MIN;
	return day > INT32_MAX ? INT32_MAX : (int32_t)day;
}

static char *
put_digits(char *at, int n, int count)
{
	for (int i = count; i-- > 0; n /= 10)
		at[i] = (char)('0' + n % 10);
	return at + count;
}

size_t
imap_date_time_format(char out[IMAP_DATE_TIME_LEN], int64_t seconds)
{
	const int64_t first = (int64_t)day_number(0, 1, 1) * DAY_SECONDS;
	const int64_t last = (int64_t)day_number(10000, 1, 1) * DAY_SECONDS - 1;
	int year, month, day, in_day;
	int32_t number;
	char *at = out;

	if (seconds < first)
		seconds = first;
	if (seconds > last)
		seconds = last;
	number = imap_date_day(seconds);
	in_day = (int)(seconds - (int64_t)number * DAY_SECONDS);
	day_date(number, &year, &month, &day);
	*at++ = '"';
	at = put_digits(at, day, 2);
	if (out[1] == '0')
		out[1] = ' ';
	*at++ = '-';
	memcpy(at, month_names[month - 1], 3);
	at += 3;
	*at++ = '-';
	at = put_digits(at, year, 4);
	*at++ = ' ';
	at = put_digits(at, in_day / 3600, 2);
	*at++ = ':';
	at = put_digits(at, in_day / 60 % 60, 2);
	*at++ = ':';
	at = put_digits(at, in_day % 60, 2);
	memcpy(at, " +0000\"", 7);
	at += 7;
	return (size_t)(at - out);
}
