/*
 * park_state - what a parked session is: the bytes that front keeps for it
 * (ipc/handover_msg.h), and from which another process goes on.
 *
 * Not in it, and read again: names of keywords, the mailbox's rows.
 */
#ifndef IMAPD_PARK_STATE_H
#define IMAPD_PARK_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct park_state {
	struct str tag;    /* of the IDLE that goes on; empty: none */
	uint64_t deadline; /* monotonic, us: then the client is logged out */
	uint32_t commands, errors;
	uint32_t enabled; /* bits */

	uint32_t mailbox; /* 0: none is selected, and nothing follows */
	uint32_t uidvalidity, uidnext;
	bool read_only;
	uint32_t rights; /* that the client was told of */
	uint64_t modseq; /* the view shows all up to this */
	uint64_t untold; /* lowest modseq of an expunge not told yet */
	uint32_t recent_first, recent_next;
	uint8_t keywords;     /* that the client was told of */
	uint32_t count, last; /* messages of the view, the last one's UID */
	uint64_t checksum;    /* of the view's UIDs */
	struct str flags, recent, expunged; /* imapd/view_pack.h */
	struct str saved; /* UIDs that "$" stands for: store/uids.h */
};

/* ERR_LIMIT: over HANDOVER_PARKED_MAX. */
int park_state_encode(struct buf *out, const struct park_state *state,
    struct err *err);
/* Strings are borrowed from in. ERR_CORRUPT. */
int park_state_decode(struct park_state *state, struct str in,
    struct arena *arena, struct err *err);

#endif
