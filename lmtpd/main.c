/*
 * lmtpd - takes mail over LMTP (RFC 2033) and puts it in the store.
 *
 * Runs as the deliver user in the folder with its edges and cannot write the
 * store: rewrite says whose an address is, stored keeps the message. The
 * client is qmgr; one session at a time, in straight-line code.
 */
#include "base/alloc.h"
#include "lmtpd/peers_ipc.h"
#include "lmtpd/session.h"
#include "mime/charset.h"

enum {
	SESSION_IN_MAX = 131072,
	KEEP = 1 << 20, /* of the heap, for the next message */
};

struct lmtpd {
	struct lmtpd_conf conf;
	struct peers_ipc ipc;
	struct peers peers;
};

static const struct conf_param params[] = {
	CONF_TABLE(lmtpd, conf, lmtpd_params),
	{ 0 },
};

/* Text of any charset is read later, where no file can be opened. */
static int
open_tables(struct daemon *d, void *ctx, struct err *err)
{
	(void)d, (void)ctx;
	return mime_charset_warm(err);
}

static int
worker(struct daemon *d, void *ctx, struct err *err)
{
	struct lmtpd *lmtpd = ctx;

	(void)d, (void)err;
	alloc_keep(KEEP);
	peers_ipc_init(&lmtpd->ipc, lmtpd->conf.ipc_timeout * 1000);
	lmtpd->peers = (struct peers){ &peers_ipc_ops, &lmtpd->ipc };
	return 0;
}

static void
session(struct daemon *d, void *ctx, struct daemon_conn *conn)
{
	struct lmtpd *lmtpd = ctx;
	struct session s;

	/* Only qmgr's word on queue ids counts, or that of who runs a test. */
	session_init(&s, &lmtpd->conf, &lmtpd->peers,
	    stream_new(conn->fd, SESSION_IN_MAX),
	    str_eqz(str_of(conn->role), "qmgr") || daemon_is_stdin(d));
	s.daemon = d;
	session_run(&s);
	session_clear(&s);
}

static void
stop(void *ctx)
{
	struct lmtpd *lmtpd = ctx;

	if (lmtpd->peers.ops != NULL)
		peers_ipc_clear(&lmtpd->ipc);
}

int
main(int argc, char **argv)
{
	static const struct daemon_ops ops = {
		.name = "lmtpd",
		.kind = &daemon_session,
		.params = params,
		.promises = "stdio unix bodies",
		.stats = lmtpd_stats,
		.open = open_tables,
		.worker = worker,
		.session = session,
		.stop = stop,
	};
	struct lmtpd lmtpd = { 0 };

	return daemon_main(argc, argv, &ops, &lmtpd);
}
