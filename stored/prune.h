/*
 * prune - expunged messages and deleted mailboxes older than expunge_keep go,
 * and tombstones older than tombstone_keep.
 *
 * What a session or a client that was away for longer would need of these is
 * gone then: store_mbox.expunged says up to which modseq, and whoever asks
 * for changes since before that begins anew.
 */
#ifndef STORED_PRUNE_H
#define STORED_PRUNE_H

#include "stored/change.h"

/* A request of nobody's that goes through all mailboxes, slice by slice. */
struct request *prune_new(void);

#endif
