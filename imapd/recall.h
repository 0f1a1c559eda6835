/*
 * recall - the last answers of SORT and THREAD in the selected mailbox, for
 * clients that ask again and again.
 *
 * What a message is put in order by never changes: the bytes, the size and
 * the date behind a UID are for ever. So what was made of a set of messages
 * is right for that set whatever happens to flags; a caller finds out first
 * which messages are concerned, and it is for him to say whether an answer
 * for others will do.
 *
 * Ownership: the memory belongs to what is selected and goes with it; it is
 * emptied when the session is silent for as long as parking takes.
 * Bounds: RECALL_ANSWERS of them, RECALL_BYTES together; more is not kept.
 */
#ifndef IMAPD_RECALL_H
#define IMAPD_RECALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum {
	RECALL_ANSWERS = 4,
	RECALL_BYTES = 4 << 20,
};

/* One answer, in one piece of memory. */
struct recall_answer {
	struct str name; /* of the question, without what is searched */
	size_t len;
	const uint32_t *uid; /* of the len messages, rising */
	struct str bytes;    /* the caller's, as aligned as uid */
	void *memory;        /* owned: all of these */
	size_t size;         /* of memory */
};

/* { 0 } is empty. */
struct recall {
	struct recall_answer answer[RECALL_ANSWERS]; /* the newest first */
};

/* NULL: nothing is kept under that name. Good until the next recall_keep. */
const struct recall_answer *recall_find(struct recall *recall, struct str name);
/*
 * Keep a copy instead of what was there under that name; the oldest ones make
 * room.
 */
void recall_keep(struct recall *recall, struct str name, const uint32_t *uid,
    size_t len, struct str bytes);
void recall_clear(struct recall *recall);

#endif
