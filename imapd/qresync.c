#include "imapd/qresync.h"

#include "imapd/msgset.h"
#include "imapd/selected.h"
#include "imapd/session.h"
#include "imapd/sync.h"
#include "store/changes.h"

/* The part of first..last that lies in set, and is not in the view. */
static void
add_missing(const struct view *view, const struct seqset_range *range,
    uint32_t first, uint32_t last, struct store_uids *out)
{
	struct seqset_range inside = { first > range->lo ? first : range->lo,
		last < range->hi ? last : range->hi };
	size_t i, end;
	uint64_t next = inside.lo;

	if (inside.lo > inside.hi)
		return;
	view_range(view, &inside, true, &i, &end);
	for (; i < end; i++) {
		uint32_t uid = view->message[i].uid;

		if (uid > next)
			store_uids_append(out, (uint32_t)next, uid - 1);
		next = (uint64_t)uid + 1;
	}
	if (next <= inside.hi)
		store_uids_append(out, (uint32_t)next, inside.hi);
}

/* All UIDs there ever were, as runs of a set. */
static struct store_run
whole(const struct selected *selected)
{
	uint32_t last = view_last_uid(&selected->view);

	if (selected->uidnext - 1 > last)
		last = selected->uidnext - 1;
	return (struct store_run){ .first = 1, .last = last };
}

/* Both are in order, so each is walked once. */
static void
collect(const struct selected *selected, const struct seqset *set,
    uint32_t above, const struct store_run *run, size_t runs,
    struct store_uids *out)
{
	size_t k = 0;

	if (above == UINT32_MAX)
		return;
	for (size_t i = 0; i < set->len; i++) {
		const struct seqset_range *range = &set->range[i];

		while (k < runs && run[k].last < range->lo)
			k++;
		for (size_t j = k; j < runs && run[j].first <= range->hi; j++) {
			uint32_t first =
			    run[j].first > above ? run[j].first : above + 1;

			if (first <= run[j].last)
				add_missing(&selected->view, range, first,
				    run[j].last, out);
		}
	}
}

void
qresync_tell_vanished(struct session *session, const struct seqset *set,
    uint32_t above, const struct store_uids *expunged)
{
	static const struct seqset_range all_range = { 1, UINT32_MAX };
	struct seqset all = { .len = 1 };
	const struct selected *selected = session->selected;
	struct store_run every = whole(selected);
	struct store_uids gone = { 0 };
	struct buf out;

	all.range = (struct seqset_range *)(uintptr_t)&all_range;
	if (set == NULL)
		set = &all;
	if (expunged != NULL)
		collect(selected, set, above, expunged->run, expunged->len,
		    &gone);
	else if (every.last > 0)
		collect(selected, set, above, &every, 1, &gone);
	if (gone.len > 0) {
		buf_init(&out, 0);
		(void)buf_addz(&out, "* VANISHED (EARLIER) ");
		msgset_put_uids(&out, &gone);
		(void)buf_addz(&out, "\r\n");
		stream_put(session->stream, buf_str(&out));
		buf_clear(&out);
	}
	store_uids_clear(&gone);
}

/*
 * seq-match-data (section 3.2.5.2): the highest UID up to which the client has
 * the numbers right, so that it knows of all expunges below.
 */
static uint32_t
known_up_to(const struct view *view, const struct modifier_qresync *known)
{
	uint32_t up_to = 0;
	size_t k = 0;
	uint64_t passed = 0; /* UIDs in ranges before the k-th */
	uint64_t n = 0;

	for (size_t i = 0; i < known->match_seq.len; i++) {
		const struct seqset_range *seq = &known->match_seq.range[i];

		for (uint64_t at = seq->lo; at <= seq->hi; at++, n++) {
			const struct seqset_range *uids;
			uint64_t uid;

			if (at > view->len)
				return up_to;
			for (;; k++) {
				uids = &known->match_uid.range[k];
				uid = uids->lo + (n - passed);
				if (uid <= uids->hi)
					break;
				passed += (uint64_t)uids->hi - uids->lo + 1;
			}
			if (view->message[at - 1].uid == uid)
				up_to = (uint32_t)uid;
		}
	}
	return up_to;
}

/* Those that changed become news, which sync_tell tells with their MODSEQ. */
static void
mark_changed(struct selected *selected, const struct modifier_qresync *known,
    const struct store_uids *changed)
{
	struct view *view = &selected->view;

	for (size_t i = 0; i < view->len; i++) {
		uint32_t uid = view->message[i].uid;

		if (store_uids_has(changed, uid) &&
		    (!known->has_uids || seqset_has(&known->uids, uid)))
			view_mark(view, i, VIEW_DIRTY, true);
	}
}

int
qresync_select(struct session *session, const struct modifier_qresync *known,
    struct err *err)
{
	struct selected *selected = session->selected;
	struct store_uids changed, expunged;
	bool is_known;
	int ret;

	if (known->uidvalidity != selected->uidvalidity)
		return 0;
	ret = store_changed(session->imapd->reader, selected->mailbox,
	    known->modseq, &changed, &expunged, &is_known, err);
	if (ret == 0) {
		qresync_tell_vanished(session,
		    known->has_uids ? &known->uids : NULL,
		    known_up_to(&selected->view, known),
		    is_known ? &expunged : NULL);
		mark_changed(selected, known, &changed);
		sync_tell(session, false);
	}
	store_uids_clear(&expunged);
	store_uids_clear(&changed);
	return ret;
}
