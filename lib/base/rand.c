#include "base/rand.h"

#include <errno.h>
#include <sys/random.h>

#include "base/log.h"

void
rand_bytes(void *out, size_t len)
{
	unsigned char *p = out;

	while (len > 0) {
		ssize_t n = getrandom(p, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			panic("getrandom: no random bytes");
		p += n;
		len -= (size_t)n;
	}
}

uint64_t
rand_u64(void)
{
	uint64_t n;

	rand_bytes(&n, sizeof(n));
	return n;
}

uint32_t
rand_below(uint32_t bound)
{
	uint64_t n;

	/* Reject the few values at the top that would favour low results. */
	do
		n = rand_u64();
	while (n >= UINT64_MAX - UINT64_MAX % bound);
	return (uint32_t)(n % bound);
}
