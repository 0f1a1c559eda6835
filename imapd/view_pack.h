/*
 * view_pack - a view without its UIDs, in few bytes: what a parked session
 * cannot read from the store again.
 *
 * The UIDs of a view are those of the mailbox's rows and of the tombstones
 * that came since; which flags the client was told, which messages it was told
 * are recent, and which it was not yet told are gone, only the view knows.
 * Each is packed as runs of small numbers (seven bits a byte, the lowest
 * first, as protocol buffers have them), so that a mailbox in which most
 * messages are alike takes a few bytes.
 *
 * Unpacking is total: bytes that do not fit the view are ERR_CORRUPT.
 */
#ifndef IMAPD_VIEW_PACK_H
#define IMAPD_VIEW_PACK_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "imapd/view.h"

/* What is over a buffer's limit is seen by its full. */
void view_pack_flags(struct buf *out, const struct view *view);
void view_pack_recent(struct buf *out, const struct view *view);
void view_pack_expunged(struct buf *out, const struct view *view);

/* Put the messages in, marked as expunged; they must not be there yet. */
int view_unpack_expunged(struct view *view, struct str in, struct err *err);
/* Of all messages of the view, neither more nor less. */
int view_unpack_flags(struct view *view, struct str in, struct err *err);
int view_unpack_recent(struct view *view, struct str in, struct err *err);

/* Two views with the same UIDs have the same, and others hardly ever. */
uint64_t view_checksum(const struct view *view);

#endif
