#include "stored/flags.h"

#include "ipc/store_msg.h"
#include "store/rights.h"
#include "stored/rows.h"
#include "stored/seen.h"
#include "stored/target.h"

/* What goes on from slice to slice. */
struct progress {
	struct store_uids uids, rejected; /* uids first: see request_progress */
	uint64_t modseq;
	uint32_t changed;
};

struct work {
	struct change *change;
	const struct store_flags *in;
	struct open_mbox *mbox;
	struct progress *progress;
	struct open_seen *seen; /* NULL: \Seen stands in the rows */
	uint32_t rights;
	uint16_t allowed;  /* flags that may be changed */
	uint64_t keywords; /* the request's, as bits */
	uint64_t modseq;   /* of this slice; 0: none taken yet */
};

/* RFC 4314 section 4: what whoever asks may not change stays as it is. */
static void
apply_mode(const struct work *work, struct store_hot *row)
{
	uint16_t flags = work->in->flags & work->allowed;

	switch (work->in->mode) {
	case STORE_FLAGS_ADD:
		row->flags |= flags;
		row->keywords |= work->keywords;
		break;
	case STORE_FLAGS_REMOVE:
		row->flags &= (uint16_t)~flags;
		row->keywords &= ~work->keywords;
		break;
	default:
		row->flags &= (uint16_t)~work->allowed;
		row->flags |= flags;
		if (work->rights & STORE_RIGHT_WRITE)
			row->keywords = work->keywords;
	}
}

static void
count(struct store_mbox *mbox, uint16_t before, uint16_t after)
{
	mbox->unseen += !(after & STORE_FLAG_SEEN);
	mbox->unseen -= !(before & STORE_FLAG_SEEN);
	mbox->deleted += (after & STORE_FLAG_DELETED) != 0;
	mbox->deleted -= (before & STORE_FLAG_DELETED) != 0;
}

static int
change_one(struct work *work, uint32_t uid, struct store_hot *row,
    struct err *err)
{
	struct change *change = work->change;
	struct store_hot before = *row;
	struct kv_key key;
	uint16_t was;

	if (row->modseq > work->in->unchanged_since) {
		if (uid > store_uids_last(&work->progress->rejected))
			store_uids_append(&work->progress->rejected, uid, uid);
		return 0;
	}
	row->flags = seen_flags(work->seen, uid, before.flags);
	was = row->flags;
	apply_mode(work, row);
	if (row->flags == was && row->keywords == before.keywords)
		return 0;
	row->flags = seen_take(work->seen, uid, row->flags, before.flags);
	if (work->modseq == 0 &&
	    change_modseq(change, work->mbox, &work->modseq, err) < 0)
		return -1;
	count(&work->mbox->row, before.flags, row->flags);
	row->modseq = work->modseq;
	work->progress->changed++;
	store_key_mod(&key, work->mbox->id, before.modseq, uid);
	if (change_put_hot(change, work->mbox->id, uid, row, err) < 0 ||
	    change_del(change, STORE_TAB_MOD, &key, err) < 0)
		return -1;
	return change_put_mod(change, work->mbox->id, work->modseq, uid,
	    STORE_MOD_CHANGED, row->blob, err);
}

/* 1, 0 refused. */
static int
find_keywords(struct work *work, struct request *request)
{
	const struct store_word *word = work->in->keywords.items;

	if (!(work->rights & STORE_RIGHT_WRITE))
		return 1;
	for (size_t i = 0; i < work->in->keywords.count; i++) {
		uint64_t bit;

		if (!store_keyword_is_valid(word[i].word)) {
			request_refuse(request, ERR_SYNTAX, "not a keyword");
			return 0;
		}
		if (work->in->mode == STORE_FLAGS_REMOVE) {
			work->keywords |=
			    change_keyword_find(work->mbox, word[i].word);
			continue;
		}
		bit = change_keyword(work->change, work->mbox, word[i].word);
		if (bit == 0) {
			request_refuse(request, ERR_LIMIT,
			    "no room for another keyword");
			return 0;
		}
		work->keywords |= bit;
	}
	return 1;
}

/*
 * Which of the flags may be changed? RFC 4314 section 4: it is refused only
 * when none may. 1, 0 refused, -1.
 */
static int
find_rights(struct change *change, struct work *work, struct request *request,
    struct err *err)
{
	const struct store_flags *in = work->in;
	bool replaces = in->mode == STORE_FLAGS_REPLACE;
	uint16_t wanted = replaces ? STORE_FLAGS_ALL : in->flags;

	work->rights = request_rights(request, &work->mbox->row);
	work->allowed = store_rights_flags(work->rights);
	if (!(wanted & work->allowed) &&
	    (wanted != 0 || in->keywords.count > 0) &&
	    !(in->keywords.count > 0 && work->rights & STORE_RIGHT_WRITE)) {
		request_refuse(request, ERR_DENIED, "no right to do that");
		return 0;
	}
	return seen_open(change, request, work->mbox, &work->seen, err) < 0 ?
	    -1 :
	    1;
}

static int
slice(struct work *work, struct request *request, struct err *err)
{
	unsigned left = STORE_SLICE;
	struct store_hot row;
	struct rows rows;
	uint32_t uid;
	int ret;

	rows_begin(&rows, work->change, work->mbox, &work->progress->uids,
	    request->next_uid);
	while ((ret = rows_next(&rows, &uid, &row, err)) > 0) {
		if (left-- == 0) {
			request->next_uid = uid;
			request->is_unfinished = true;
			break;
		}
		if ((ret = change_one(work, uid, &row, err)) < 0)
			break;
	}
	rows_end(&rows);
	return ret < 0 ? -1 : 0;
}

static void
clear(struct request *request)
{
	struct progress *progress = request->progress;

	store_uids_clear(&progress->uids);
	store_uids_clear(&progress->rejected);
}

/*
 * Whoever set a condition must hear of all that were refused, or else that it
 * is not to know.
 */
static void
finish(struct request *request, const struct work *work)
{
	struct progress *progress = work->progress;
	struct store_flagged *answer =
	    request_answer(request, &store_flagged_msg);

	answer->modseq = progress->modseq;
	answer->changed = progress->changed;
	answer->flags = work->allowed;
	answer->keywords = work->rights & STORE_RIGHT_WRITE;
	if (!request_put_uids(request, &progress->rejected, &answer->rejected))
		request_refuse(request, ERR_LIMIT,
		    "too many messages were changed meanwhile");
}

int
flags_run(struct change *change, struct request *request, struct err *err)
{
	const struct store_flags *in = request->in;
	struct work work = { .change = change, .in = in };
	int ret;

	if (in->mode > STORE_FLAGS_REPLACE || in->flags & ~STORE_FLAGS_ALL)
		return request_refuse(request, ERR_SYNTAX, "not flags");
	work.progress =
	    request_progress(request, in->uids, sizeof(*work.progress), clear);
	if (work.progress == NULL)
		return 0;
	ret = target_mbox(change, request, in->mailbox, STORE_RIGHT_READ,
	    &work.mbox, err);
	if (ret > 0)
		ret = find_rights(change, &work, request, err);
	if (ret > 0)
		ret = find_keywords(&work, request);
	if (ret > 0)
		ret = slice(&work, request, err) < 0 ? -1 : 1;
	if (ret > 0 && work.modseq != 0)
		work.progress->modseq = work.modseq;
	if (ret > 0 && !request->is_unfinished)
		finish(request, &work);
	return ret < 0 ? -1 : 0;
}

int
recent_run(struct change *change, struct request *request, struct err *err)
{
	const struct store_recent *in = request->in;
	struct store_recent_done *answer;
	struct open_mbox *mbox;
	int ret = target_mbox(change, request, in->mailbox, STORE_RIGHT_READ,
	    &mbox, err);

	if (ret <= 0)
		return ret;
	answer = request_answer(request, &store_recent_done_msg);
	answer->first = mbox->row.recent;
	answer->next = mbox->row.uidnext;
	if (mbox->row.recent != mbox->row.uidnext) {
		mbox->row.recent = mbox->row.uidnext;
		mbox->is_dirty = true;
	}
	return 0;
}
