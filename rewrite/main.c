/*
 * rewrite - knows what an address is: whose it is, who gets its mail, by
 * which way. Asks the directory, remembers for seconds, waits for nobody.
 */
#include <fcntl.h>

#include "base/fsutil.h"
#include "base/log.h"
#include "base/rand.h"
#include "dict/ldap_client.h"
#include "rewrite/job.h"

static const struct conf_param params[] = {
	CONF_TABLE(rewrite, source_conf.directory, directory_params),
	CONF(TIME, rewrite, source_conf.cache_time, "rewrite_cache_time", "3s",
	    0, 3600),
	CONF(TIME, rewrite, source_conf.stale_time, "rewrite_stale_time", "1h",
	    0, 0),
	CONF(INT, rewrite, source_conf.cache_size, "rewrite_cache_size",
	    "20000", 0, 10000000),
	CONF(STR, rewrite, delimiter, "recipient_delimiter", "+", 0, 1),
	CONF(STR, rewrite, mailbox_transport, "virtual_transport", "lmtp", 1,
	    64),
	CONF(STR, rewrite, default_transport, "default_transport", "smtp", 0,
	    64),
	CONF(STR, rewrite, relayhost, "relayhost", "", 0, 300),
	CONF(STR, rewrite, transport_maps, "transport_maps", "", 0, 0),
	CONF(STR, rewrite, srs_domain, "srs_domain", "$mydomain", 0, 255),
	CONF(TIME, rewrite, srs_max_age, "srs_max_age", "21d", 86400, 86400000),
	CONF(STR, rewrite, srs_key_file, "srs_key_file", "etc/srs.key", 1, 0),
	{ 0 },
};

static const struct stats_item stats[] = {
	[STAT_QUESTIONS] = { STATS_COUNTER, "questions" },
	[STAT_CACHED] = { STATS_COUNTER, "cache_hits" },
	[STAT_SEARCHES] = { STATS_COUNTER, "searches" },
	[STAT_TROUBLE] = { STATS_COUNTER, "trouble" },
	[STAT_TIME] = { STATS_HISTOGRAM, "answer_time" },
	{ 0 },
};

static const struct ipc_handler handlers[] = {
	{ &rewrite_rcpt_msg, expand_ask },
	{ &rewrite_user_msg, user_ask },
	{ &rewrite_sender_msg, sender_ask },
	{ NULL, NULL },
};

static void
closed(struct ipc_peer *peer)
{
	job_forget_peer(ipc_peer_ctx(peer), peer);
}

/*
 * The secret of rewritten senders, made when it is not there yet. Without one
 * they are not rewritten.
 */
static int
read_srs_key(struct rewrite *rewrite, struct err *err)
{
	const char *path = rewrite->srs_key_file;
	struct buf file;
	int ret;

	buf_init_secret(&file, REWRITE_SRS_KEY);
	ret = fs_read_file(AT_FDCWD, path, &file, err);
	if (ret < 0 && err->kind == ERR_NOENT) {
		rand_bytes(rewrite->srs_key, REWRITE_SRS_KEY);
		ret = fs_write_file(AT_FDCWD, path,
		    str_make(rewrite->srs_key, REWRITE_SRS_KEY), 0600, err);
	} else if (ret == 0 && file.len != REWRITE_SRS_KEY) {
		ret = err_set(err, ERR_CORRUPT, "%s: not %d bytes", path,
		    REWRITE_SRS_KEY);
	} else if (ret == 0) {
		memcpy(rewrite->srs_key, file.p, REWRITE_SRS_KEY);
	}
	buf_clear_secret(&file);
	return ret;
}

static void
open_srs(struct rewrite *rewrite)
{
	struct err err;

	if (rewrite->srs_domain[0] == '\0')
		return;
	if (read_srs_key(rewrite, &err) < 0) {
		log_warn("%s; senders are not rewritten", err.text);
		return;
	}
	rewrite->srs = (struct srs){
		.key = str_make(rewrite->srs_key, REWRITE_SRS_KEY),
		.domain = str_of(rewrite->srs_domain),
		.max_age = rewrite->srs_max_age / 86400,
	};
}

static int
open_early(struct daemon *d, void *ctx, struct err *err)
{
	struct rewrite *rewrite = ctx;

	(void)d;
	ldap_client_prepare();
	open_srs(rewrite);
	return dict_list_open(&rewrite->transports, rewrite->transport_maps,
	    err);
}

static int
start(struct daemon *d, void *ctx, struct err *err)
{
	static const struct ipc_peer_ops ops = {
		.handlers = handlers,
		.closed = closed,
	};
	struct rewrite *rewrite = ctx;
	const char *name;
	int fd;

	(void)err;
	rewrite->daemon = d;
	rewrite->source = source_new(daemon_base(d), &rewrite->source_conf);
	rewrite->full = full_new(daemon_base(d));
	while (rewrite->listeners < REWRITE_LISTENERS &&
	    (fd = daemon_fd_at(d, "edge:", rewrite->listeners, &name)) >= 0)
		rewrite->listener[rewrite->listeners++] = ipc_listener_new(
		    daemon_base(d), fd, name + strlen("edge:"), &ops, rewrite);
	return 0;
}

static int
reload(struct daemon *d, void *ctx, struct err *err)
{
	struct rewrite *rewrite = ctx;

	(void)d;
	(void)err;
	source_flush(rewrite->source);
	return 0;
}

static void
stop(void *ctx)
{
	struct rewrite *rewrite = ctx;

	for (size_t i = 0; i < rewrite->listeners; i++)
		ipc_listener_free(rewrite->listener[i]);
	source_free(rewrite->source);
	full_free(rewrite->full);
	job_free_all(rewrite);
	dict_list_close(&rewrite->transports);
}

int
main(int argc, char **argv)
{
	static const struct daemon_ops ops = {
		.name = "rewrite",
		.kind = &daemon_event,
		.params = params,
		.promises = "stdio unix",
		.stats = stats,
		.open = open_early,
		.start = start,
		.reload = reload,
		.stop = stop,
	};
	struct rewrite rewrite = { 0 };

	list_init(&rewrite.jobs);
	return daemon_main(argc, argv, &ops, &rewrite);
}
