/*
 * Preloaded into an instance's daemons: their clock is the host's and a number
 * of seconds that a test writes into a file. The file is mapped when the
 * program starts, before its jail. The monotonic clock is left alone, as a jump
 * of the host's would leave it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int (*real_clock_gettime)(clockid_t clock, struct timespec *out);
static const volatile int64_t *offset;

__attribute__((constructor)) static void
begin(void)
{
	int fd = open(CLOCK_FILE, O_RDONLY | O_CLOEXEC);
	void *map;

	real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
	if (fd < 0)
		return;
	map = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
	if (map != MAP_FAILED)
		offset = map;
	(void)close(fd);
}

int
clock_gettime(clockid_t clock, struct timespec *out)
{
	int ret = real_clock_gettime(clock, out);

	if (ret == 0 && offset != NULL &&
	    (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		out->tv_sec += *offset;
	return ret;
}

int
gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &now) < 0)
		return -1;
	out->tv_sec = now.tv_sec;
	out->tv_usec = now.tv_nsec / 1000;
	return 0;
}

time_t
time(time_t *out)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}
