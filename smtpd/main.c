/*
 * smtpd - takes mail over SMTP (RFC 5321) and gives it to qmgr.
 *
 * Runs as the smtp user in the folder with its edges: rewrite says who a
 * recipient is, authd who a user is, qmgr keeps the message. front hands each
 * client over; one session at a time, in straight-line code.
 */
#include "base/alloc.h"
#include "base/log.h"
#include "dict/dict.h"
#include "ipc/handover_msg.h"
#include "service/daemon.h"
#include "smtpd/content.h"
#include "smtpd/peers_ipc.h"
#include "smtpd/session.h"

enum {
	NETWORKS_MAX = 1000,
	XCLIENT_HOSTS_MAX = 100,
	KEEP = 1 << 20, /* of the heap, for the next message */
};

struct smtpd {
	struct smtpd_conf conf;
	struct addr_net mynetworks[NETWORKS_MAX];
	struct addr_net xclient_hosts[XCLIENT_HOSTS_MAX];
	struct peers_ipc ipc;
	struct peers peers;
	struct access *access; /* of conf */
	struct daemon *daemon;
};

static const struct conf_param params[] = {
	CONF_TABLE(smtpd, conf, smtpd_params),
	{ 0 },
};

enum { HANDOVER_WAIT = 10000 /* ms; front sends it with the connect */ };

/* A list that main.cf names itself. */
static int
check_class(struct main_cf *cf, struct access *access, struct str name,
    struct err *err)
{
	const char *text = main_cf_keep_str(cf, name), *value;

	main_cf_know(cf, text);
	if (main_cf_find(cf, text) == NULL)
		return err_set(err, ERR_NOENT, "%s is set nowhere", text);
	value = main_cf_get(cf, text, err);
	return value == NULL ? -1 : access_class(access, name, value, err);
}

static void
check_classes(struct main_cf *cf, const struct smtpd_conf *conf,
    struct access *access, struct problems *problems)
{
	struct str rest = str_of(conf->classes), name;
	struct err err;

	while (dict_next_word(&rest, &name)) {
		if (check_class(cf, access, name, &err) == 0)
			continue;
		(void)err_prefix(&err, "%" STR_F, STR_A(name));
		conf_report(cf, "smtpd_restriction_classes", &err, problems);
	}
}

/*
 * The lists of restrictions become what sessions ask. It is done here, at
 * every start and check, since tables are files that the jail does not have.
 */
static void
check(struct main_cf *cf, void *ctx, struct problems *problems)
{
	static const char *const names[ACCESS_LISTS] = {
		[ACCESS_CLIENT] = "smtpd_client_restrictions",
		[ACCESS_HELO] = "smtpd_helo_restrictions",
		[ACCESS_SENDER] = "smtpd_sender_restrictions",
		[ACCESS_RELAY] = "smtpd_relay_restrictions",
		[ACCESS_RECIPIENT] = "smtpd_recipient_restrictions",
	};
	struct smtpd *smtpd = ctx;
	struct smtpd_conf *conf = &smtpd->conf;
	int before = problems->errors;
	struct err err;

	if (content_check_list(conf->content_checks, &err) < 0)
		conf_report(cf, "smtpd_content_checks", &err, problems);
	access_free(smtpd->access);
	conf->access = smtpd->access = access_new();
	check_classes(cf, conf, smtpd->access, problems);
	for (int i = 0; i < ACCESS_LISTS; i++) {
		if (access_set(smtpd->access, (enum access_list)i,
			conf->restrictions[i], &err) < 0)
			conf_report(cf, names[i], &err, problems);
	}
	if (problems->errors == before &&
	    access_check_relay(smtpd->access, &err) < 0)
		conf_report(cf, names[ACCESS_RELAY], &err, problems);
}

static int
start(struct daemon *d, void *ctx, struct err *err)
{
	struct smtpd *smtpd = ctx;

	(void)d;
	if (smtpd->conf.submission)
		smtpd->conf.sasl = true;
	smtpd->conf.trusted.net = smtpd->mynetworks;
	smtpd->conf.xclient.net = smtpd->xclient_hosts;
	if (addr_nets_parse(smtpd->mynetworks, NETWORKS_MAX,
		&smtpd->conf.trusted.len, str_of(smtpd->conf.mynetworks),
		err) < 0)
		return err_prefix(err, "mynetworks");
	if (addr_nets_parse(smtpd->xclient_hosts, XCLIENT_HOSTS_MAX,
		&smtpd->conf.xclient.len, str_of(smtpd->conf.xclient_hosts),
		err) < 0)
		return err_prefix(err, "smtpd_authorized_xclient_hosts");
	return 0;
}

static int
worker(struct daemon *d, void *ctx, struct err *err)
{
	struct smtpd *smtpd = ctx;

	(void)err;
	alloc_keep(KEEP);
	smtpd->daemon = d;
	peers_ipc_init(&smtpd->ipc, smtpd->conf.ipc_timeout * 1000);
	smtpd->peers = (struct peers){ &peers_ipc_ops, &smtpd->ipc };
	return 0;
}

static void
run(struct smtpd *smtpd, struct stream *stream,
    const struct session_facts *facts, struct ipc_conn *handover)
{
	struct session session;

	session_init(&session, &smtpd->conf, &smtpd->peers, stream, facts);
	session.handover = handover;
	session.daemon = smtpd->daemon;
	session_run(&session);
	session_clear(&session);
}

/* The client that front hands over. */
static void
serve_handover(struct smtpd *smtpd, struct ipc_conn *conn)
{
	struct session_facts facts = { 0 };
	struct ipc_fds fds;
	struct handover in;
	struct stream *stream;
	struct frame frame;
	struct err err;

	if (ipc_conn_recv(conn, &frame, &err) < 0) {
		if (err.kind != ERR_NOENT)
			log_warn("handover: %s", err.text);
		return;
	}
	fds = conn->fds;
	conn->fds.count = 0;
	if (frame.type != HANDOVER ||
	    ipc_decode(&in, &handover_msg, frame.payload, &fds, NULL, &err) <
		0 ||
	    in.fd < 0) {
		log_warn("handover: not understood");
		ipc_fds_close(&fds);
		return;
	}
	facts.service = in.service;
	facts.local_addr = in.local_addr;
	facts.session = in.session;
	facts.tls_version = in.tls_version;
	facts.tls_cipher = in.tls_cipher;
	facts.tls_binding = in.tls_binding;
	facts.tls_unique = in.tls_unique;
	facts.tls_client = in.tls_client;
	facts_set_client(&facts, &smtpd->conf, in.client_addr);
	conn->timeout = smtpd->conf.timeout * 1000; /* of a handshake, now */
	stream = stream_new(in.fd, SESSION_IN_MAX);
	stream_unread(stream, in.unread);
	run(smtpd, stream, &facts, conn);
}

/* -S: the client is standard input, as if it came from this host. */
static void
serve_stdin(struct smtpd *smtpd, int fd)
{
	struct session_facts facts = {
		.service = STR("smtp"),
		.client_addr = STR("127.0.0.1"),
		.client_name = STR("localhost"),
		.local_addr = STR("127.0.0.1"),
		.session = STR("stdin"),
		.loopback = true,
	};

	run(smtpd, stream_new(fd, SESSION_IN_MAX), &facts, NULL);
}

static void
session(struct daemon *d, void *ctx, struct daemon_conn *conn)
{
	struct smtpd *smtpd = ctx;
	struct ipc_conn handover;

	if (daemon_is_stdin(d)) {
		serve_stdin(smtpd, conn->fd);
		return;
	}
	/* Its end tells front that the session is over. */
	ipc_conn_init(&handover, conn->fd, HANDOVER_WAIT);
	serve_handover(smtpd, &handover);
	ipc_conn_clear(&handover);
}

static void
stop(void *ctx)
{
	struct smtpd *smtpd = ctx;

	if (smtpd->peers.ops != NULL)
		peers_ipc_clear(&smtpd->ipc);
	access_free(smtpd->access);
	smtpd->access = NULL;
}

int
main(int argc, char **argv)
{
	static const struct daemon_ops ops = {
		.name = "smtpd",
		.kind = &daemon_session,
		.params = params,
		.promises = "stdio unix bodies",
		.stats = smtpd_stats,
		.check = check,
		.start = start,
		.worker = worker,
		.session = session,
		.stop = stop,
	};
	struct smtpd smtpd = { 0 };
	int status = daemon_main(argc, argv, &ops, &smtpd);

	/* A check of the configuration does not come to stop(). */
	access_free(smtpd.access);
	return status;
}
