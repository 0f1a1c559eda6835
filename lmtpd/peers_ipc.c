#include "lmtpd/peers_ipc.h"

#include "net/connect.h"

void
peers_ipc_init(struct peers_ipc *ipc, int timeout_ms)
{
	*ipc = (struct peers_ipc){ .timeout_ms = timeout_ms };
	rewritec_init(&ipc->rewrite, "rewrite");
}

void
peers_ipc_clear(struct peers_ipc *ipc)
{
	rewritec_clear(&ipc->rewrite);
	store_client_free(ipc->store);
	ipc->store = NULL;
}

static int
ask_user(void *ctx, struct str address, struct rewrite_user_answer *answer,
    struct arena *arena, struct err *err)
{
	struct peers_ipc *ipc = ctx;

	return rewritec_user(&ipc->rewrite, address, answer, arena, err);
}

static int
connect_store(struct peers_ipc *ipc, struct err *err)
{
	int fd;

	if (ipc->store != NULL && store_client_fd(ipc->store) >= 0)
		return 0;
	store_client_free(ipc->store);
	ipc->store = NULL;
	fd = connect_unix("stored", err);
	if (fd < 0)
		return -1;
	ipc->store = store_client_new(fd, ipc->timeout_ms);
	return 0;
}

/*
 * A connection that breaks was perhaps left over from before stored was
 * started anew. What carries a queue id may be sent again, for stored knows
 * whom it has delivered to; anything else is for the sender to try later.
 */
static int
append(void *ctx, const struct store_append *req, struct arena *arena,
    struct store_appended *answer, struct err *err)
{
	struct peers_ipc *ipc = ctx;
	bool was_open = ipc->store != NULL && store_client_fd(ipc->store) >= 0;

	if (connect_store(ipc, err) < 0)
		return -1;
	if (store_client_append(ipc->store, req, arena, answer, err) == 0)
		return 0;
	if (!was_open || req->queue == 0 || store_client_fd(ipc->store) >= 0)
		return -1;
	if (connect_store(ipc, err) < 0)
		return -1;
	return store_client_append(ipc->store, req, arena, answer, err);
}

const struct peers_ops peers_ipc_ops = {
	.user = ask_user,
	.append = append,
};
