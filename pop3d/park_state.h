/*
 * park_state - a parked POP3 session in bytes: its maildrop, whole.
 *
 * Numbers, sizes and marks of a maildrop must stay as they are whatever others
 * remove meanwhile, so nothing of it can be read again: each message takes
 * four or five bytes, and a maildrop of more than about 800 messages is not
 * parked.
 */
#ifndef POP3D_PARK_STATE_H
#define POP3D_PARK_STATE_H

#include "base/arena.h"
#include "base/buf.h"
#include "pop3d/maildrop.h"

struct park_state {
	uint64_t deadline; /* monotonic, us */
	uint32_t user, mailbox, uidvalidity;
	bool utf8;
	uint32_t errors, retrieved, deleted;
	uint64_t octets;
	uint32_t count;
	struct str items; /* park_state_pack() */
};

/* Append the messages of a maildrop; out->full tells that they do not fit. */
void park_state_pack(struct buf *out, const struct maildrop *drop);
/* Into an empty maildrop, exactly count of them. ERR_CORRUPT. */
int park_state_unpack(struct maildrop *drop, uint32_t count, struct str in,
    struct err *err);

/* ERR_LIMIT: over HANDOVER_PARKED_MAX. */
int park_state_encode(struct buf *out, const struct park_state *state,
    struct err *err);
/* Strings are borrowed from in. ERR_CORRUPT. */
int park_state_decode(struct park_state *state, struct str in,
    struct arena *arena, struct err *err);

#endif
