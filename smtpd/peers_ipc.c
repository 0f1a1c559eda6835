#include "smtpd/peers_ipc.h"

#include <sys/socket.h>

void
peers_ipc_init(struct peers_ipc *ipc, int timeout_ms)
{
	*ipc = (struct peers_ipc){ 0 };
	rewritec_init(&ipc->rewrite, "rewrite");
	auth_client_init(&ipc->auth, "authd");
	ipc_conn_init(&ipc->qmgr, -1, timeout_ms);
}

void
peers_ipc_clear(struct peers_ipc *ipc)
{
	rewritec_clear(&ipc->rewrite);
	auth_client_clear(&ipc->auth);
	ipc_conn_clear(&ipc->qmgr);
}

/*
 * qmgr closed while nothing was asked: it was started anew. Found out before
 * the next question, so that no client sees it.
 */
static bool
is_stale(const struct ipc_conn *conn)
{
	char byte;

	return conn->fd >= 0 &&
	    recv(conn->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static int
ask_rcpt(void *ctx, struct str address, struct rewrite_rcpt_answer *answer,
    struct arena *arena, struct err *err)
{
	struct peers_ipc *ipc = ctx;

	return rewritec_rcpt(&ipc->rewrite, address, answer, arena, err);
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
keep_id(struct peers_ipc *ipc, struct str id)
{
	if (id.len > QUEUE_ID_MAX)
		id.len = 0;
	memcpy(ipc->spare_id, id.p, id.len);
	ipc->spare_id[id.len] = '\0';
}

static int
begin(void *ctx, char *id, struct err *err)
{
	struct queue_begin ask = { 0 };
	struct queue_begun answer;
	struct peers_ipc *ipc = ctx;

	/* An id belongs to one life of qmgr. */
	if (is_stale(&ipc->qmgr))
		ipc_conn_clear(&ipc->qmgr);
	if (ipc->qmgr.fd < 0 || ipc->spare_id[0] == '\0') {
		ipc->spare_id[0] = '\0';
		if (ipc_conn_open(&ipc->qmgr, "qmgr", err) < 0 ||
		    ipc_conn_call(&ipc->qmgr, &queue_begin_msg, &ask,
			&queue_begun_msg, &answer, NULL, err) < 0)
			return -1;
		keep_id(ipc, answer.id);
	}
	memcpy(id, ipc->spare_id, sizeof(ipc->spare_id));
	return 0;
}

static int
large(void *ctx, const struct queue_large *ask, struct queue_large_open *open,
    struct err *err)
{
	struct peers_ipc *ipc = ctx;

	if (ipc_conn_call(&ipc->qmgr, &queue_large_msg, ask,
		&queue_large_open_msg, open, NULL, err) < 0)
		return -1;
	if (open->fd < 0)
		return err_set(err, ERR_TEMP, "qmgr gave no file");
	return 0;
}

static int
commit(void *ctx, const struct queue_commit *ask, struct err *err)
{
	struct peers_ipc *ipc = ctx;
	struct queue_done done;

	ipc->spare_id[0] = '\0';
	if (ipc_conn_call(&ipc->qmgr, &queue_commit_msg, ask, &queue_done_msg,
		&done, NULL, err) < 0)
		return -1;
	keep_id(ipc, done.next_id);
	return 0;
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
	.begin = begin,
	.large = large,
	.commit = commit,
	.auth_start = auth_start,
	.auth_next = auth_next,
	.auth_cancel = auth_cancel,
	.auth_end = auth_end,
};
