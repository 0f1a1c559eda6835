/*
 * pop3d - see pop3d.h. The parent opens the index and the file of locks
 * before the jail; each client has a process of its own.
 */
#include <unistd.h>

#include "base/log.h"
#include "pop3d/lock.h"
#include "pop3d/pop3d.h"
#include "service/daemon.h"
#include "store/read.h"

/*
 * ms for stored to have made its index. A slow disk takes its time for that,
 * as for a recovery, and whoever gave up would end the start of all.
 */
enum { STORE_OPEN_WAIT = 600000 };

static const struct conf_param params[] = {
	CONF(TIME, pop3d, conf.timeout, "pop3d_timeout", "10m", 1, 86400),
	CONF(TIME, pop3d, conf.park_after, "pop3_park_after", "10s", 0, 0),
	CONF(INT, pop3d, conf.max_errors, "pop3d_error_limit", "20", 1, 10000),
	CONF(TIME, pop3d, conf.store_wait, "pop3d_store_timeout", "60s", 1,
	    3600),
	CONF(TIME, pop3d, conf.login_delay, "pop3_login_delay", "0", 0, 86400),
	CONF(STR, pop3d, conf.expire, "pop3_expire", "NEVER", 1, 5),
	CONF(BOOL, pop3d, conf.mark_seen, "pop3d_mark_seen", "yes", 0, 0),
	{ 0 },
};

/* Still outside the jail: the working directory is the instance's. */
static int
open_files(struct daemon *d, void *ctx, struct err *err)
{
	struct pop3d *pop3d = ctx;

	(void)d;
	pop3d->lock_fd = lock_open("run/pop3d.lock", err);
	if (pop3d->lock_fd < 0)
		return -1;
	return store_reader_open(&pop3d->reader, "store/default",
	    STORE_OPEN_WAIT, err);
}

static void
session(struct daemon *d, void *ctx, struct daemon_conn *conn)
{
	struct pop3d *pop3d = ctx;

	pop3d_session(pop3d, d, conn->fd);
}

/* After a rebuild of the index the parent has the old one mapped. */
static bool
is_stale(void *ctx)
{
	struct pop3d *pop3d = ctx;

	return store_reader_is_stale(pop3d->reader);
}

static void
stop(void *ctx)
{
	struct pop3d *pop3d = ctx;

	if (pop3d->lock_fd >= 0)
		(void)close(pop3d->lock_fd);
	store_reader_close(pop3d->reader);
}

int
main(int argc, char **argv)
{
	static const struct daemon_ops ops = {
		.name = "pop3d",
		.kind = &daemon_session,
		.params = params,
		.promises = "stdio unix flock", /* the maildrop's lock */
		.max_use = 1,
		.open = open_files,
		.session = session,
		.is_stale = is_stale,
		.stop = stop,
	};
	struct pop3d pop3d = { .lock_fd = -1 };

	return daemon_main(argc, argv, &ops, &pop3d);
}
