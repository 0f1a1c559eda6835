#include "stored/copy.h"

#include <limits.h>

#include "ipc/store_msg.h"
#include "store/rights.h"
#include "stored/append.h"
#include "stored/expunge.h"
#include "stored/rows.h"
#include "stored/seen.h"
#include "stored/target.h"

struct work {
	struct change *change;
	struct open_mbox *from, *to;
	struct open_seen *from_seen, *to_seen; /* NULL: the rows' \Seen */
	uint32_t rights;                       /* in to */
	bool move;
	uint64_t modseq, gone; /* of to, of from when messages go */
	struct copy_result *result;
};

/* The target's bits for the source's. One without room there is lost. */
static uint64_t
keywords_of(const struct work *work, uint64_t bits)
{
	const struct store_keywords *names = &work->from->row.keywords;
	uint64_t out = 0;

	if (!(work->rights & STORE_RIGHT_WRITE))
		return 0;
	for (unsigned i = 0; i < names->count; i++)
		if (bits & 1ULL << i)
			out |= change_keyword(work->change, work->to,
			    names->keyword[i]);
	return out;
}

void
copy_result_clear(struct copy_result *result)
{
	store_uids_clear(&result->from);
	store_uids_clear(&result->to);
}

/* A slice that is run again, for its batch failed, notes the same again. */
static void
note(struct copy_result *result, uint32_t uid, uint32_t new_uid)
{
	if (uid <= store_uids_last(&result->from))
		return;
	store_uids_append(&result->from, uid, uid);
	store_uids_append(&result->to, new_uid, new_uid);
	result->count++;
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
		.thread = hot->thread,
		.internal = hot->internal,
		.prefix = arena_str(arena, hot->prefix) };
	uint32_t new_uid;
	int ret;

	if (work->to_seen != NULL)
		row.flags &= (uint16_t)~STORE_FLAG_SEEN;
	ret = append_row(work->change, work->to, work->modseq, &row, &new_uid,
	    err);
	if (ret == 0)
		return err_set(err, ERR_LIMIT, "mailbox has no UIDs left");
	if (ret < 0)
		return -1;
	(void)seen_take(work->to_seen, new_uid, flags, 0);
	note(work->result, uid, new_uid);
	if (!work->move)
		return 0;
	return expunge_row(work->change, work->from, &gone, work->gone,
	    EXPUNGE_TOMBSTONE, err);
}

/* How much it is; copies count against the quota before they are made. */
static int
measure(struct work *work, const struct store_uids *uids, uint64_t *bytes,
    uint64_t *messages, struct err *err)
{
	struct store_hot row;
	struct rows rows;
	uint32_t uid;
	int ret;

	*bytes = *messages = 0;
	rows_begin(&rows, work->change, work->from, uids, 0);
	while ((ret = rows_next(&rows, &uid, &row, err)) > 0) {
		*bytes += row.size;
		++*messages;
	}
	rows_end(&rows);
	return ret;
}

static int
has_room(struct work *work, struct request *request,
    const struct store_uids *uids, struct err *err)
{
	struct open_user *owner;
	uint64_t bytes, messages;
	int ret;

	if (measure(work, uids, &bytes, &messages, err) < 0)
		return -1;
	if (messages > UINT32_MAX - work->to->row.uidnext) {
		request_refuse(request, ERR_LIMIT, "mailbox has no UIDs left");
		return 0;
	}
	if (messages == 0 ||
	    (work->move && work->from->row.owner == work->to->row.owner))
		return 1;
	ret = change_user_id(work->change, work->to->row.owner, &owner, err);
	if (ret <= 0)
		return err_set(err, ERR_CORRUPT, "mailbox has no owner");
	return target_has_room(request, owner, bytes, messages);
}

static int
take_modseqs(struct work *work, struct err *err)
{
	if (work->modseq != 0)
		return 0;
	if (change_modseq(work->change, work->to, &work->modseq, err) < 0)
		return -1;
	return work->move ?
	    change_modseq(work->change, work->from, &work->gone, err) :
	    0;
}

static int
copy_rows(struct work *work, const struct store_uids *uids,
    struct copy_slice *slice, struct err *err)
{
	unsigned left = slice == NULL ? UINT_MAX : STORE_SLICE;
	struct store_hot row;
	struct rows rows;
	uint32_t uid;
	int ret;

	rows_begin(&rows, work->change, work->from, uids,
	    slice == NULL ? 0 : slice->next);
	if (slice != NULL) {
		if (slice->end == 0)
			slice->end = rows.end;
		rows.end = slice->end;
		slice->next = 0;
	}
	while ((ret = rows_next(&rows, &uid, &row, err)) > 0) {
		if (left-- == 0) {
			slice->next = uid;
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

int
copy_messages(struct change *change, struct request *request,
    struct open_mbox *from, const struct store_uids *uids, struct open_mbox *to,
    bool move, struct copy_slice *slice, struct copy_result *result,
    struct err *err)
{
	struct work work = { .change = change,
		.from = from,
		.to = to,
		.rights = request_rights(request, &to->row),
		.move = move,
		.result = result };
	int ret = 1;

	if (slice == NULL || slice->next == 0)
		ret = has_room(&work, request, uids, err);
	if (ret <= 0)
		return ret;
	if (seen_open(change, request, from, &work.from_seen, err) < 0 ||
	    seen_open(change, request, to, &work.to_seen, err) < 0)
		return -1;
	return copy_rows(&work, uids, slice, err);
}

static struct str
encode(struct request *request, const struct store_uids *uids)
{
	struct buf bytes;
	struct str out;

	buf_init(&bytes, STORE_MSG_UIDS_MAX);
	(void)store_uids_encode(&bytes, uids);
	out = arena_str(request->arena, buf_str(&bytes));
	buf_clear(&bytes);
	return out;
}

static void
answer(struct request *request, const struct open_mbox *to,
    const struct copy_result *result)
{
	struct store_copied *out = request_answer(request, &store_copied_msg);

	out->mailbox = to->id;
	out->uidvalidity = to->row.uidvalidity;
	out->count = result->count;
	out->uids = encode(request, &result->from);
	out->to = encode(request, &result->to);
}

/* What goes on from slice to slice. */
struct progress {
	struct store_uids uids;
	struct copy_slice slice;
	struct copy_result result;
};

static void
clear(struct request *request)
{
	struct progress *progress = request->progress;

	store_uids_clear(&progress->uids);
	copy_result_clear(&progress->result);
}

/* The first slice takes the request apart; 1, 0 refused. */
static int
begin(struct request *request, struct progress **out)
{
	const struct store_copy *in = request->in;
	struct err wrong;

	*out = request->progress;
	if (*out != NULL)
		return 1;
	*out = arena_calloc(request->arena, 1, sizeof(**out));
	if (*out == NULL ||
	    store_uids_decode(&(*out)->uids, in->uids, &wrong) < 0) {
		request_refuse(request, ERR_SYNTAX, "not a set of UIDs");
		return 0;
	}
	request->progress = *out;
	request->cleanup = clear;
	return 1;
}

int
copy_run(struct change *change, struct request *request, struct err *err)
{
	const struct store_copy *in = request->in;
	uint32_t rights = STORE_RIGHT_READ;
	struct progress *progress;
	struct open_mbox *from;
	struct target to;
	int ret = begin(request, &progress);

	if (ret <= 0)
		return ret;
	if (in->move)
		rights |= STORE_RIGHT_EXPUNGE | STORE_RIGHT_FLAG_DELETED;
	progress->slice.next = request->next_uid;
	ret = target_mbox(change, request, in->mailbox, rights, &from, err);
	if (ret > 0)
		ret = target_find(change, request, in->user, in->name,
		    STORE_RIGHT_INSERT, &to, err);
	if (ret > 0)
		ret = copy_messages(change, request, from, &progress->uids,
		    to.mbox, in->move, in->move ? &progress->slice : NULL,
		    &progress->result, err);
	if (ret <= 0)
		return ret;
	request->next_uid = in->move ? progress->slice.next : 0;
	request->is_unfinished = request->next_uid != 0;
	if (!request->is_unfinished)
		answer(request, to.mbox, &progress->result);
	return 0;
}
