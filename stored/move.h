/*
 * move - the part of a batch that gives records new places; and the batch
 * itself as batch.c and move.c share it.
 */
#ifndef STORED_MOVE_H
#define STORED_MOVE_H

#include "stored/change.h"

struct batch {
	struct engine *engine;
	struct list *list;
	size_t count; /* of list, from its beginning */
	struct change change;
	struct seglog_record *record;
	size_t records;
	bool is_doubtful; /* it failed, and may be in the packs all the same */
	bool is_logged;   /* the packs have it on disk */
};

/* One more record; iov, head and body stay the caller's. */
void batch_add_record(struct batch *batch, struct iovec *iov,
    unsigned char *head, const struct store_record *record, struct str body);

/* Behind all requests: records, and rows in the journal, of what is moved. */
int move_prepare(struct batch *batch, struct err *err);
/* Then with their places: rows in journal and index. */
int move_place(struct batch *batch, struct err *err);

#endif
