/*
 * task - operations that go over several batches and must be ended: the row
 * of each (struct store_task) and the request that goes on with it.
 *
 * A user has one task of a kind at a time. Its request holds it from the
 * batch in which the task begins until the request is freed, whatever became
 * of the batches. A task whose request is gone (refused, a failed batch, a
 * start anew) is left: task_next() gives a request that ends it, by undoing a
 * COPY and by going on with a RENAME.
 */
#ifndef STORED_TASK_H
#define STORED_TASK_H

#include "stored/change.h"

/*
 * May request begin such a task of the user? 1 yes; 0 not now: it is to wait
 * for another's end (is_unfinished) or was refused with ERR_TEMP; -1.
 */
int task_may_begin(struct change *change, struct request *request,
    uint32_t user, enum store_task_kind kind, struct err *err);
/* Put its row and hold it. */
int task_begin(struct change *change, struct request *request, uint32_t user,
    enum store_task_kind kind, const struct store_task *task, struct err *err);
/* Its row goes with this batch. */
int task_end(struct change *change, uint32_t user, enum store_task_kind kind,
    struct err *err);

/* Called for every request that is freed. */
void task_release(struct request *request);

/*
 * A request that ends a task which is left, to be run until it is not
 * unfinished any more, and freed; NULL when there is none.
 */
int task_next(struct engine *engine, struct request **out, struct err *err);

#endif
