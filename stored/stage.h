/*
 * stage - a COPY that is too long for one batch, and yet whole or not at all
 * (RFC 3501 section 6.4.7).
 *
 * Its rows are put down slice by slice where nobody looks: under UIDs well
 * above the target's UIDNEXT and a modseq well above the owner's, so that
 * what comes into the mailbox meanwhile has its place below. One last slice
 * raises both over them. Until then the task's row (struct store_task) says
 * where they are, and whoever finds it without its COPY takes them away. All
 * reads therefore end at the mailbox's uidnext and modseq.
 */
#ifndef STORED_STAGE_H
#define STORED_STAGE_H

#include "store/uids.h"
#include "stored/append.h"
#include "stored/change.h"

/* What is put down, all together. */
struct stage_sum {
	uint64_t bytes;
	uint32_t messages, unseen, deleted;
};

/*
 * Room for up to count messages in mbox. 1 and *task set; 0 not now, see
 * task_may_begin(), or refused; -1.
 */
int stage_begin(struct change *change, struct request *request,
    struct open_mbox *mbox, uint32_t count, struct store_task *task,
    struct err *err);
/* The nth message's rows, counted from 0. *uid is its UID. */
int stage_put(struct change *change, const struct open_mbox *mbox,
    const struct store_task *task, uint32_t nth, const struct append_row *row,
    uint32_t *uid, struct err *err);
/* Now they are there. 1, -1. */
int stage_publish(struct change *change, struct open_mbox *mbox,
    const struct store_task *task, const struct stage_sum *sum,
    struct err *err);

request_fn stage_undo_run; /* store_recent, mailbox: the user's id */

/* Set mbox->limit. */
int stage_limit(struct change *change, struct open_mbox *mbox, struct err *err);
/* 1: there are rows of a COPY into mbox, 0, -1. */
int stage_is_into(struct change *change, const struct open_mbox *mbox,
    struct err *err);

#endif
