/*
 * append - a new message: once into the packs, a row for each recipient.
 */
#ifndef STORED_APPEND_H
#define STORED_APPEND_H

#include "stored/change.h"

request_fn append_run; /* store_append */

/* What a new row of a mailbox holds besides its UID and modseq. */
struct append_row {
	uint64_t blob;
	uint32_t size;
	uint16_t flags;
	uint64_t keywords;
	uint64_t sent; /* store/sent.h; unknown: as the digest says */
	int64_t internal;
	struct str prefix;
};

/*
 * Put a message into mbox under its next UID, with all that goes with it:
 * rows, references, counters. 1 done, 0 it has no UID left (for
 * now: mbox->limit), -1.
 */
int append_row(struct change *change, struct open_mbox *mbox, uint64_t modseq,
    const struct append_row *row, uint32_t *uid, struct err *err);

/* The rows alone, without mbox's counters; the reference is counted. */
int append_put(struct change *change, const struct open_mbox *mbox,
    uint64_t modseq, const struct append_row *row, uint32_t uid,
    struct err *err);
/* Why append_row said 0. Returns 0. */
int append_refuse_full(struct request *request, const struct open_mbox *mbox);

/* The message of a store_append, without references yet. */
int append_blob(struct change *change, struct request *request, struct str body,
    uint64_t *blob, struct err *err);

/* The bits of keywords (struct store_word) in mbox. 1; 0 refused. */
int append_keywords(struct change *change, struct request *request,
    struct open_mbox *mbox, const struct ipc_list *keywords, uint64_t *bits);

#endif
