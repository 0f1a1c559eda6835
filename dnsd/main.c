/*
 * dnsd - asks the DNS for all the others: libunbound with its cache and
 * DNSSEC, the only one of our programs that does.
 */
#include <fcntl.h>

#include "base/fsutil.h"
#include "base/log.h"
#include "dnsd/query.h"

static const struct conf_param params[] = {
	CONF(STR, dnsd, servers, "dns_servers", "", 0, 1000),
	CONF(STR, dnsd, anchor_file, "dns_trust_anchor_file",
	    "/usr/share/dns/root.key", 0, 1000),
	CONF(TIME, dnsd, timeout, "dns_timeout", "10s", 1, 30),
	CONF(INT, dnsd, limit, "dns_query_limit", "1000", 1, 10000),
	CONF(SIZE, dnsd, cache_size, "dns_cache_size", "8M", 65536, 1 << 30),
	{ 0 },
};

static const struct stats_item stats[] = {
	[STAT_QUERIES] = { STATS_COUNTER, "queries" },
	[STAT_FOUND] = { STATS_COUNTER, "found" },
	[STAT_NOT_FOUND] = { STATS_COUNTER, "not_found" },
	[STAT_TEMP] = { STATS_COUNTER, "temporary_failures" },
	[STAT_BOGUS] = { STATS_COUNTER, "bogus" },
	[STAT_TIMEOUTS] = { STATS_COUNTER, "timeouts" },
	[STAT_SECURE] = { STATS_COUNTER, "secure" },
	[STAT_REFUSED] = { STATS_COUNTER, "refused" },
	[STAT_TIME] = { STATS_HISTOGRAM, "answer_time" },
	{ 0 },
};

static const struct ipc_handler handlers[] = {
	{ &dns_query_msg, query_ask },
	{ NULL, NULL },
};

static void
check(struct main_cf *cf, void *ctx, struct problems *problems)
{
	struct dnsd *dnsd = ctx;
	struct servers servers;
	struct err err;

	if (servers_parse(&servers, str_of(dnsd->servers), &err) < 0)
		conf_report(cf, "dns_servers", &err, problems);
}

static void
closed(struct ipc_peer *peer)
{
	query_forget_peer(ipc_peer_ctx(peer), peer);
}

/* A resolver of the present parameters; the one before must be gone. */
static int
make_resolver(struct dnsd *dnsd, struct err *err)
{
	struct resolver_conf *conf = &dnsd->resolver_conf;

	conf->is_told = *dnsd->servers != '\0';
	if (!conf->is_told)
		servers_parse_resolv(&conf->servers, buf_str(&dnsd->resolv));
	else if (servers_parse(&conf->servers, str_of(dnsd->servers), err) < 0)
		return err_prefix(err, "dns_servers");
	conf->anchors = buf_str(&dnsd->anchors);
	conf->cache_size = dnsd->cache_size;
	conf->limit = dnsd->limit;
	dnsd->resolver = resolver_new(daemon_base(dnsd->daemon), conf, err);
	return dnsd->resolver == NULL ? -1 : 0;
}

/* Files are read here, and what is missing does not keep us from asking. */
static int
open_early(struct daemon *d, void *ctx, struct err *err)
{
	struct dnsd *dnsd = ctx;
	struct err why;

	dnsd->daemon = d;
	buf_init(&dnsd->resolv, DNSD_FILE_MAX);
	buf_init(&dnsd->anchors, DNSD_FILE_MAX);
	if (fs_read_file(AT_FDCWD, "/etc/resolv.conf", &dnsd->resolv, &why) < 0)
		log_info("%s", why.text);
	if (*dnsd->anchor_file != '\0' &&
	    fs_read_file(AT_FDCWD, dnsd->anchor_file, &dnsd->anchors, &why) < 0)
		log_warn("no DNSSEC: %s", why.text);
	return make_resolver(dnsd, err);
}

static int
start(struct daemon *d, void *ctx, struct err *err)
{
	static const struct ipc_peer_ops ops = {
		.handlers = handlers,
		.closed = closed,
	};
	struct dnsd *dnsd = ctx;
	const char *name;
	int fd;

	(void)err;
	while (dnsd->listeners < DNSD_LISTENERS &&
	    (fd = daemon_fd_at(d, "edge:", dnsd->listeners, &name)) >= 0)
		dnsd->listener[dnsd->listeners++] = ipc_listener_new(
		    daemon_base(d), fd, name + strlen("edge:"), &ops, dnsd);
	return 0;
}

/* A new resolver, with nothing remembered; who waits is asked for again. */
static int
reload(struct daemon *d, void *ctx, struct err *err)
{
	struct dnsd *dnsd = ctx;
	int ret;

	(void)d;
	query_withdraw_all(dnsd);
	resolver_free(dnsd->resolver);
	dnsd->resolver = NULL;
	ret = make_resolver(dnsd, err);
	query_repeat_all(dnsd);
	return ret;
}

static void
stop(void *ctx)
{
	struct dnsd *dnsd = ctx;

	resolver_free(dnsd->resolver);
	query_free_all(dnsd);
	for (size_t i = 0; i < dnsd->listeners; i++)
		ipc_listener_free(dnsd->listener[i]);
	buf_clear(&dnsd->resolv);
	buf_clear(&dnsd->anchors);
}

int
main(int argc, char **argv)
{
	static const struct daemon_ops ops = {
		.name = "dnsd",
		.kind = &daemon_event,
		.params = params,
		/* inet: this is the one that asks the servers out there */
		.promises = "stdio inet",
		.stats = stats,
		.check = check,
		.open = open_early,
		.start = start,
		.reload = reload,
		.stop = stop,
	};
	struct dnsd dnsd = { 0 };

	list_init(&dnsd.queries);
	return daemon_main(argc, argv, &ops, &dnsd);
}
