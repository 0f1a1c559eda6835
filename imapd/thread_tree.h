/*
 * thread_tree - the two ways of THREAD to put messages into trees (RFC 5256
 * section 3), without I/O.
 *
 * Message ids and subjects come as 64-bit hashes, keyed at random by the
 * caller so that nobody can choose the collisions; 0 is none.
 *
 * Bounds: time n log n in messages and references, whatever they say: where
 * looking for loops in them takes too long, links are left out.
 */
#ifndef IMAPD_THREAD_TREE_H
#define IMAPD_THREAD_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct thread_message {
	int64_t date;     /* sent, seconds */
	uint64_t id;      /* of Message-ID */
	uint64_t subject; /* base subject, folded */
	uint32_t number;  /* as the answer names it */
	bool is_reply;    /* or a forward */
	size_t ref, refs; /* its references: refs from ref on */
};

/* Append "(2)(3 6 (4 23)(44 7 96))"; messages in the order of the mailbox. */
void thread_by_subject(struct buf *out, const struct thread_message *message,
    size_t count);
/* ref: the references of all. */
void thread_by_references(struct buf *out, const struct thread_message *message,
    size_t count, const uint64_t *ref);

#endif
