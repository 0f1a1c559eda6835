#include "stored/stage.h"

#include "ipc/store_msg.h"
#include "stored/expunge.h"
#include "stored/rows.h"
#include "stored/task.h"

enum { GAP = 16384 }; /* UIDs left for what comes meanwhile, at least */

/* Changes of all the user's mailboxes meanwhile are fewer than this. */
static const uint64_t modseq_gap = 1ULL << 32;

int
stage_begin(struct change *change, struct request *request,
    struct open_mbox *mbox, uint32_t count, struct store_task *task,
    struct err *err)
{
	uint32_t left = mbox->limit - mbox->row.uidnext, gap;
	struct open_user *owner;
	int ret;

	if (change_owner(change, mbox, &owner, err) < 0)
		return -1;
	ret = task_may_begin(change, request, owner->row.id, STORE_TASK_COPY,
	    err);
	if (ret <= 0)
		return ret;
	if (count > left)
		return append_refuse_full(request, mbox);
	gap = left - count;
	if (gap / 4 > count && gap - count * 4 > GAP)
		gap = count * 4 + GAP;
	*task = (struct store_task){ .mailbox = mbox->id,
		.first = mbox->row.uidnext + gap,
		.end = mbox->row.uidnext + gap + count,
		.modseq = owner->row.modseq + modseq_gap };
	mbox->limit = task->first;
	return task_begin(change, request, owner->row.id, STORE_TASK_COPY, task,
		   err) < 0 ?
	    -1 :
	    1;
}

int
stage_put(struct change *change, const struct open_mbox *mbox,
    const struct store_task *task, uint32_t nth, const struct append_row *row,
    uint32_t *uid, struct err *err)
{
	if (nth >= task->end - task->first)
		return err_set(err, ERR_CORRUPT, "copy of more than there was");
	*uid = task->first + nth;
	return append_put(change, mbox, task->modseq, row, *uid, err);
}

int
stage_publish(struct change *change, struct open_mbox *mbox,
    const struct store_task *task, const struct stage_sum *sum, struct err *err)
{
	struct open_user *owner;

	if (change_owner(change, mbox, &owner, err) < 0)
		return -1;
	mbox->limit = UINT32_MAX;
	if (task_end(change, owner->row.id, STORE_TASK_COPY, err) < 0)
		return -1;
	if (sum->messages == 0)
		return 1;
	owner->row.modseq = mbox->row.modseq = task->modseq;
	mbox->row.uidnext = task->first + sum->messages;
	mbox->row.unseen += sum->unseen;
	mbox->row.deleted += sum->deleted;
	change_notice(change, owner->row.id, mbox->id, task->modseq);
	return change_use(change, mbox, (int64_t)sum->bytes,
		   (int64_t)sum->messages, err) < 0 ?
	    -1 :
	    1;
}

int
stage_limit(struct change *change, struct open_mbox *mbox, struct err *err)
{
	struct store_task task;
	int ret = store_row_task(change->txn, mbox->row.owner, STORE_TASK_COPY,
	    &task, err);

	mbox->limit =
	    ret > 0 && task.mailbox == mbox->id ? task.first : UINT32_MAX;
	return ret < 0 ? -1 : 0;
}

int
stage_is_into(struct change *change, const struct open_mbox *mbox,
    struct err *err)
{
	struct store_task task;
	int ret = store_row_task(change->txn, mbox->row.owner, STORE_TASK_COPY,
	    &task, err);

	return ret < 0 ? -1 : ret > 0 && task.mailbox == mbox->id;
}

/* The next of its rows, a slice at most. */
static int
collect(struct change *change, const struct store_task *task,
    struct expunge_row *row, unsigned max, unsigned *count, struct err *err)
{
	/* Its own row does not matter: what is looked at lies beyond it. */
	struct open_mbox mbox = { .id = task->mailbox,
		.row = { .uidnext = task->end } };
	struct store_hot hot;
	struct rows rows;
	uint32_t uid;
	int ret = 0;

	*count = 0;
	rows_begin(&rows, change, &mbox, NULL, task->first);
	while (*count < max && (ret = rows_next(&rows, &uid, &hot, err)) > 0)
		row[(*count)++] = (struct expunge_row){ hot.blob, hot.modseq,
			uid, hot.size, hot.flags };
	rows_end(&rows);
	return ret < 0 ? -1 : 0;
}

int
stage_undo_run(struct change *change, struct request *request, struct err *err)
{
	const struct store_recent *in = request->in;
	struct expunge_row *row =
	    arena_alloc(change->arena, STORE_SLICE * sizeof(*row));
	struct open_mbox mbox = { 0 };
	struct store_task task;
	unsigned count;
	int ret = store_row_task(change->txn, in->mailbox, STORE_TASK_COPY,
	    &task, err);

	(void)request_answer(request, &store_done_msg);
	if (ret <= 0)
		return ret;
	mbox.id = task.mailbox;
	if (collect(change, &task, row, STORE_SLICE, &count, err) < 0)
		return -1;
	for (unsigned i = 0; i < count; i++)
		if (expunge_rows(change, &mbox, &row[i], 0, EXPUNGE_WHOLLY,
			err) < 0)
			return -1;
	request->is_unfinished = count == STORE_SLICE;
	if (request->is_unfinished)
		return 0;
	return task_end(change, in->mailbox, STORE_TASK_COPY, err);
}
