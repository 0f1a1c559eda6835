/*
 * copy - COPY and MOVE: more rows for messages that are there.
 *
 * COPY is whole or not at all (RFC 3501 section 6.4.7), so in one batch however
 * many there are, and then the new UIDs follow each other. MOVE goes in slices:
 * each message is moved or is not (RFC 6851 section 3.3).
 */
#ifndef STORED_COPY_H
#define STORED_COPY_H

#include "store/uids.h"
#include "stored/change.h"

request_fn copy_run; /* store_copy */

struct copy_result {
	uint32_t count;
	struct store_uids from, to; /* in step */
};

void copy_result_clear(struct copy_result *result);

/*
 * uids NULL: all. slice NULL: all in this batch; else a slice of it, for which
 * *slice begins as { 0 }. 1 done, 0 refused, -1.
 */
struct copy_slice {
	uint32_t next; /* UID to go on from; 0: that was all */
	uint32_t end;  /* UIDs there were when it began */
};
int copy_messages(struct change *change, struct request *request,
    struct open_mbox *from, const struct store_uids *uids, struct open_mbox *to,
    bool move, struct copy_slice *slice, struct copy_result *result,
    struct err *err);

#endif
