/*
 * uids - a set of UIDs as rising runs: what a request names, what an answer
 * tells, what somebody has seen of another's mailbox. The n-th UID of a set is
 * found by n, and n by the UID.
 *
 * Mailboxes are mostly one long run with holes, so a set of 20,000 messages
 * takes some hundred bytes. On the wire a run is first and last, u32 each.
 *
 * Ownership: the caller owns the struct, the set owns run[]. An empty set is
 * { 0 }. UIDs are 1 to UINT32_MAX.
 */
#ifndef STORE_UIDS_H
#define STORE_UIDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum { STORE_RUN_SIZE = 8 /* bytes of a run in its wire form */ };

struct store_run {
	uint32_t first, last; /* both inside */
	uint32_t before;      /* UIDs in earlier runs */
};

struct store_uids {
	struct store_run *run;
	size_t len, cap;
};

void store_uids_clear(struct store_uids *set);

/* Put first..last behind all that is there: first > the last one. */
void store_uids_append(struct store_uids *set, uint32_t first, uint32_t last);
/* Put one in anywhere; false if it was there. Costs a move of what follows. */
bool store_uids_add(struct store_uids *set, uint32_t uid);
/* Take one out; false if it was not there. Costs the same. */
bool store_uids_remove(struct store_uids *set, uint32_t uid);

uint32_t store_uids_count(const struct store_uids *set);
bool store_uids_has(const struct store_uids *set, uint32_t uid);
/* Sequence number of uid, 0 if it is not there. */
uint32_t store_uids_seq(const struct store_uids *set, uint32_t uid);
/* UID of sequence number seq, 0 beyond the end. */
uint32_t store_uids_at(const struct store_uids *set, uint32_t seq);
/* The smallest member >= uid, 0 if none. */
uint32_t store_uids_next(const struct store_uids *set, uint32_t uid);
/* The largest member, 0 if the set is empty. */
uint32_t store_uids_last(const struct store_uids *set);

/* Append the wire form to out. */
int store_uids_encode(struct buf *out, const struct store_uids *set);
/* Total: ERR_SYNTAX and an empty set unless the runs rise and are apart. */
int store_uids_decode(struct store_uids *set, struct str in, struct err *err);

#endif
