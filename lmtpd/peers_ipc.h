/*
 * peers_ipc - rewrite and stored, over the edges in the daemon's folder.
 */
#ifndef LMTPD_PEERS_IPC_H
#define LMTPD_PEERS_IPC_H

#include "lmtpd/peers.h"
#include "rewritec/rewritec.h"
#include "store/client.h"

struct peers_ipc {
	struct rewritec rewrite;
	struct store_client *store; /* NULL: not connected */
	int timeout_ms;
};

void peers_ipc_init(struct peers_ipc *ipc, int timeout_ms);
void peers_ipc_clear(struct peers_ipc *ipc);

extern const struct peers_ops peers_ipc_ops; /* ctx is a peers_ipc */

#endif
