/*
 * imapd - see imapd.h. The parent opens the index before the jail; each
 * client has a process of its own.
 */
#include "imapd/imapd.h"

#include "base/log.h"
#include "imapd/session.h"
#include "mime/charset.h"
#include "service/daemon.h"
#include "store/read.h"

/*
 * ms for stored to have made its index. A slow disk takes its time for that,
 * as for a recovery, and whoever gave up would end the start of all.
 */
enum { STORE_OPEN_WAIT = 600000 };

static const struct conf_param params[] = {
	CONF(TIME, imapd, conf.timeout, "imapd_timeout", "30m", 1, 604800),
	CONF(TIME, imapd, conf.park_after, "imap_park_after", "10s", 0, 0),
	CONF(SIZE, imapd, conf.command_size, "imapd_command_size_limit", "128K",
	    8192, 16 << 20),
	CONF(SIZE, imapd, conf.memory, "imapd_command_memory_limit", "64M",
	    1 << 20, 0),
	CONF(SIZE, imapd, conf.message_size, "message_size_limit", "10240000",
	    0, 0),
	CONF(TIME, imapd, conf.store_wait, "imapd_store_timeout", "60s", 1,
	    3600),
	{ 0 },
};

static const struct stats_item stats[] = {
	[IMAPD_SESSIONS] = { STATS_COUNTER, "sessions" },
	[IMAPD_COMMANDS] = { STATS_COUNTER, "commands" },
	[IMAPD_BAD_COMMANDS] = { STATS_COUNTER, "bad_commands" },
	[IMAPD_COMMAND_TIME] = { STATS_HISTOGRAM, "command_time" },
	{ 0 },
};

/* Still outside the jail: the working directory is the instance's. */
static int
open_store(struct daemon *d, void *ctx, struct err *err)
{
	struct imapd *imapd = ctx;

	(void)d;
	if (mime_charset_warm(err) < 0)
		return -1;
	return store_reader_open(&imapd->reader, "store/default",
	    STORE_OPEN_WAIT, err);
}

static void
session(struct daemon *d, void *ctx, struct daemon_conn *conn)
{
	struct imapd *imapd = ctx;

	daemon_count(d, IMAPD_SESSIONS, 1);
	imapd_session(imapd, d, conn->fd);
}

/* After a rebuild of the index the parent has the old one mapped. */
static bool
is_stale(void *ctx)
{
	struct imapd *imapd = ctx;

	return store_reader_is_stale(imapd->reader);
}

static void
stop(void *ctx)
{
	struct imapd *imapd = ctx;

	store_reader_close(imapd->reader);
}

int
main(int argc, char **argv)
{
	static const struct daemon_ops ops = {
		.name = "imapd",
		.kind = &daemon_session,
		.params = params,
		.promises = "stdio unix bodies",
		.stats = stats,
		.max_use = 1,
		.open = open_store,
		.session = session,
		.is_stale = is_stale,
		.stop = stop,
	};
	struct imapd imapd = { 0 };

	return daemon_main(argc, argv, &ops, &imapd);
}
