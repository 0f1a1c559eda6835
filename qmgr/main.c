#include "base/alloc.h"
#include "qmgr/qmgr.h"

#include "qmgr/dest.h"

enum { KEEP = 8 << 20 /* of the heap, for the next messages */ };

/* clang-format off */
static const struct conf_param params[] = {
	CONF(STR, qmgr, conf.hostname, "myhostname", "localhost", 1, 255),
	CONF(SIZE, qmgr, conf.message_limit, "message_size_limit",
	    "10240000", 1, 0),
	CONF(SIZE, qmgr, conf.inline_limit, "queue_inline_limit",
	    "1M", 4096, 2 << 20),
	CONF(SIZE, qmgr, conf.segment_size, "queue_segment_size",
	    "64M", 1 << 20, 1 << 30),
	CONF(SIZE, qmgr, conf.ring_size, "queue_ring_size",
	    "512M", 2 << 20, 0),
	CONF(TIME, qmgr, conf.spool_after, "queue_spool_after", "30s", 1, 0),
	CONF(SIZE, qmgr, conf.minfree, "queue_minfree", "20M", 0, 0),
	CONF(SIZE, qmgr, conf.bounce_limit, "bounce_size_limit",
	    "50000", 0, 1 << 20),
	CONF(TIME, qmgr, conf.lifetime, "maximal_queue_lifetime", "5d", 0, 0),
	CONF(TIME, qmgr, conf.bounce_lifetime, "bounce_queue_lifetime",
	    "5d", 0, 0),
	CONF(TIME, qmgr, conf.quarantine_keep, "quarantine_keep", "14d", 0, 0),
	CONF(TIME, qmgr, conf.delay_warning, "delay_warning_time", "0h", 0, 0),
	CONF(STR, qmgr, conf.double_bounce, "2bounce_notice_recipient",
	    "postmaster", 0, 300),
	CONF(TIME, qmgr, conf.min_backoff, "minimal_backoff_time",
	    "300s", 1, 0),
	CONF(TIME, qmgr, conf.max_backoff, "maximal_backoff_time",
	    "4000s", 1, 0),
	CONF(INT, qmgr, conf.agent_limit, "queue_agent_limit", "100", 1, 1000),
	CONF(STR, qmgr, conf.remote_transports, "queue_remote_transports",
	    "smtp", 0, 0),
	CONF(INT, qmgr, conf.initial_limit,
	    "initial_destination_concurrency", "5", 1, 1000),
	CONF(INT, qmgr, conf.dest_limit,
	    "default_destination_concurrency_limit", "20", 1, 1000),
	CONF(INT, qmgr, conf.rcpt_limit,
	    "default_destination_recipient_limit", "50", 1, 10000),
	CONF(INT, qmgr, conf.lmtp_limit,
	    "lmtp_destination_concurrency_limit", "100", 1, 1000),
	CONF(INT, qmgr, conf.lmtp_rcpt_limit,
	    "lmtp_destination_recipient_limit", "1000", 1, 10000),
	CONF(INT, qmgr, conf.smtp_limit,
	    "smtp_destination_concurrency_limit",
	    "$default_destination_concurrency_limit", 1, 1000),
	CONF(INT, qmgr, conf.smtp_rcpt_limit,
	    "smtp_destination_recipient_limit",
	    "$default_destination_recipient_limit", 1, 10000),
	CONF(STR, qmgr, conf.grow,
	    "default_destination_concurrency_positive_feedback", "1", 1, 40),
	CONF(STR, qmgr, conf.shrink,
	    "default_destination_concurrency_negative_feedback", "1", 1, 40),
	CONF(INT, qmgr, conf.cohort_limit,
	    "default_destination_concurrency_failed_cohort_limit",
	    "1", 0, 100),
	CONF(TIME, qmgr, conf.agent_timeout, "queue_agent_timeout",
	    "900s", 1, 0),
	{ 0 },
};
/* clang-format on */

static const struct stats_item stats[] = {
	[QMGR_ACCEPTED] = { STATS_COUNTER, "accepted" },
	[QMGR_BATCHES] = { STATS_COUNTER, "batches" },
	[QMGR_BATCH_TIME] = { STATS_HISTOGRAM, "batch_time" },
	[QMGR_DELIVERED] = { STATS_COUNTER, "delivered" },
	[QMGR_DEFERRED] = { STATS_COUNTER, "deferred" },
	[QMGR_BOUNCED] = { STATS_COUNTER, "bounced" },
	[QMGR_MESSAGES] = { STATS_GAUGE, "messages" },
	[QMGR_BYTES] = { STATS_GAUGE, "bytes" },
	[QMGR_DEFERRED_MESSAGES] = { STATS_GAUGE, "messages_deferred" },
	[QMGR_HELD_MESSAGES] = { STATS_GAUGE, "messages_held" },
	[QMGR_AGENTS] = { STATS_GAUGE, "agents" },
	[QMGR_DELIVERY_TIME] = { STATS_HISTOGRAM, "delivery_time" },
	[QMGR_SPOOLED] = { STATS_COUNTER, "spooled" },
	[QMGR_REFUSED_FULL] = { STATS_COUNTER, "refused_disk_full" },
	{ 0 },
};

static int
start(struct daemon *d, void *ctx, struct err *err)
{
	alloc_keep(KEEP);
	return qmgr_start(ctx, d, err);
}

static int
reload(struct daemon *d, void *ctx, struct err *err)
{
	(void)d;
	return qmgr_reload(ctx, err);
}

static void
stop(void *ctx)
{
	qmgr_stop(ctx);
}

int
main(int argc, char **argv)
{
	static const struct daemon_ops ops = {
		.name = "qmgr",
		.kind = &daemon_event,
		.params = params,
		/* fattr and flock: LMDB, and files written whole */
		.promises = "stdio unix rpath wpath cpath fattr flock",
		.stats = stats,
		.start = start,
		.reload = reload,
		.stop = stop,
	};
	struct qmgr qmgr = { 0 };

	return daemon_main(argc, argv, &ops, &qmgr);
}
