/*
 * peers_ipc - peers.h over the edges of our folder, one connection each,
 * made when first needed and again after the other side was started anew.
 */
#ifndef SMTPD_PEERS_IPC_H
#define SMTPD_PEERS_IPC_H

#include "auth/client.h"
#include "dnsc/dnsc.h"
#include "queue/client.h"
#include "rewritec/rewritec.h"
#include "smtpd/peers.h"

struct peers_ipc {
	struct rewritec rewrite;
	struct auth_client auth;
	struct queue_client queue;
	struct queue_client notices; /* the same queue, other messages */
	struct dnsc dns;
};

/* timeout_ms is for qmgr; the others have their own. */
void peers_ipc_init(struct peers_ipc *ipc, int timeout_ms);
void peers_ipc_clear(struct peers_ipc *ipc);

extern const struct peers_ops peers_ipc_ops; /* ctx: struct peers_ipc */

#endif
