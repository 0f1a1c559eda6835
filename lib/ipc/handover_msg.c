#include "ipc/handover_msg.h"

enum { NAME = 320, ADDRESS = 64, BINDING = 64, TICKET = 4096, TAG = 1024 };

#define M struct handover
static const struct ipc_field handover_fields[] = {
	IPC_FIELD(M, STR, service, NAME),
	IPC_FIELD(M, STR, client_addr, ADDRESS),
	IPC_FIELD(M, U16, client_port, 0),
	IPC_FIELD(M, STR, local_addr, ADDRESS),
	IPC_FIELD(M, U16, local_port, 0),
	IPC_FIELD(M, STR, session, NAME),
	IPC_FIELD(M, STR, tls_version, NAME),
	IPC_FIELD(M, STR, tls_cipher, NAME),
	IPC_FIELD(M, STR, tls_binding, BINDING),
	IPC_FIELD(M, STR, tls_client, NAME),
	IPC_FIELD(M, STR, user, NAME),
	IPC_FIELD(M, STR, mech, NAME),
	IPC_FIELD(M, STR, ticket, TICKET),
	IPC_FIELD(M, STR, tag, TAG),
	IPC_FIELD(M, STR, unread, HANDOVER_UNREAD_MAX),
	IPC_FIELD(M, FD, fd, 0),
};
#undef M
const struct ipc_msg handover_msg =
    IPC_MSG(handover, HANDOVER, handover_fields);

static const struct ipc_field starttls_fields[] = {
	IPC_FIELD(struct handover_starttls, FD, fd, 0),
};
const struct ipc_msg handover_starttls_msg =
    IPC_MSG(handover_starttls, HANDOVER_STARTTLS, starttls_fields);

#define M struct handover_tls
static const struct ipc_field tls_fields[] = {
	IPC_FIELD(M, STR, tls_version, NAME),
	IPC_FIELD(M, STR, tls_cipher, NAME),
	IPC_FIELD(M, STR, tls_binding, BINDING),
	IPC_FIELD(M, STR, tls_client, NAME),
	IPC_FIELD(M, FD, fd, 0),
};
#undef M
const struct ipc_msg handover_tls_msg =
    IPC_MSG(handover_tls, HANDOVER_TLS, tls_fields);
