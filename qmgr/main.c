#include "qmgr/qmgr.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/time.h"
#include "qmgr/admin.h"
#include "qmgr/batch.h"
#include "qmgr/defer.h"
#include "qmgr/dest.h"
#include "qmgr/intake.h"
#include "qmgr/recover.h"
#include "qmgr/settle.h"
#include "qmgr/spool.h"

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
	CONF(TIME, qmgr, conf.min_backoff, "minimal_backoff_time",
	    "300s", 1, 0),
	CONF(TIME, qmgr, conf.max_backoff, "maximal_backoff_time",
	    "4000s", 1, 0),
	CONF(INT, qmgr, conf.agent_limit, "queue_agent_limit", "100", 1, 1000),
	CONF(INT, qmgr, conf.dest_limit,
	    "default_destination_concurrency_limit", "100", 1, 1000),
	CONF(INT, qmgr, conf.rcpt_limit,
	    "default_destination_recipient_limit", "1000", 1, 10000),
	CONF(TIME, qmgr, conf.agent_timeout, "queue_agent_timeout",
	    "600s", 1, 0),
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

struct queue_id
qmgr_new_id(struct qmgr *q)
{
	/* a start with four thousand million messages has earned its rest */
	if (q->counter == UINT32_MAX)
		fatal("no ids are left in this start: starting anew");
	return (struct queue_id){ q->identity, q->epoch, ++q->counter };
}

struct message *
qmgr_find(struct qmgr *q, const struct queue_id *id)
{
	char key[QUEUE_KEY_SIZE];

	queue_id_key(key, id);
	return hash_get(q->live, str_make(key, sizeof(key)));
}

/*
 * Once a second: what is old leaves the ring, times are saved, and the next
 * segments are made ready in small steps.
 */
static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	enum { SLICE = 4 << 20 };
	struct pool *pools[2];
	struct qmgr *q = arg;
	struct err err;
	bool more;

	(void)fd;
	(void)what;
	pools[0] = &q->ring;
	pools[1] = &q->spool;
	spool_step(q);
	defer_save(q);
	for (size_t i = 0; i < NELEMS(pools); i++) {
		if (seglog_prepare(pools[i]->log, SLICE, &more, &err) < 0)
			log_warn("%s: %s", pools[i]->name, err.text);
	}
}

/* The longest inline message, with its envelope, must fit in a segment. */
static int
check_sizes(const struct qmgr_conf *conf, struct err *err)
{
	if (conf->inline_limit > conf->segment_size / 2)
		return err_set(err, ERR_SYNTAX,
		    "queue_inline_limit (%zu) is more than half of "
		    "queue_segment_size (%zu)",
		    conf->inline_limit, conf->segment_size);
	return 0;
}

static int
start(struct daemon *d, void *ctx, struct err *err)
{
	static const struct timeval second = { 1, 0 };
	struct qmgr *q = ctx;

	if (check_sizes(&q->conf, err) < 0)
		return -1;
	q->daemon = d;
	q->base = daemon_base(d);
	q->live = hash_new();
	list_init(&q->transports);
	batch_init(q);
	if (recover_queue(q, err) < 0)
		return -1;
	defer_open(q);
	defer_load(q);
	q->rewrite = ipc_async_new(q->base, "rewrite", 30000);
	q->stored = ipc_async_new(q->base, "stored", 30000);
	settle_start(q);
	q->tick = event_new(q->base, -1, EV_PERSIST, on_tick, q);
	(void)event_add(q->tick, &second);
	intake_start(q);
	admin_start(q);
	return 0;
}

/* Log lines of the configuration's change are the skeleton's. */
static int
reload(struct daemon *d, void *ctx, struct err *err)
{
	struct qmgr *q = ctx;

	(void)d;
	(void)err;
	dest_flush(q);
	return 0;
}

static void
free_messages(struct qmgr *q)
{
	struct str key;
	void *value;
	size_t it = 0;

	while (hash_next(q->live, &it, &key, &value))
		message_free(value);
	hash_free(q->live);
}

static void
stop(void *ctx)
{
	struct qmgr *q = ctx;
	struct err err;

	if (q->live == NULL)
		return;
	if (q->tick != NULL) {
		/* the last answers, while those who asked are there */
		(void)batch_flush(q, &err);
		event_free(q->tick);
		dest_clear(q);
		ipc_listener_free(q->from_smtpd);
		ipc_listener_free(q->from_ctl);
		ipc_async_free(q->rewrite);
		ipc_async_free(q->stored);
		settle_stop(q);
		defer_close(q);
	}
	batch_clear(q);
	free_messages(q);
	pool_close(&q->ring);
	pool_close(&q->spool);
}

int
main(int argc, char **argv)
{
	static const struct daemon_ops ops = {
		.name = "qmgr",
		.kind = DAEMON_EVENT,
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
