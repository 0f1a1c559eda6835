/*
 * changes - what happened in a mailbox since a modseq: new messages, changed
 * flags, expunges. This is how a view is brought up to date, and later
 * CONDSTORE and QRESYNC (RFC 7162).
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
 * (*since below store_mbox.expunged): begin anew with store_select().
 *
 * Several changes may have one modseq: all of them are given before *since
 * moves past it, so max is at times exceeded on disk but never in out: the
 * place within a modseq is kept in *after, which starts as 0.
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
