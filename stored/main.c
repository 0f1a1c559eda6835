/*
 * stored - keeps the mailboxes of one partition; nobody else writes there.
 *
 * It parses neither mail nor IMAP. Requests come in frames (ipc/store_msg.h)
 * from lmtpd, imapd, pop3d, qmgr and ctl, are run in batches (batch.c has
 * the promise), and are answered when they are on disk.
 */
#include <fcntl.h>

#include "base/alloc.h"
#include "base/fsutil.h"
#include "base/log.h"
#include "stored/quota.h"
#include "stored/stored.h"

enum { KEEP = 8 << 20 /* of the heap, for the next batch */ };

static const struct conf_param params[] = {
	CONF(SIZE, stored, conf.index_size, "store_index_size", "64G", 1 << 20,
	    0),
	CONF(SIZE, stored, conf.segment_size, "store_pack_size", "64M", 4 << 20,
	    1 << 30),
	CONF(SIZE, stored, conf.large_size, "store_large_size", "4M", 1 << 20,
	    512 << 20),
	CONF(SIZE, stored, conf.message_limit, "store_message_limit", "100M",
	    1 << 10, 1 << 30),
	CONF(TIME, stored, conf.expunge_keep, "expunge_keep", "7d", 0, 0),
	CONF(TIME, stored, conf.tombstone_keep, "tombstone_keep", "30d", 0, 0),
	CONF(SIZE, stored, conf.upkeep_rate, "store_upkeep_rate", "16M",
	    64 << 10, 0),
	CONF(TIME, stored, conf.upkeep_interval, "store_upkeep_interval", "1d",
	    1, 0),
	CONF(INT, stored, conf.compact_below, "store_compact_below", "50", 0,
	    95),
	CONF(TIME, stored, conf.pin_max_age, "store_pin_max_age", "60s", 1, 0),
	CONF(STR, stored, conf.quota_warning, "quota_warning", "80 95", 0, 100),
	CONF(STR, stored, conf.ticket_key_file, "ticket_public_key_file",
	    "etc/ticket.pub", 0, 4000),
	{ 0 },
};

static const struct stats_item stats[] = {
	[STAT_CLIENTS] = { STATS_GAUGE, "clients" },
	[STAT_REQUESTS] = { STATS_COUNTER, "requests" },
	[STAT_BATCHES] = { STATS_COUNTER, "batches" },
	[STAT_MESSAGES] = { STATS_COUNTER, "messages_appended" },
	[STAT_NOTICES] = { STATS_COUNTER, "notices" },
	[STAT_COMMIT_TIME] = { STATS_HISTOGRAM, "commit_time" },
	[STAT_BYTES_MOVED] = { STATS_COUNTER, "bytes_compacted" },
	[STAT_PACKS_REMOVED] = { STATS_COUNTER, "packs_removed" },
	{ 0 },
};

/* Before the jail: the key by which tickets are known. */
static int
open_key(struct daemon *d, void *ctx, struct err *err)
{
	struct stored *stored = ctx;
	struct buf pem;
	int ret = 0;

	(void)d;
	buf_init(&pem, 64 << 10);
	if (fs_read_file(AT_FDCWD, stored->conf.ticket_key_file, &pem, err) <
	    0) {
		log_warn("no sessions without a ticket key: %s", err->text);
	} else {
		stored->verifier = ticket_verifier_new(buf_str(&pem), err);
		if (stored->verifier == NULL)
			ret = -1;
	}
	buf_clear(&pem);
	return ret;
}

static void
listen_to_edges(struct stored *stored)
{
	const char *name;
	int fd;

	for (size_t i = 0; i < STORED_EDGES_MAX; i++) {
		fd = daemon_fd_at(stored->daemon, "edge:", i, &name);
		if (fd < 0)
			break;
		stored->listener[stored->listeners++] =
		    ipc_listener_new(daemon_base(stored->daemon), fd,
			name + strlen("edge:"), &client_ops, stored);
	}
}

/* What a client may send inline must fit in a pack, rows and all. */
static int
check_sizes(const struct stored *stored, struct err *err)
{
	size_t half = stored->conf.segment_size / 2;

	if (half < STORE_MSG_INLINE_MAX)
		return err_set(err, ERR_SYNTAX,
		    "store_pack_size (%zu) is less than %d",
		    stored->conf.segment_size, 2 * STORE_MSG_INLINE_MAX);
	if (stored->conf.large_size > half)
		return err_set(err, ERR_SYNTAX,
		    "store_large_size (%zu) is more than half of "
		    "store_pack_size (%zu)",
		    stored->conf.large_size, stored->conf.segment_size);
	return 0;
}

static int
start(struct daemon *d, void *ctx, struct err *err)
{
	struct stored *stored = ctx;
	struct engine_conf conf = { .path = ".",
		.index_size = stored->conf.index_size,
		.segment_size = stored->conf.segment_size,
		.large_size = stored->conf.large_size,
		.expunge_keep = (uint32_t)stored->conf.expunge_keep,
		.tombstones_keep = (uint32_t)stored->conf.tombstone_keep };

	if (conf.tombstones_keep > 0 &&
	    conf.tombstones_keep < conf.expunge_keep)
		conf.tombstones_keep = conf.expunge_keep;
	alloc_keep(KEEP);
	stored->daemon = d;
	stored->watched = hash_new();
	stored->voids = voids_new(STORE_MSG_VOIDS_MAX);
	list_init(&stored->clients);
	for (int lane = 0; lane < LANES; lane++)
		list_init(&stored->lane[lane]);
	if (check_sizes(stored, err) < 0 ||
	    quota_levels(&conf, stored->conf.quota_warning, err) < 0 ||
	    engine_open(&stored->engine, &conf, err) < 0 ||
	    kv_pins_open(&stored->pins, stored->engine->kv, err) < 0 ||
	    serve_start(stored, err) < 0)
		return -1;
	listen_to_edges(stored);
	return 0;
}

static void
stop(void *ctx)
{
	struct stored *stored = ctx;

	if (stored->watched == NULL)
		return;
	for (size_t i = 0; i < stored->listeners; i++)
		ipc_listener_free(stored->listener[i]);
	serve_stop(stored);
	kv_pins_close(stored->pins);
	engine_close(stored->engine);
	hash_free(stored->watched);
	voids_free(stored->voids);
	ticket_verifier_free(stored->verifier);
}

int
main(int argc, char **argv)
{
	static const struct daemon_ops ops = {
		.name = "stored",
		.kind = &daemon_event,
		.params = params,
		.promises = "stdio rpath wpath cpath fattr flock memfd pidfd",
		.stats = stats,
		.open = open_key,
		.start = start,
		.stop = stop,
	};
	struct stored stored = { 0 };

	return daemon_main(argc, argv, &ops, &stored);
}
