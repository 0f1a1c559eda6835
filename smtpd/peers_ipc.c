#include "smtpd/peers_ipc.h"

void
peers_ipc_init(struct peers_ipc *ipc, int timeout_ms)
{
	rewritec_init(&ipc->rewrite, "rewrite");
	dnsc_init(&ipc->dns, "dnsd");
	auth_client_init(&ipc->auth, "authd");
	queue_client_init(&ipc->queue, "qmgr", timeout_ms);
	queue_client_init(&ipc->notices, "qmgr", timeout_ms);
}

void
peers_ipc_clear(struct peers_ipc *ipc)
{
	rewritec_clear(&ipc->rewrite);
	dnsc_clear(&ipc->dns);
	auth_client_clear(&ipc->auth);
	queue_client_clear(&ipc->queue);
	queue_client_clear(&ipc->notices);
}

static int
ask_rcpt(void *ctx, struct str address, struct str sender,
    struct rewrite_rcpt_answer *answer, struct arena *arena, struct err *err)
{
	struct peers_ipc *ipc = ctx;

	return rewritec_rcpt(&ipc->rewrite, address, sender, answer, arena,
	    err);
}

static int
ask_sender(void *ctx, struct str user, struct str address, bool *allowed,
    struct arena *arena, struct err *err)
{
	struct peers_ipc *ipc = ctx;

	return rewritec_sender(&ipc->rewrite, user, address, allowed, arena,
	    err);
}

static void
ask_dns(void *ctx, struct str name, uint16_t type, struct dns_answer *answer,
    struct arena *arena)
{
	struct peers_ipc *ipc = ctx;

	dnsc_query(&ipc->dns, name, type, answer, arena);
}

static int
begin(void *ctx, char id[QUEUE_SHORT_SIZE], struct err *err)
{
	struct peers_ipc *ipc = ctx;

	if (queue_client_begin(&ipc->queue, err) < 0)
		return -1;
	(void)queue_id_shorten(id, str_of(ipc->queue.id));
	return 0;
}

static int
large(void *ctx, uint64_t size_hint, int *fd, uint64_t *limit, struct err *err)
{
	struct peers_ipc *ipc = ctx;

	return queue_client_large(&ipc->queue, size_hint, fd, limit, err);
}

static int
commit(void *ctx, struct queue_commit *request, struct err *err)
{
	struct peers_ipc *ipc = ctx;

	return queue_client_commit(&ipc->queue, request, err);
}

static int
notice(void *ctx, struct queue_commit *request, struct err *err)
{
	struct peers_ipc *ipc = ctx;

	if (queue_client_begin(&ipc->notices, err) < 0)
		return -1;
	return queue_client_commit(&ipc->notices, request, err);
}

static int
outside(void *ctx, struct outside *o, const char *service, int64_t deadline,
    struct err *err)
{
	(void)ctx;
	return outside_open(o, service, deadline, err);
}

static int
auth_start(void *ctx, struct auth_start *start, struct auth_step *step,
    struct err *err)
{
	struct peers_ipc *ipc = ctx;

	return auth_client_start(&ipc->auth, start, step, err);
}

static int
auth_next(void *ctx, struct str response, struct auth_step *step,
    struct err *err)
{
	struct peers_ipc *ipc = ctx;

	return auth_client_next(&ipc->auth, response, step, err);
}

static int
auth_cancel(void *ctx, struct auth_step *step, struct err *err)
{
	struct peers_ipc *ipc = ctx;

	return auth_client_cancel(&ipc->auth, step, err);
}

static void
auth_end(void *ctx, struct str session, struct str user)
{
	struct peers_ipc *ipc = ctx;

	auth_client_end(&ipc->auth, session, user);
}

const struct peers_ops peers_ipc_ops = {
	.rcpt = ask_rcpt,
	.sender = ask_sender,
	.dns = ask_dns,
	.begin = begin,
	.large = large,
	.commit = commit,
	.notice = notice,
	.outside = outside,
	.auth_start = auth_start,
	.auth_next = auth_next,
	.auth_cancel = auth_cancel,
	.auth_end = auth_end,
};
