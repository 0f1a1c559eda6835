#include "net/wait.h"

#include <errno.h>

#include "base/time.h"

int
wait_ready(int fd, short events, int64_t deadline)
{
	struct pollfd poller = { fd, events, 0 };

	for (;;) {
		int n = poll(&poller, 1,
		    deadline < 0 ? -1 : time_left_ms(deadline));

		if (n >= 0 || errno != EINTR)
			return n;
	}
}
