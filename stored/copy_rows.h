/*
 * copy_rows - a slice of messages from one mailbox to another: the work of
 * COPY, of MOVE and of RENAME of INBOX.
 */
#ifndef STORED_COPY_ROWS_H
#define STORED_COPY_ROWS_H

#include "store/uids.h"
#include "stored/change.h"
#include "stored/stage.h"

enum copy_how {
	COPY_ADD,   /* they are there with this batch */
	COPY_MOVE,  /* the same, and not in the other mailbox any more */
	COPY_STAGE, /* they are there with stage_publish() */
};

struct copy_rows {
	struct open_mbox *from, *to;
	const struct store_uids *uids; /* NULL: all */
	uint32_t end;                  /* those below */
	enum copy_how how;
	struct store_task task; /* COPY_STAGE */
	uint32_t staged;        /* messages it has so far */
};

/* What came of some slices; the three sets rise. */
struct copy_sum {
	struct stage_sum sum;
	struct store_uids from, to; /* in step */
	struct store_uids seen;     /* of to, where that is no flag of a row */
};

void copy_sum_clear(struct copy_sum *sum);
/* Add what came of later slices. */
void copy_sum_add(struct copy_sum *sum, const struct copy_sum *more);

/* Messages a slice of a copy has. */
unsigned copy_slice(const struct change *change);

/*
 * A slice from *next on, added to sum. 1 done, *next is where to go on, 0 at
 * the end; 0 refused, or is to wait (is_unfinished); -1.
 */
int copy_rows(struct change *change, struct request *request,
    const struct copy_rows *what, uint32_t *next, struct copy_sum *sum,
    struct err *err);

#endif
