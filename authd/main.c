/*
 * authd - decides who somebody is: SASL by Cyrus, passwords by binding to the
 * directory, and a signed ticket for each who passes.
 *
 * The private key of tickets is here and nowhere else.
 */
#include <fcntl.h>
#include <malloc.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "authd/exchange.h"
#include "authd/mech.h"
#include "authd/resume.h"
#include "authd/tell.h"
#include "authd/watch.h"
#include "base/fsutil.h"
#include "base/log.h"
#include "dict/ldap_client.h"

enum { SWEEP_SECONDS = 30 };

/* clang-format off */
static const struct conf_param params[] = {
	CONF(STR, authd, conf.hostname, "myhostname", "", 0, 255),
	CONF_TABLE(authd, conf.password.directory, directory_params),
	CONF(INT, authd, conf.password.connections, "auth_bind_connections",
	    "4", 1, PASSWORD_CONNECTIONS_MAX),
	CONF(STR, authd, conf.mechanisms, "login_mechanisms",
	    "EXTERNAL SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN",
	    1, 1000),
	CONF(STR, authd, conf.realm, "auth_default_realm", "", 0, 255),
	CONF(STR, authd, conf.key_file, "auth_ticket_key_file",
	    "etc/ticket.key", 1, 1000),
	CONF(TIME, authd, conf.ticket_time, "auth_ticket_lifetime", "1d",
	    60, 0),
	CONF(TIME, authd, conf.cache_time, "auth_cache_time", "1h", 0, 86400),
	CONF(TIME, authd, conf.trust_time, "auth_cache_trust_time", "5s", 0,
	    60),
	CONF(INT, authd, conf.cache_size, "auth_cache_size", "10000", 0,
	    1000000),
	CONF(INT, authd, conf.throttle_size, "auth_throttle_size", "20000",
	    10, 10000000),
	CONF(TIME, authd, conf.failure_delay, "auth_failure_delay", "1s", 0,
	    20),
	CONF(TIME, authd, conf.exchange_time, "auth_exchange_timeout", "300s",
	    10, 3600),
	CONF(TIME, authd, conf.pop3_delay, "pop3_login_delay", "0", 0, 86400),
	CONF(INT, authd, conf.session_limit, "auth_session_limit", "0", 0,
	    1000000),
	{ 0 },
};

static const struct stats_item stats[] = {
	[STAT_LOGINS] = { STATS_COUNTER, "logins" },
	[STAT_FAILURES] = { STATS_COUNTER, "login_failures" },
	[STAT_TROUBLE] = { STATS_COUNTER, "trouble" },
	[STAT_REMEMBERED] = { STATS_COUNTER, "cache_hits" },
	[STAT_EXCHANGES] = { STATS_GAUGE, "exchanges" },
	[STAT_SESSIONS] = { STATS_GAUGE, "sessions" },
	[STAT_TIME] = { STATS_HISTOGRAM, "login_time" },
	{ 0 },
};
/* clang-format on */

static const struct ipc_handler handlers[] = {
	{ &auth_start_msg, exchange_start },
	{ &auth_next_msg, exchange_next },
	{ &auth_end_msg, exchange_end_session },
	{ &auth_watch_msg, watch_subscribe },
	{ &auth_kick_msg, watch_kick },
	{ &auth_resume_msg, resume_start },
	{ NULL, NULL },
};

static void
closed(struct ipc_peer *peer)
{
	struct authd *authd = ipc_peer_ctx(peer);

	exchange_forget_peer(authd, peer);
	resume_forget_peer(authd, peer);
	watch_forget_peer(authd, peer);
	count_end_all(authd->count, peer);
	authd_show_sessions(authd);
}

/*
 * The same at every start, and nobody else's: what a client without a secret
 * is shown must not change.
 */
static void
make_fake_key(struct authd *authd, struct str pem)
{
	static const char label[] = "chancery SCRAM secrets of nobody";
	unsigned len = sizeof(authd->fake_key);

	if (HMAC(EVP_sha256(), label, sizeof(label) - 1,
		(const unsigned char *)pem.p, pem.len, authd->fake_key,
		&len) == NULL)
		panic("HMAC");
}

static int
read_key(struct authd *authd, struct err *err)
{
	struct buf pem;
	int ret;

	buf_init(&pem, AUTHD_KEY_MAX);
	ret = fs_read_file(AT_FDCWD, authd->conf.key_file, &pem, err);
	if (ret == 0) {
		make_fake_key(authd, buf_str(&pem));
		authd->signer = ticket_signer_new(buf_str(&pem), err);
		ret = authd->signer == NULL ? -1 : 0;
	}
	buf_clear_secret(&pem);
	return ret < 0 ? err_prefix(err, "auth_ticket_key_file") : 0;
}

/* Cyrus loads its plug-ins and libldap its files before the jail. */
static int
open_early(struct daemon *d, void *ctx, struct err *err)
{
	struct authd *authd = ctx;

	(void)d;
	ldap_client_prepare();
	if (mech_init(authd->conf.mechanisms, err) < 0)
		return -1;
	return read_key(authd, err);
}

static void
on_sweep(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	exchange_sweep(arg);
	(void)malloc_trim(0); /* what a rush of logins left behind */
}

static int
start(struct daemon *d, void *ctx, struct err *err)
{
	static const struct ipc_peer_ops ops = {
		.handlers = handlers,
		.closed = closed,
		.secret = true, /* passwords come in here */
	};
	const struct timeval pause = { SWEEP_SECONDS, 0 };
	struct authd *authd = ctx;
	const char *name;
	int fd;

	(void)err;
	authd->daemon = d;
	authd->password = password_new(daemon_base(d), &authd->conf.password);
	authd->throttle = throttle_new((size_t)authd->conf.throttle_size);
	authd->memory = memory_new((size_t)authd->conf.cache_size);
	authd->count = count_new();
	authd->delay = delay_new();
	authd->tell = tell_new(authd);
	authd->watch = watch_new(authd);
	authd->sweep =
	    event_new(daemon_base(d), -1, EV_PERSIST, on_sweep, authd);
	if (authd->sweep == NULL || event_add(authd->sweep, &pause) < 0)
		panic("event_add");
	while (authd->listeners < AUTHD_LISTENERS &&
	    (fd = daemon_fd_at(d, "edge:", authd->listeners, &name)) >= 0)
		authd->listener[authd->listeners++] = ipc_listener_new(
		    daemon_base(d), fd, name + strlen("edge:"), &ops, authd);
	return 0;
}

static int
reload(struct daemon *d, void *ctx, struct err *err)
{
	struct authd *authd = ctx;

	(void)d;
	(void)err;
	memory_forget(authd->memory, (struct str){ NULL, 0 });
	return 0;
}

static void
stop(void *ctx)
{
	struct authd *authd = ctx;

	for (size_t i = 0; i < authd->listeners; i++)
		ipc_listener_free(authd->listener[i]);
	if (authd->sweep != NULL)
		event_free(authd->sweep);
	watch_free(authd->watch);
	tell_free(authd->tell);
	password_free(authd->password);
	exchange_free_all(authd);
	resume_free_all(authd);
	throttle_free(authd->throttle);
	memory_free(authd->memory);
	count_free(authd->count);
	delay_free(authd->delay);
	ticket_signer_free(authd->signer);
	mech_done();
}

int
main(int argc, char **argv)
{
	static const struct daemon_ops ops = {
		.name = "authd",
		.kind = &daemon_event,
		.params = params,
		.promises = "stdio unix",
		.stats = stats,
		.open = open_early,
		.start = start,
		.reload = reload,
		.stop = stop,
	};
	struct authd authd = { 0 };

	list_init(&authd.exchanges);
	list_init(&authd.resumes);
	list_init(&authd.watchers);
	return daemon_main(argc, argv, &ops, &authd);
}
