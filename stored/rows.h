/*
 * rows - the messages of a mailbox one after the other, while rows change.
 *
 * A walk goes by UID, so that whatever is put and deleted meanwhile does not
 * matter. It visits the members of a set (all messages if that is NULL) up
 * to the UIDs there were when it began.
 */
#ifndef STORED_ROWS_H
#define STORED_ROWS_H

#include "store/uids.h"
#include "stored/change.h"

struct rows {
	struct change *change;
	const struct open_mbox *mbox;
	const struct store_uids *uids; /* NULL: all */
	uint32_t next, end;            /* next <= uid < end */
	struct kv_range range;
	bool is_open;
	struct kv_key from, to;
};

void rows_begin(struct rows *rows, struct change *change,
    const struct open_mbox *mbox, const struct store_uids *uids, uint32_t from);
/*
 * 1 a message, 0 the end, -1. row's prefix is borrowed until the next change
 * of any row.
 */
int rows_next(struct rows *rows, uint32_t *uid, struct store_hot *row,
    struct err *err);
void rows_end(struct rows *rows);

#endif
