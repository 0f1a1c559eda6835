#include "pop3d/park_state.h"

#include "base/num.h"
#include "ipc/handover_msg.h"

enum {
	VERSION = 2,
	DELETED = 1,
	SEEN = 2,
	READ = 4,
	OLD = 8,
	WIDE = 16, /* a byte follows: */
	SIZE_SHIFT = 5,
	MEASURED = 1,
	REFUSED = 2,
};

#define M struct park_state
static const struct ipc_field fields[] = {
	IPC_FIELD(M, U64, deadline, 0),
	IPC_FIELD(M, U32, user, 0),
	IPC_FIELD(M, U32, mailbox, 0),
	IPC_FIELD(M, U32, uidvalidity, 0),
	IPC_FIELD(M, BOOL, utf8, 0),
	IPC_FIELD(M, U32, errors, 0),
	IPC_FIELD(M, U32, retrieved, 0),
	IPC_FIELD(M, U32, deleted, 0),
	IPC_FIELD(M, U64, octets, 0),
	IPC_FIELD(M, U32, count, 0),
	IPC_FIELD(M, STR, items, HANDOVER_PARKED_MAX),
};
#undef M
static const struct ipc_msg park_state_msg = IPC_MSG(park_state, 0, fields);

/* How far the UID is from the one before; the size, and the marks below it. */
void
park_state_pack(struct buf *out, const struct maildrop *drop)
{
	uint32_t last = 0;

	for (size_t i = 0; i < drop->count && !out->full; i++) {
		const struct maildrop_item *item = &drop->item[i];
		uint64_t marks = (item->deleted ? DELETED : 0) |
		    (item->seen ? SEEN : 0) | (item->read ? READ : 0) |
		    (item->old ? OLD : 0) | (item->wide ? WIDE : 0);

		(void)buf_add_varint(out, item->uid - last);
		(void)buf_add_varint(out,
		    (uint64_t)item->size << SIZE_SHIFT | marks);
		if (item->wide)
			(void)buf_add_u8(out,
			    (uint8_t)((item->measured ? MEASURED : 0) |
				(item->refused ? REFUSED : 0)));
		last = item->uid;
	}
}

/* The second byte of marks, where there is one. */
static bool
take_wide(struct maildrop_item *item, struct str *in)
{
	if (!item->wide)
		return true;
	if (in->len == 0 || (unsigned char)in->p[0] > (MEASURED | REFUSED))
		return false;
	item->measured = in->p[0] & MEASURED;
	item->refused = in->p[0] & REFUSED;
	str_skip(in, 1);
	return true;
}

int
park_state_unpack(struct maildrop *drop, uint32_t count, struct str in,
    struct err *err)
{
	uint64_t step, size;
	uint32_t uid = 0;

	for (; count > 0; count--) {
		struct maildrop_item *item;

		if (!num_take_varint(&in, UINT32_MAX - uid, &step) ||
		    step == 0 ||
		    !num_take_varint(&in,
			(uint64_t)UINT32_MAX << SIZE_SHIFT | 31, &size))
			return err_set(err, ERR_CORRUPT, "parked: no message");
		uid += (uint32_t)step;
		maildrop_add(drop, uid, (uint32_t)(size >> SIZE_SHIFT),
		    size & SEEN);
		item = &drop->item[drop->count - 1];
		item->deleted = size & DELETED;
		item->read = size & READ;
		item->old = size & OLD;
		item->wide = size & WIDE;
		if (!take_wide(item, &in))
			return err_set(err, ERR_CORRUPT, "parked: no marks");
	}
	return in.len == 0 ? 0 : err_set(err, ERR_CORRUPT, "parked: left over");
}

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
