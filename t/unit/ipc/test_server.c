/*
 * ipc: a server that has no descriptors left.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/time.h"
#include "ipc/server.h"
#include "net/connect.h"
#include "net/listen.h"

static void
opened(struct ipc_peer *peer, void *ctx)
{
	(void)peer;
	++*(int *)ctx;
}

static const struct ipc_handler handlers[] = { { NULL, NULL } };
static const struct ipc_peer_ops ops = {
	.handlers = handlers,
	.opened = opened,
};

/* Turns of the loop in that time, or until somebody was let in. */
static int
turns(struct event_base *base, int ms, const int *count)
{
	int64_t end = time_mono() + ms * 1000;
	int n = 0;

	do {
		(void)event_base_loop(base, EVLOOP_ONCE);
		n++;
	} while (time_mono() < end && *count == 0);
	return n;
}

/* Whoever connects waits; the loop does not turn for nothing meanwhile. */
static void
waits_for_descriptors(void **state)
{
	char path[] = "/tmp/chancery-server-XXXXXX", name[64];
	struct event_base *base = event_base_new();
	struct ipc_listener *listener;
	struct rlimit before, none;
	int fd, client, next, count = 0;
	struct err err;

	(void)state;
	assert_non_null(mkdtemp(path));
	snprintf(name, sizeof(name), "%s/s", path);
	fd = listen_unix(name, 0600, &err);
	assert_true(fd >= 0);
	listener = ipc_listener_new(base, fd, "test", &ops, &count);
	client = connect_unix(name, &err);
	assert_true(client >= 0);
	next = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ (rlim_t)next, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_in_range(turns(base, 500, &count), 1, 20);
	assert_int_equal(count, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	(void)turns(base, 120000, &count);
	assert_int_equal(count, 1);
	close(client);
	ipc_listener_free(listener);
	close(fd);
	event_base_free(base);
	unlink(name);
	rmdir(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_for_descriptors),
	};

	log_init("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("ipc/server", tests, NULL, NULL);
}
