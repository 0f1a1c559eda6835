#include "net/wait.h"

#include <errno.h>

#include "base/time.h"

int
wait_ready(int fd, short events, int64_t deadline)
{
	struct pollfd poller = { fd, events, 0 };

	for (;;) {
		int64_t left = -1;
		int n;

		if (deadline >= 0) {
			left = (deadline - time_mono() + 999) / 1000;
			if (left < 0)
				left = 0;
		}
		n = poll(&poller, 1, (int)left);
		if (n >= 0 || errno != EINTR)
			return n;
	}
}
