#include "stored/rename_inbox.h"

#include "ipc/store_msg.h"
#include "stored/copy_rows.h"
#include "stored/mailbox.h"
#include "stored/task.h"

enum { PHASE_NEW, PHASE_ROWS };

/* 1 that was the last slice, 0 there are more or refused, -1. */
static int
slice(struct change *change, struct request *request,
    const struct store_task *task, struct open_mbox *from, struct open_mbox *to,
    struct err *err)
{
	struct copy_rows what = { .from = from,
		.to = to,
		.end = task->end,
		.how = COPY_MOVE };
	uint32_t next = request->next_uid;
	struct copy_sum sum = { 0 };
	int ret = copy_rows(change, request, &what, &next, &sum, err);

	copy_sum_clear(&sum);
	if (ret <= 0 || next == 0)
		return ret;
	request->next_uid = next;
	request->is_unfinished = true;
	return 0;
}

static int
end(struct change *change, struct request *request, uint32_t user,
    const struct open_mbox *from, struct err *err)
{
	struct store_mailbox_done *out =
	    request_answer(request, &store_mailbox_done_msg);

	if (from != NULL) {
		out->mailbox = from->id;
		out->uidvalidity = from->row.uidvalidity;
	}
	return task_end(change, user, STORE_TASK_RENAME, err);
}

int
rename_inbox(struct change *change, struct request *request,
    struct open_mbox *from, const struct target *to, struct err *err)
{
	uint32_t user = to->owner->row.id;
	struct store_task task = { .from = from->id, .end = from->row.uidnext };
	struct open_mbox *made;
	int ret = task_may_begin(change, request, user, STORE_TASK_RENAME, err);

	if (ret > 0)
		ret = mailbox_make(change, request, to, STORE_USE_NONE,
		    STORE_TYPE_MAIL, &made, err);
	if (ret <= 0)
		return ret;
	task.mailbox = made->id;
	if (task_begin(change, request, user, STORE_TASK_RENAME, &task, err) <
	    0)
		return -1;
	request->phase = PHASE_ROWS;
	request->work_mailbox = user;
	ret = slice(change, request, &task, from, made, err);
	return ret <= 0 ? ret : end(change, request, user, from, err);
}

/* Whose INBOX it is: a request of task_next() says so itself. */
static uint32_t
user_of(const struct request *request)
{
	const struct store_recent *in = request->in;

	return request->msg == &store_recent_msg ? in->mailbox :
						   request->work_mailbox;
}

int
rename_inbox_run(struct change *change, struct request *request,
    struct err *err)
{
	uint32_t user = user_of(request);
	struct open_mbox *from = NULL, *to;
	struct store_task task;
	int ret =
	    store_row_task(change->txn, user, STORE_TASK_RENAME, &task, err);

	if (ret > 0)
		ret = change_mbox(change, task.from, &from, err);
	if (ret > 0)
		ret = change_mbox(change, task.mailbox, &to, err);
	if (ret < 0)
		return -1;
	if (ret > 0 && to->row.gone != 0)
		ret = 0;
	/* The new one was deleted meanwhile: what is left stays in INBOX. */
	if (ret > 0)
		ret = slice(change, request, &task, from, to, err);
	else
		ret = 1;
	return ret <= 0 ? ret : end(change, request, user, from, err);
}
