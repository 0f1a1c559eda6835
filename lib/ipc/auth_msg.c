#include "ipc/auth_msg.h"

enum { NAME = 320, ADDRESS = 64, BINDING = 64, CLIENT = 64 + 1 + 320 };

#define M struct auth_start
static const struct ipc_field start_fields[] = {
	IPC_FIELD(M, U64, id, 0),
	IPC_FIELD(M, STR, session, NAME),
	IPC_FIELD(M, STR, service, NAME),
	IPC_FIELD(M, STR, mech, NAME),
	IPC_FIELD(M, BOOL, has_initial, 0),
	IPC_FIELD(M, STR, initial, AUTH_RESPONSE_MAX),
	IPC_FIELD(M, STR, client_addr, ADDRESS),
	IPC_FIELD(M, STR, local_addr, ADDRESS),
	IPC_FIELD(M, BOOL, secure, 0),
	IPC_FIELD(M, STR, tls_binding, BINDING),
	IPC_FIELD(M, STR, tls_unique, BINDING),
	IPC_FIELD(M, STR, tls_client, CLIENT),
};
#undef M
const struct ipc_msg auth_start_msg =
    IPC_MSG(auth_start, AUTH_START, start_fields);

#define M struct auth_next
static const struct ipc_field next_fields[] = {
	IPC_FIELD(M, U64, id, 0),
	IPC_FIELD(M, BOOL, cancel, 0),
	IPC_FIELD(M, STR, response, AUTH_RESPONSE_MAX),
};
#undef M
const struct ipc_msg auth_next_msg = IPC_MSG(auth_next, AUTH_NEXT, next_fields);

#define M struct auth_step
static const struct ipc_field step_fields[] = {
	IPC_FIELD(M, U64, id, 0),
	IPC_FIELD(M, U8, status, 0),
	IPC_FIELD(M, STR, challenge, AUTH_RESPONSE_MAX),
	IPC_FIELD(M, STR, user, NAME),
	IPC_FIELD(M, STR, ticket, AUTH_TICKET_MAX),
};
#undef M
const struct ipc_msg auth_step_msg = IPC_MSG(auth_step, AUTH_STEP, step_fields);

#define M struct auth_end
static const struct ipc_field end_fields[] = {
	IPC_FIELD(M, STR, session, NAME),
	IPC_FIELD(M, STR, user, NAME),
};
#undef M
const struct ipc_msg auth_end_msg = IPC_MSG(auth_end, AUTH_END, end_fields);

static const struct ipc_field watch_fields[] = {
	IPC_FIELD(struct auth_watch, U8, unused, 0),
};
const struct ipc_msg auth_watch_msg =
    IPC_MSG(auth_watch, AUTH_WATCH, watch_fields);

static const struct ipc_field void_fields[] = {
	IPC_FIELD(struct auth_void, STR, user, NAME),
	IPC_FIELD(struct auth_void, U64, not_before, 0),
};
const struct ipc_msg auth_void_msg = IPC_MSG(auth_void, AUTH_VOID, void_fields);

static const struct ipc_field kick_fields[] = {
	IPC_FIELD(struct auth_kick, STR, user, NAME),
};
const struct ipc_msg auth_kick_msg = IPC_MSG(auth_kick, AUTH_KICK, kick_fields);

#define M struct auth_resume
static const struct ipc_field resume_fields[] = {
	IPC_FIELD(M, STR, session, NAME),
	IPC_FIELD(M, STR, user, NAME),
	IPC_FIELD(M, STR, service, NAME),
	IPC_FIELD(M, STR, mech, NAME),
	IPC_FIELD(M, U64, since, 0),
};
#undef M
const struct ipc_msg auth_resume_msg =
    IPC_MSG(auth_resume, AUTH_RESUME, resume_fields);
