#include "stored/copy.h"

#include <limits.h>

#include "ipc/store_msg.h"
#include "store/rights.h"
#include "stored/append.h"
#include "stored/copy_rows.h"
#include "stored/rows.h"
#include "stored/seen.h"
#include "stored/stage.h"
#include "stored/target.h"

enum { LOOK_SLICES = 10 }; /* looking at rows is cheaper than copying them */

enum phase {
	PHASE_LOOK,  /* how many are they, and how large? */
	PHASE_ROOM,  /* is there room? A COPY in slices may have to wait */
	PHASE_ROWS,  /* of a MOVE, or of a COPY that is one slice */
	PHASE_STAGE, /* of a COPY of many */
};

/* What some slices found or did. */
struct part {
	uint64_t bytes; /* PHASE_LOOK */
	uint32_t messages;
	struct copy_sum sum;
};

/*
 * What goes on from slice to slice. What the last slice did counts once its
 * batch is committed: the request's phase and next_uid are put back where
 * they were if that comes to nothing.
 */
struct progress {
	struct store_uids uids; /* first: see request_progress */
	uint32_t mailbox;       /* the target; 0: not known yet */
	uint32_t end;           /* UIDs there were when it began */
	struct store_task task;
	struct part kept, slice;
	unsigned next_phase; /* where the last slice ended, */
	uint32_t next_uid;   /* if there is to be another */
};

struct work {
	struct change *change;
	struct request *request;
	struct progress *progress;
	struct open_mbox *from, *to;
	bool move;
};

/* What all slices did, to be cleared. */
static struct copy_sum
sum_up(const struct progress *progress)
{
	struct copy_sum all = { 0 };

	copy_sum_add(&all, &progress->kept.sum);
	copy_sum_add(&all, &progress->slice.sum);
	return all;
}

static int
answer(struct work *work)
{
	struct store_copied *out =
	    request_answer(work->request, &store_copied_msg);
	struct copy_sum all = sum_up(work->progress);

	out->mailbox = work->to->id;
	out->uidvalidity = work->to->row.uidvalidity;
	out->count = all.sum.messages;
	/* Half of the UIDs would pair with others. */
	if (!request_put_uids(work->request, &all.from, &out->uids) ||
	    !request_put_uids(work->request, &all.to, &out->to))
		out->uids = out->to = STR("");
	copy_sum_clear(&all);
	return 0;
}

static void
clear(struct request *request)
{
	struct progress *progress = request->progress;

	store_uids_clear(&progress->uids);
	copy_sum_clear(&progress->kept.sum);
	copy_sum_clear(&progress->slice.sum);
}

/* Is what the last slice did committed? */
static void
settle(struct work *work)
{
	struct progress *progress = work->progress;
	struct part *slice = &progress->slice;

	if (work->request->phase == progress->next_phase &&
	    work->request->next_uid == progress->next_uid) {
		copy_sum_add(&progress->kept.sum, &slice->sum);
		progress->kept.bytes += slice->bytes;
		progress->kept.messages += slice->messages;
	}
	copy_sum_clear(&slice->sum);
	*slice = (struct part){ 0 };
	progress->next_phase = UINT_MAX;
}

/* Go on in another phase, or from another UID, with the next batch. */
static int
later(struct work *work, enum phase phase, uint32_t next)
{
	work->request->phase = work->progress->next_phase = phase;
	work->request->next_uid = work->progress->next_uid = next;
	work->request->is_unfinished = true;
	return 0;
}

/* How much it is, for copies count against the quota before they are made. */
static int
look(struct work *work, uint32_t *next, struct err *err)
{
	unsigned left = copy_slice(work->change) * LOOK_SLICES;
	struct progress *progress = work->progress;
	struct store_hot row;
	struct rows rows;
	uint32_t uid;
	int ret;

	rows_begin(&rows, work->change, work->from, &progress->uids, *next);
	if (progress->end == 0)
		progress->end = rows.end;
	rows.end = progress->end;
	*next = 0;
	while ((ret = rows_next(&rows, &uid, &row, err)) > 0) {
		if (left-- == 0) {
			*next = uid;
			break;
		}
		progress->slice.bytes += row.size;
		progress->slice.messages++;
	}
	rows_end(&rows);
	return ret < 0 ? -1 : 0;
}

/* 1, 0 refused. */
static int
has_room(struct work *work, uint64_t bytes, uint32_t messages, struct err *err)
{
	struct open_user *owner;
	int ret;

	if (messages == 0 ||
	    (work->move && work->from->row.owner == work->to->row.owner))
		return 1;
	ret = change_user_id(work->change, work->to->row.owner, &owner, err);
	if (ret <= 0)
		return err_set(err, ERR_CORRUPT, "mailbox has no owner");
	return target_has_room(work->request, owner, bytes, messages);
}

/* A slice of rows; 1 that was the last, 0 there are more or refused. */
static int
slice(struct work *work, enum copy_how how, enum phase phase, struct err *err)
{
	struct progress *progress = work->progress;
	struct copy_rows what = { .from = work->from,
		.to = work->to,
		.uids = &progress->uids,
		.end = progress->end,
		.how = how,
		.task = progress->task,
		.staged = progress->kept.sum.sum.messages };
	uint32_t next =
	    work->request->phase == phase ? work->request->next_uid : 0;
	uint32_t begun = next;
	int ret = copy_rows(work->change, work->request, &what, &next,
	    &progress->slice.sum, err);

	if (ret < 0)
		return -1;
	if (ret == 0 && work->request->is_unfinished)
		return later(work, phase, begun);
	if (ret == 0)
		return 0;
	return next == 0 ? 1 : later(work, phase, next);
}

/* All rows are put down: now they are there, if there is still room. */
static int
publish(struct work *work, struct err *err)
{
	struct copy_sum all = sum_up(work->progress);
	struct open_seen *seen;
	int ret = has_room(work, all.sum.bytes, all.sum.messages, err);

	if (ret > 0 &&
	    seen_open(work->change, work->request, work->to, &seen, err) < 0)
		ret = -1;
	if (ret > 0 && seen != NULL)
		seen_take_runs(seen, &all.seen);
	if (ret > 0)
		ret = stage_publish(work->change, work->to,
		    &work->progress->task, &all.sum, err);
	copy_sum_clear(&all);
	return ret < 0 ? -1 : ret > 0 ? answer(work) : 0;
}

static int
stage(struct work *work, struct err *err)
{
	int ret = slice(work, COPY_STAGE, PHASE_STAGE, err);

	return ret <= 0 ? ret : publish(work, err);
}

static int
room(struct work *work, struct err *err)
{
	struct progress *progress = work->progress;
	uint32_t messages = progress->kept.messages + progress->slice.messages;
	int ret = has_room(work, progress->kept.bytes + progress->slice.bytes,
	    messages, err);

	if (ret <= 0)
		return ret;
	if (work->move || messages <= copy_slice(work->change)) {
		ret = slice(work, work->move ? COPY_MOVE : COPY_ADD, PHASE_ROWS,
		    err);
		return ret <= 0 ? ret : answer(work);
	}
	ret = stage_begin(work->change, work->request, work->to, messages,
	    &progress->task, err);
	if (ret < 0)
		return -1;
	if (ret == 0)
		return work->request->is_unfinished ?
		    later(work, PHASE_ROOM, 0) :
		    0;
	return stage(work, err);
}

static int
run(struct work *work, struct err *err)
{
	uint32_t next = work->request->next_uid;
	int ret;

	settle(work);
	switch ((enum phase)work->request->phase) {
	case PHASE_LOOK:
		if (look(work, &next, err) < 0)
			return -1;
		if (next != 0)
			return later(work, PHASE_LOOK, next);
		return room(work, err);
	case PHASE_ROOM:
		return room(work, err);
	case PHASE_STAGE:
		return stage(work, err);
	case PHASE_ROWS:
		break;
	}
	ret = slice(work, work->move ? COPY_MOVE : COPY_ADD, PHASE_ROWS, err);
	return ret <= 0 ? ret : answer(work);
}

int
copy_run(struct change *change, struct request *request, struct err *err)
{
	const struct store_copy *in = request->in;
	uint32_t rights = STORE_RIGHT_READ;
	struct work work = { change, request, NULL, NULL, NULL, in->move };
	struct target to;
	int ret;

	work.progress =
	    request_progress(request, in->uids, sizeof(*work.progress), clear);
	if (work.progress == NULL)
		return 0;
	if (in->move)
		rights |= STORE_RIGHT_EXPUNGE | STORE_RIGHT_FLAG_DELETED;
	ret =
	    target_mbox(change, request, in->mailbox, rights, &work.from, err);
	if (ret > 0)
		ret = target_find(change, request, in->user, in->name,
		    STORE_RIGHT_INSERT, &to, err);
	if (ret <= 0)
		return ret;
	if (work.progress->mailbox == 0)
		work.progress->mailbox = to.mbox->id;
	if (work.progress->mailbox != to.mbox->id)
		return request_refuse(request, ERR_NOENT, "no such mailbox");
	work.to = to.mbox;
	return run(&work, err);
}
