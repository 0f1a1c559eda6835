#include "imapd/park_state.h"

#include "ipc/handover_msg.h"

enum { VERSION = 1, TAG_MAX = 1024 };

#define M struct park_state
static const struct ipc_field fields[] = {
	IPC_FIELD(M, STR, tag, TAG_MAX),
	IPC_FIELD(M, U64, deadline, 0),
	IPC_FIELD(M, U32, commands, 0),
	IPC_FIELD(M, U32, errors, 0),
	IPC_FIELD(M, U32, enabled, 0),
	IPC_FIELD(M, U32, mailbox, 0),
	IPC_FIELD(M, U32, uidvalidity, 0),
	IPC_FIELD(M, U32, uidnext, 0),
	IPC_FIELD(M, BOOL, read_only, 0),
	IPC_FIELD(M, U32, rights, 0),
	IPC_FIELD(M, U64, modseq, 0),
	IPC_FIELD(M, U64, untold, 0),
	IPC_FIELD(M, U32, recent_first, 0),
	IPC_FIELD(M, U32, recent_next, 0),
	IPC_FIELD(M, U8, keywords, 0),
	IPC_FIELD(M, U32, count, 0),
	IPC_FIELD(M, U32, last, 0),
	IPC_FIELD(M, U64, checksum, 0),
	IPC_FIELD(M, STR, flags, HANDOVER_PARKED_MAX),
	IPC_FIELD(M, STR, recent, HANDOVER_PARKED_MAX),
	IPC_FIELD(M, STR, expunged, HANDOVER_PARKED_MAX),
	IPC_FIELD(M, STR, saved, HANDOVER_PARKED_MAX),
};
#undef M
static const struct ipc_msg park_state_msg = IPC_MSG(park_state, 0, fields);

int
park_state_encode(struct buf *out, const struct park_state *state,
    struct err *err)
{
	return handover_parked_encode(out, VERSION, &park_state_msg, state,
	    err);
}

int
park_state_decode(struct park_state *state, struct str in, struct arena *arena,
    struct err *err)
{
	return handover_parked_decode(state, VERSION, &park_state_msg, in,
	    arena, err);
}
