/*
 * smtp - sends mail to other sites: an LMTP server towards qmgr, the client
 * of SMTP towards the world.
 *
 * Runs as the smtpout user in a folder with one edge, dnsd's. Certificates of
 * authorities, tables and passwords are read before the jail and shared by
 * all processes; one session at a time, in straight-line code.
 */
#include <ifaddrs.h>
#include <netinet/in.h>

#include "net/tls_client.h"
#include "smtp/auth.h"
#include "smtp/session.h"

enum { SESSION_IN_MAX = 131072 };

struct program {
	struct smtp smtp;
	struct dnsc dns; /* connected by each process for itself */
	struct resolver resolver;
};

static const struct conf_param params[] = {
	CONF_TABLE(program, smtp.conf, smtp_params),
	{ 0 },
};

static void
add_own(struct smtp *smtp, const struct addr *addr)
{
	struct addr_net *net = &smtp->own[smtp->own_count];

	if (smtp->own_count == SMTP_OWN_MAX ||
	    (addr->family != ADDR_IPV4 && addr->family != ADDR_IPV6))
		return;
	net->addr = *addr;
	net->addr.port = 0;
	net->bits = addr->family == ADDR_IPV4 ? 32 : 128;
	smtp->own_count++;
}

/* The host's addresses, and those a proxy or NAT has for us. */
static int
find_own(struct smtp *smtp, struct err *err)
{
	struct ifaddrs *all, *at;
	struct addr addr;
	size_t count;

	if (addr_nets_parse(smtp->own, SMTP_OWN_MAX / 2, &count,
		str_of(smtp->conf.proxy_interfaces), err) < 0)
		return err_prefix(err, "proxy_interfaces");
	smtp->own_count = count;
	if (getifaddrs(&all) < 0)
		return err_sys(err, "addresses of this host");
	for (at = all; at != NULL; at = at->ifa_next) {
		if (at->ifa_addr == NULL)
			continue;
		addr_from_sockaddr(&addr, at->ifa_addr,
		    at->ifa_addr->sa_family == AF_INET6 ?
			sizeof(struct sockaddr_in6) :
			sizeof(struct sockaddr_in));
		add_own(smtp, &addr);
	}
	freeifaddrs(all);
	return 0;
}

static int
take_bind(struct addr *out, const char *name, const char *text,
    enum addr_family family, struct err *err)
{
	if (text[0] == '\0')
		return 0;
	if (addr_parse_ip(out, str_of(text), err) < 0)
		return err_prefix(err, "%s", name);
	if (out->family != family)
		return err_set(err, ERR_SYNTAX, "%s: %s: the other family",
		    name, text);
	return 0;
}

static int
open_tls(struct smtp *smtp, struct err *err)
{
	struct tls_client_conf conf = { .ca_file = smtp->conf.tls_ca_file };

	tls_init();
	if (dict_list_open(&smtp->tls_policy, smtp->conf.tls_policy_maps, err) <
	    0)
		return err_prefix(err, "smtp_tls_policy_maps");
	if (smtp->conf.tls_level == SMTP_TLS_NONE && smtp->tls_policy.len == 0)
		return 0;
	if (tls_client_new(&smtp->tls, &conf, err) == 0)
		return 0;
	/* Without the system's authorities nobody is trusted, that is all. */
	if (err->kind != ERR_NOENT ||
	    !str_eqz(str_of(conf.ca_file), SMTP_CA_FILE))
		return err_prefix(err, "smtp_tls_CAfile");
	conf.ca_file = NULL;
	return tls_client_new(&smtp->tls, &conf, err);
}

static int
open_all(struct daemon *d, void *ctx, struct err *err)
{
	struct smtp *smtp = &((struct program *)ctx)->smtp;

	smtp->daemon = d;
	list_init(&smtp->idle);
	if (take_bind(&smtp->bind4, "smtp_bind_address",
		smtp->conf.bind_address, ADDR_IPV4, err) < 0 ||
	    take_bind(&smtp->bind6, "smtp_bind_address6",
		smtp->conf.bind_address6, ADDR_IPV6, err) < 0)
		return -1;
	if (find_own(smtp, err) < 0 || auth_open(smtp, err) < 0)
		return -1;
	return open_tls(smtp, err);
}

static void
ask_mx(void *ctx, struct str domain, struct dnsc_mx *mx, struct arena *arena)
{
	dnsc_mx(ctx, domain, mx, arena);
}

static void
ask_addresses(void *ctx, struct str host, struct dnsc_addresses *addresses,
    struct arena *arena)
{
	dnsc_addresses(ctx, host, addresses, arena);
}

static int
worker(struct daemon *d, void *ctx, struct err *err)
{
	struct program *program = ctx;

	(void)d, (void)err;
	dnsc_init(&program->dns, "dnsd");
	program->resolver = (struct resolver){
		.mx = ask_mx,
		.addresses = ask_addresses,
		.ctx = &program->dns,
	};
	program->smtp.resolver = &program->resolver;
	return 0;
}

static void
session(struct daemon *d, void *ctx, struct daemon_conn *conn)
{
	struct program *program = ctx;
	struct session s;

	(void)d;
	session_init(&s, &program->smtp, stream_new(conn->fd, SESSION_IN_MAX));
	session_run(&s);
	session_clear(&s);
}

static void
stop(void *ctx)
{
	struct program *program = ctx;

	if (program->smtp.resolver != NULL)
		dnsc_clear(&program->dns);
	tls_client_free(program->smtp.tls);
	dict_list_close(&program->smtp.tls_policy);
	dict_list_close(&program->smtp.passwords);
}

int
main(int argc, char **argv)
{
	static const struct daemon_ops ops = {
		.name = "smtp",
		.kind = &daemon_session,
		.params = params,
		.promises = "stdio unix inet",
		.stats = smtp_stats,
		.open = open_all,
		.worker = worker,
		.session = session,
		.stop = stop,
	};
	struct program program = { 0 };

	return daemon_main(argc, argv, &ops, &program);
}
