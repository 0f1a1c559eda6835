/*
 * front - where every TCP connection lands.
 *
 * Takes connections on the sockets master bound, counts them, reads PROXY
 * headers, makes TLS (no other process has the key), speaks what IMAP and
 * POP3 have before login, lets authd decide, and gives the client to a
 * session process. Several front processes may run side by side on sockets
 * with SO_REUSEPORT: they share nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "front/exchange.h"
#include "front/follow.h"
#include "front/front.h"
#include "front/greet.h"
#include "front/kick.h"
#include "front/park.h"

enum { SWEEP_SECONDS = 30, AUTHD_TIMEOUT_MS = 60000 };

/* clang-format off */
static const struct conf_param params[] = {
	CONF(STR, front, conf.hostname, "myhostname", "", 0, 255),
	CONF(STR, front, conf.services, "front_services", "", 0, 0),
	CONF(STR, front, conf.cert_file, "tls_cert_file", "tls/cert.pem", 0, 0),
	CONF(STR, front, conf.key_file, "tls_key_file", "tls/key.pem", 0, 0),
	CONF(STR, front, conf.tls_ciphers, "tls_cipherlist", "", 0, 0),
	CONF(BOOL, front, conf.tls_only13, "tls_require_1_3", "no", 0, 0),
	CONF(BOOL, front, conf.ask_client_cert, "tls_ask_client_cert", "no", 0,
	    0),
	CONF(STR, front, conf.client_ca_file, "tls_client_ca_file", "", 0, 0),
	CONF(STR, front, conf.proxy_networks, "proxy_protocol_networks", "",
	    0, 0),
	CONF(STR, front, conf.exempt_networks,
	    "client_connection_limit_exceptions", "$mynetworks", 0, 0),
	CONF(STR, front, conf.mechanisms, "login_mechanisms",
	    "EXTERNAL SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN",
	    0, 0),
	CONF(BOOL, front, conf.allow_plaintext, "login_without_tls", "no",
	    0, 0),
	CONF(INT, front, conf.max_connections, "front_connection_limit",
	    "20000", 1, 1000000),
	CONF(INT, front, conf.max_logins, "front_login_limit", "2000", 1,
	    1000000),
	CONF(TIME, front, conf.login_idle, "login_idle_timeout", "60s", 1,
	    3600),
	CONF(TIME, front, conf.login_time, "login_time_limit", "180s", 1,
	    3600),
	CONF(TIME, front, conf.handover_wait, "front_handover_timeout", "10s",
	    1, 600),
	CONF(TIME, front, conf.greet_wait, "smtpd_greet_wait", "3s", 0, 60),
	CONF(TIME, front, conf.greet_ttl, "smtpd_greet_ttl", "1d", 1,
	    31 * 86400),
	CONF(STR, front, conf.patient_networks,
	    "smtpd_greet_exempt_networks", "$mynetworks", 0, 0),
	CONF(TIME, front, conf.pop3_login_delay, "pop3_login_delay", "0", 0,
	    86400),
	CONF(STR, front, conf.pop3_expire, "pop3_expire", "NEVER", 1, 5),
	CONF(INT, front, conf.max_errors, "login_error_limit", "10", 1, 1000),
	CONF(INT, front, conf.max_failures, "login_failure_limit", "5", 1,
	    1000),
	CONF(INT, front, conf.limits.count[LIMITS_SMTP],
	    "smtpd_client_connection_count_limit", "50", 0, 1000000),
	CONF(INT, front, conf.limits.count[LIMITS_IMAP],
	    "imapd_client_connection_count_limit", "500", 0, 1000000),
	CONF(INT, front, conf.limits.count[LIMITS_POP3],
	    "pop3d_client_connection_count_limit", "50", 0, 1000000),
	CONF(INT, front, conf.limits.rate[LIMITS_SMTP],
	    "smtpd_client_connection_rate_limit", "0", 0, 1000000),
	CONF(INT, front, conf.limits.rate[LIMITS_IMAP],
	    "imapd_client_connection_rate_limit", "0", 0, 1000000),
	CONF(INT, front, conf.limits.rate[LIMITS_POP3],
	    "pop3d_client_connection_rate_limit", "0", 0, 1000000),
	CONF(INT, front, conf.limits.event[LIMITS_MESSAGE],
	    "smtpd_client_message_rate_limit", "0", 0, 1000000),
	CONF(INT, front, conf.limits.event[LIMITS_RECIPIENT],
	    "smtpd_client_recipient_rate_limit", "0", 0, 1000000),
	CONF(INT, front, conf.limits.event[LIMITS_AUTH],
	    "smtpd_client_auth_rate_limit", "0", 0, 1000000),
	CONF(INT, front, conf.limits.event[LIMITS_NEW_TLS],
	    "smtpd_client_new_tls_session_rate_limit", "0", 0, 1000000),
	CONF(TIME, front, conf.limits.rate_unit, "anvil_rate_time_unit", "60s",
	    1, 86400),
	{ 0 },
};

static const struct stats_item items[] = {
	[FRONT_CONNECTIONS] = { STATS_COUNTER, "connections" },
	[FRONT_OPEN] = { STATS_GAUGE, "open" },
	[FRONT_REFUSED] = { STATS_COUNTER, "refused" },
	[FRONT_TALKERS] = { STATS_COUNTER, "pregreet_talkers" },
	[FRONT_HANDSHAKES] = { STATS_COUNTER, "tls_handshakes" },
	[FRONT_HANDSHAKE_FAILURES] = { STATS_COUNTER, "tls_failures" },
	[FRONT_LOGINS] = { STATS_COUNTER, "logins" },
	[FRONT_LOGIN_FAILURES] = { STATS_COUNTER, "login_failures" },
	[FRONT_HANDOVERS] = { STATS_COUNTER, "handovers" },
	[FRONT_HANDOVER_FAILURES] = { STATS_COUNTER, "handover_failures" },
	[FRONT_LOGIN_TIME] = { STATS_HISTOGRAM, "login_time" },
	[FRONT_PARKED] = { STATS_GAUGE, "parked" },
	[FRONT_WAKES] = { STATS_COUNTER, "wakes" },
	[FRONT_WAKE_TIME] = { STATS_HISTOGRAM, "wake_time" },
	{ 0 },
};
/* clang-format on */

/* Split the mechanisms into rules, in upper case. */
static int
set_rules(struct front *front, struct err *err)
{
	struct login_rules *rules = &front->rules;
	struct str rest = str_of(front->conf.mechanisms), word;

	*rules = (struct login_rules){
		.hostname = front->conf.hostname,
		.login_delay = front->conf.pop3_login_delay,
		.expire = str_of(front->conf.pop3_expire),
		.max_errors = front->conf.max_errors,
		.max_failures = front->conf.max_failures,
	};
	while (str_split(&rest, ' ', &word)) {
		word = str_trim(word);
		if (str_ends(word, STR(",")))
			word.len--;
		if (word.len == 0)
			continue;
		if (rules->mechs == LOGIN_MECHS_MAX || word.len > 20)
			return err_set(err, ERR_SYNTAX,
			    "login_mechanisms: too many or too long");
		rules->mech[rules->mechs++] = word;
	}
	return 0;
}

static int
set_networks(struct front *front, struct err *err)
{
	if (addr_nets_parse(front->proxy, FRONT_NETS_MAX, &front->proxies,
		str_of(front->conf.proxy_networks), err) < 0)
		return err_prefix(err, "proxy_protocol_networks");
	if (addr_nets_parse(front->exempt, FRONT_NETS_MAX, &front->exempts,
		str_of(front->conf.exempt_networks), err) < 0)
		return err_prefix(err, "client_connection_limit_exceptions");
	return 0;
}

/* The test before the greeting: those who need not take it. */
static int
set_patient(struct front *front, struct err *err)
{
	if (addr_nets_parse(front->patient, FRONT_NETS_MAX, &front->patients,
		str_of(front->conf.patient_networks), err) < 0)
		return err_prefix(err, "smtpd_greet_exempt_networks");
	return 0;
}

static int
apply_conf(struct front *front, struct err *err)
{
	if (set_rules(front, err) < 0 || set_networks(front, err) < 0 ||
	    set_patient(front, err) < 0)
		return -1;
	return 0;
}

/* As many descriptors as the system lets us have: two a TLS session. */
static void
raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		log_warn("cannot raise the number of descriptors: %s",
		    strerror(errno));
}

/* No certificate is no reason not to serve those who need none. */
static int
open_cert(struct front *front, struct err *err)
{
	const struct front_conf *conf = &front->conf;
	int cert = open(conf->cert_file, O_RDONLY | O_CLOEXEC), key = -1;
	int ret = -1;

	if (cert < 0 && errno == ENOENT) {
		log_warn("%s: no certificate, so no TLS", conf->cert_file);
		return 0;
	}
	if (cert < 0) {
		ret = err_sys(err, "%s", conf->cert_file);
		goto out;
	}
	key = open(conf->key_file, O_RDONLY | O_CLOEXEC);
	if (key < 0) {
		ret = err_sys(err, "%s", conf->key_file);
		goto out;
	}
	ret = front_load_cert(front, cert, key, err);
out:
	if (cert >= 0)
		(void)close(cert);
	if (key >= 0)
		(void)close(key);
	return ret;
}

static int
open_front(struct daemon *d, void *ctx, struct err *err)
{
	struct front *front = ctx;

	front->daemon = d;
	tls_init();
	front->tickets = tls_tickets_new();
	raise_descriptors();
	if (park_open(front, err) < 0)
		return -1;
	if (front_load_client_ca(front, err) < 0)
		return -1;
	return open_cert(front, err);
}

static void
on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct front *front = arg;

	(void)fd;
	(void)what;
	limits_sweep(front->limits);
	(void)malloc_trim(0); /* what a rush of clients left behind */
	greet_sweep(front->greet);
}

static int
start(struct daemon *d, void *ctx, struct err *err)
{
	const struct timeval pause = { SWEEP_SECONDS, 0 };
	struct front *front = ctx;

	front->base = daemon_base(d);
	list_init(&front->conns);
	front->limits = limits_new(&front->conf.limits);
	front->greet = greet_new();
	front->authd = ipc_async_new(front->base, "authd", AUTHD_TIMEOUT_MS);
	ipc_async_set_secret(front->authd);
	(void)event_assign(&front->sweep, front->base, -1, EV_PERSIST, on_sweep,
	    front);
	(void)event_add(&front->sweep, &pause);
	if (apply_conf(front, err) < 0)
		return -1;
	front->kick = kick_new(front);
	front->follows = follows_new(front);
	return front_listen(front, err);
}

/* New settings for new connections; the old ones keep their certificate. */
static int
reload(struct daemon *d, void *ctx, struct err *err)
{
	struct front *front = ctx;
	int cert = daemon_fd(d, "reload:tls_cert_file");
	int key = daemon_fd(d, "reload:tls_key_file");

	if (apply_conf(front, err) < 0)
		return -1;
	if (cert < 0 || key < 0)
		return 0;
	return front_load_cert(front, cert, key, err);
}

/* Those in session hear it from their process. */
static void
bye_to_parked(struct front *front)
{
	LIST_FOREACH(link, &front->conns)
	{
		struct conn *conn = LIST_ITEM(link, struct conn, link);

		if (conn->state == CONN_PARKED)
			conn_bye(conn, "server is going down");
	}
}

static void
stop(void *ctx)
{
	struct front *front = ctx;

	front_unlisten(front);
	if (front->base != NULL) {
		bye_to_parked(front);
		while (!list_is_empty(&front->conns))
			conn_free(
			    LIST_ITEM(front->conns.next, struct conn, link));
		(void)event_del(&front->sweep);
		kick_free(front->kick);
		follows_free(front->follows);
		ipc_async_free(front->authd);
	}
	limits_free(front->limits);
	greet_free(front->greet);
	tls_server_free(front->tls);
	tls_tickets_free(front->tickets);
	buf_clear(&front->client_ca);
}

int
main(int argc, char **argv)
{
	static const struct daemon_ops ops = {
		.name = "front",
		.kind = &daemon_event,
		.params = params,
		/*
		 * No inet: clients come by the sockets we inherited. flock: the
		 * maildrops of parked POP3 sessions.
		 */
		.promises = "stdio unix clients flock",
		.stats = items,
		.open = open_front,
		.start = start,
		.reload = reload,
		.stop = stop,
	};
	/* Too large for the stack, with its scratch. */
	struct front *front = xcalloc(1, sizeof(*front));
	int ret = daemon_main(argc, argv, &ops, front);

	free(front);
	return ret;
}
