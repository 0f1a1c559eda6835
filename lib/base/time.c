#include "base/time.h"

#include <limits.h>
#include <stdio.h>
#include <time.h>

static struct {
	int64_t real, mono;
} frozen = { -1, -1 };

static int64_t
read_clock(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * TIME_SECOND + now.tv_nsec / 1000;
}

int64_t
time_real(void)
{
	return frozen.real >= 0 ? frozen.real : read_clock(CLOCK_REALTIME);
}

int64_t
time_mono(void)
{
	return frozen.mono >= 0 ? frozen.mono : read_clock(CLOCK_MONOTONIC);
}

int
time_left_ms(int64_t deadline)
{
	int64_t now = time_mono(), left;

	if (deadline <= now)
		return 0;
	left = (deadline - now - 1) / 1000 + 1;
	return left < INT_MAX ? (int)left : INT_MAX;
}

void
time_set_for_test(int64_t real, int64_t mono)
{
	frozen.real = real;
	frozen.mono = mono;
}

void
time_format_rfc5322(char out[TIME_RFC5322_SIZE], int64_t seconds)
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu",
		"Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t when = (time_t)seconds;
	struct tm tm = { 0 };
	long zone;

	(void)localtime_r(&when, &tm);
	zone = tm.tm_gmtoff / 60;
	(void)snprintf(out, TIME_RFC5322_SIZE,
	    "%s, %d %s %d %02d:%02d:%02d %c%02d%02d", days[tm.tm_wday % 7],
	    tm.tm_mday, months[tm.tm_mon % 12], tm.tm_year + 1900, tm.tm_hour,
	    tm.tm_min, tm.tm_sec, zone < 0 ? '-' : '+',
	    (int)((zone < 0 ? -zone : zone) / 60),
	    (int)((zone < 0 ? -zone : zone) % 60));
}
