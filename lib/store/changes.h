/*
 * changes - what happened in a mailbox since a modseq: new messages, changed
 * flags, expunges. This is how a view is brought up to date, and what
 * CONDSTORE and QRESYNC (RFC 7162) are made of.
 */
#ifndef STORE_CHANGES_H
#define STORE_CHANGES_H

#include "store/message.h"

struct store_change {
	uint32_t uid;
	bool expunged;
	uint64_t modseq;
	struct store_message message; /* when not expunged */
};

/*
 * Changes above *since in order of modseq, at most max (at least 1); *since
 * moves to the last one given. *count < max: there were no more, and *since
 * is the mailbox's HIGHESTMODSEQ. A message is there once, with its last
 * change. ERR_NOENT: the mailbox is gone, or tombstones above *since are
 * (*since below store_mbox.expunged): look at all there is, by store_scan().
 *
 * Several changes may have one modseq, and a call may end between them: then
 * *since stays at it, and *after, which starts as 0, is the last UID given.
 */
int store_changes(struct store_reader *reader, uint32_t mailbox,
    uint64_t *since, uint32_t *after, struct store_change *out, size_t max,
    size_t *count, struct err *err);

/*
 * Only which messages were changed and which expunged above since, as sets,
 * and without their rows: cheap also for many. *known false: tombstones above
 * since are gone, so others may have been expunged too. What happens
 * meanwhile is in a set or not. The caller clears both sets. ERR_NOENT: the
 * mailbox is gone.
 */
int store_changed(struct store_reader *reader, uint32_t mailbox, uint64_t since,
    struct store_uids *changed, struct store_uids *expunged, bool *known,
    struct err *err);

#endif
