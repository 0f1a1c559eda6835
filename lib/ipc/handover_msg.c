#include "ipc/handover_msg.h"

enum {
	NAME = 320,
	CLIENT = 64 + 1 + 320,
	ADDRESS = 64,
	BINDING = 64,
	TICKET = 4096,
	TAG = 1024,
	BYE = 200
};

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
	IPC_FIELD(M, STR, tls_unique, BINDING),
	IPC_FIELD(M, STR, tls_client, CLIENT),
	IPC_FIELD(M, STR, user, NAME),
	IPC_FIELD(M, STR, mech, NAME),
	IPC_FIELD(M, STR, ticket, TICKET),
	IPC_FIELD(M, STR, tag, TAG),
	IPC_FIELD(M, BOOL, utf8, 0),
	IPC_FIELD(M, STR, unread, HANDOVER_UNREAD_MAX),
	IPC_FIELD(M, STR, parked, HANDOVER_PARKED_MAX),
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
	IPC_FIELD(M, STR, tls_unique, BINDING),
	IPC_FIELD(M, STR, tls_client, CLIENT),
	IPC_FIELD(M, FD, fd, 0),
};
#undef M
const struct ipc_msg handover_tls_msg =
    IPC_MSG(handover_tls, HANDOVER_TLS, tls_fields);

#define M struct handover_park
static const struct ipc_field park_fields[] = {
	IPC_FIELD(M, STR, state, HANDOVER_PARKED_MAX),
	IPC_FIELD(M, STR, bye, BYE),
	IPC_FIELD(M, U64, deadline, 0),
	IPC_FIELD(M, U64, received, 0),
	IPC_FIELD(M, U32, mailbox, 0),
	IPC_FIELD(M, U64, modseq, 0),
	IPC_FIELD(M, U32, lock, 0),
	IPC_FIELD(M, FD, fd, 0),
};
#undef M
const struct ipc_msg handover_park_msg =
    IPC_MSG(handover_park, HANDOVER_PARK, park_fields);

static const struct ipc_field stay_fields[] = {
	IPC_FIELD(struct handover_stay, U8, unused, 0),
};
const struct ipc_msg handover_stay_msg =
    IPC_MSG(handover_stay, HANDOVER_STAY, stay_fields);

static const struct ipc_field count_fields[] = {
	IPC_FIELD(struct handover_count, U8, event, 0),
	IPC_FIELD(struct handover_count, STR, client_addr, ADDRESS),
};
const struct ipc_msg handover_count_msg =
    IPC_MSG(handover_count, HANDOVER_COUNT, count_fields);

static const struct ipc_field counted_fields[] = {
	IPC_FIELD(struct handover_counted, BOOL, allowed, 0),
};
const struct ipc_msg handover_counted_msg =
    IPC_MSG(handover_counted, HANDOVER_COUNTED, counted_fields);

int
handover_parked_encode(struct buf *out, uint8_t version,
    const struct ipc_msg *msg, const void *state, struct err *err)
{
	struct ipc_fds fds = { .count = 0 };

	(void)buf_add_u8(out, version);
	if (ipc_encode(out, &fds, msg, state, err) < 0)
		return -1;
	if (out->full || out->len > HANDOVER_PARKED_MAX)
		return err_set(err, ERR_LIMIT, "too much to park");
	return 0;
}

int
handover_parked_decode(void *state, uint8_t version, const struct ipc_msg *msg,
    struct str in, struct arena *arena, struct err *err)
{
	struct ipc_fds fds = { .count = 0 };

	if (in.len == 0 || (uint8_t)in.p[0] != version)
		return err_set(err, ERR_CORRUPT, "parked: unknown version");
	str_skip(&in, 1);
	return ipc_decode(state, msg, in, &fds, arena, err);
}
