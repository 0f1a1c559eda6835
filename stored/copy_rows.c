#include "stored/copy_rows.h"

#include "store/rights.h"
#include "stored/append.h"
#include "stored/expunge.h"
#include "stored/rows.h"
#include "stored/seen.h"
#include "stored/task.h"

struct work {
	struct change *change;
	const struct copy_rows *what;
	struct open_seen *from_seen, *to_seen; /* NULL: the rows' \Seen */
	uint32_t rights;                       /* in to */
	uint64_t modseq, gone; /* of to, of from when messages go */
	struct copy_sum *sum;
};

void
copy_sum_clear(struct copy_sum *sum)
{
	store_uids_clear(&sum->from);
	store_uids_clear(&sum->to);
	store_uids_clear(&sum->seen);
	*sum = (struct copy_sum){ 0 };
}

static void
add_uids(struct store_uids *to, const struct store_uids *from)
{
	for (size_t i = 0; i < from->len; i++)
		store_uids_append(to, from->run[i].first, from->run[i].last);
}

void
copy_sum_add(struct copy_sum *sum, const struct copy_sum *more)
{
	sum->sum.bytes += more->sum.bytes;
	sum->sum.messages += more->sum.messages;
	sum->sum.unseen += more->sum.unseen;
	sum->sum.deleted += more->sum.deleted;
	add_uids(&sum->from, &more->from);
	add_uids(&sum->to, &more->to);
	add_uids(&sum->seen, &more->seen);
}

unsigned
copy_slice(const struct change *change)
{
	unsigned slice = change->engine->conf.copy_slice;

	return slice == 0 ? STORE_SLICE : slice;
}

static uint64_t
keywords_of(const struct work *work, uint64_t bits)
{
	if (!(work->rights & STORE_RIGHT_WRITE))
		return 0;
	return change_keywords(work->change, work->what->to,
	    &work->what->from->row.keywords, bits);
}

static int
put(struct work *work, const struct append_row *row, uint32_t *uid,
    struct err *err)
{
	const struct copy_rows *what = work->what;
	struct stage_sum *sum = &work->sum->sum;
	int ret;

	if (what->how == COPY_STAGE)
		ret = stage_put(work->change, what->to, &what->task,
		    what->staged + sum->messages, row, uid, err);
	else
		ret = append_row(work->change, what->to, work->modseq, row, uid,
		    err);
	if (ret == 0 && what->how != COPY_STAGE)
		return err_set(err, ERR_LIMIT, "mailbox has no UIDs left");
	if (ret < 0)
		return -1;
	sum->messages++;
	sum->bytes += row->size;
	sum->unseen += !(row->flags & STORE_FLAG_SEEN);
	sum->deleted += (row->flags & STORE_FLAG_DELETED) != 0;
	return 0;
}

/* \Seen of whoever asks goes where the target has it. */
static void
take_seen(struct work *work, uint32_t uid, uint16_t flags)
{
	if (work->what->how != COPY_STAGE)
		(void)seen_take(work->to_seen, uid, flags, 0);
	else if (work->to_seen != NULL && flags & STORE_FLAG_SEEN)
		store_uids_append(&work->sum->seen, uid, uid);
}

static int
copy_one(struct work *work, uint32_t uid, const struct store_hot *hot,
    struct err *err)
{
	struct arena *arena = work->change->arena;
	struct expunge_row gone = { hot->blob, hot->modseq, uid, hot->size,
		hot->flags };
	uint16_t flags = seen_flags(work->from_seen, uid, hot->flags) &
	    store_rights_flags(work->rights);
	struct append_row row = { .blob = hot->blob,
		.size = hot->size,
		.flags = flags,
		.keywords = keywords_of(work, hot->keywords),
		.sent = hot->sent,
		.internal = hot->internal,
		.prefix = arena_str(arena, hot->prefix) };
	uint32_t new_uid;

	if (work->to_seen != NULL)
		row.flags &= (uint16_t)~STORE_FLAG_SEEN;
	if (put(work, &row, &new_uid, err) < 0)
		return -1;
	take_seen(work, new_uid, flags);
	store_uids_append(&work->sum->from, uid, uid);
	store_uids_append(&work->sum->to, new_uid, new_uid);
	if (work->what->how != COPY_MOVE)
		return 0;
	return expunge_row(work->change, work->what->from, &gone, work->gone,
	    EXPUNGE_TOMBSTONE, err);
}

static int
take_modseqs(struct work *work, struct err *err)
{
	const struct copy_rows *what = work->what;

	if (work->modseq != 0 || what->how == COPY_STAGE)
		return 0;
	if (change_modseq(work->change, what->to, &work->modseq, err) < 0)
		return -1;
	return what->how == COPY_MOVE ?
	    change_modseq(work->change, what->from, &work->gone, err) :
	    0;
}

static int
walk(struct work *work, uint32_t *next, struct err *err)
{
	unsigned left = copy_slice(work->change);
	struct store_hot row;
	struct rows rows;
	uint32_t uid;
	int ret;

	rows_begin(&rows, work->change, work->what->from, work->what->uids,
	    *next);
	rows.end = work->what->end;
	*next = 0;
	while ((ret = rows_next(&rows, &uid, &row, err)) > 0) {
		if (left-- == 0) {
			*next = uid;
			break;
		}
		if (take_modseqs(work, err) < 0 ||
		    copy_one(work, uid, &row, err) < 0) {
			ret = -1;
			break;
		}
	}
	rows_end(&rows);
	return ret < 0 ? -1 : 1;
}

/* 1 there are UIDs for a slice; 0 not for now, or for good; -1. */
static int
has_uids(struct change *change, struct request *request,
    const struct open_mbox *mbox, struct err *err)
{
	int ret;

	if (mbox->limit - mbox->row.uidnext > copy_slice(change))
		return 1;
	if (mbox->limit == UINT32_MAX)
		return append_refuse_full(request, mbox);
	ret = task_may_begin(change, request, mbox->row.owner, STORE_TASK_COPY,
	    err);
	return ret < 0 ? -1 : 0;
}

int
copy_rows(struct change *change, struct request *request,
    const struct copy_rows *what, uint32_t *next, struct copy_sum *sum,
    struct err *err)
{
	struct work work = { .change = change,
		.what = what,
		.rights = request_rights(request, &what->to->row),
		.sum = sum };
	int ret = 1;

	if (what->how != COPY_STAGE)
		ret = has_uids(change, request, what->to, err);
	if (ret <= 0)
		return ret;
	if (seen_open(change, request, what->from, &work.from_seen, err) < 0 ||
	    seen_open(change, request, what->to, &work.to_seen, err) < 0)
		return -1;
	return walk(&work, next, err);
}
