/*
 * copy - COPY and MOVE: more rows for messages that are there.
 *
 * Whole or not at all (RFC 3501 section 6.4.7), so in one batch however many
 * there are, and then the new UIDs follow each other.
 */
#ifndef STORED_COPY_H
#define STORED_COPY_H

#include "store/uids.h"
#include "stored/change.h"

request_fn copy_run; /* store_copy */

struct copy_result {
	uint32_t first, count;
	struct store_uids from; /* the caller clears it */
};

/* uids NULL: all. 1 done, 0 refused, -1. */
int copy_messages(struct change *change, struct request *request,
    struct open_mbox *from, const struct store_uids *uids, struct open_mbox *to,
    bool move, struct copy_result *result, struct err *err);

#endif
