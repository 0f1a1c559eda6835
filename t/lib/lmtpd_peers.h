/*
 * lmtpd_peers - a rewrite and a store that are not there, for tests of lmtpd:
 * what they answer is decided by the address, what they were asked is kept.
 *
 * By local part: unknown, foreign, disabled, loop are rewrite's statuses,
 * away is its ERR_TEMP, unasked its directory's; full, denied, odd, gone are
 * the store's refusals of that recipient, again one that had it before,
 * diskfull, mapfull and down the failure of the whole request. "user+detail":
 * the mailbox "detail" exists for detail "list" alone.
 */
#ifndef T_LIB_LMTPD_PEERS_H
#define T_LIB_LMTPD_PEERS_H

#include "base/buf.h"
#include "lmtpd/peers.h"

struct lmtpd_peers {
	struct buf asked; /* a line for each target: see lmtpd_peers.c */
	unsigned appends;
};

void lmtpd_peers_init(struct lmtpd_peers *peers);
void lmtpd_peers_clear(struct lmtpd_peers *peers);

extern const struct peers_ops lmtpd_peers_ops; /* ctx is an lmtpd_peers */

#endif
