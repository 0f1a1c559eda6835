#include "imapd/msgset.h"

#include "imap/token.h"
#include "imapd/command.h"
#include "imapd/selected.h"
#include "imapd/session.h"
#include "store/uids.h"

int
msgset_saved(struct command *cmd, bool uid, struct seqset *set)
{
	const struct selected *selected = cmd->session->selected;
	const struct store_uids *saved = &selected->saved;
	struct err err;

	*set = (struct seqset){ 0 };
	for (size_t i = 0; i < saved->len; i++) {
		struct seqset_range range = { saved->run[i].first,
			saved->run[i].last };
		size_t from, to;

		if (!uid) {
			view_range(&selected->view, &range, true, &from, &to);
			if (from == to)
				continue;
			range = (struct seqset_range){ (uint32_t)from + 1,
				(uint32_t)to };
		}
		if (seqset_add(set, cmd->arena, range.lo, range.hi, &err) < 0)
			return -1;
	}
	return 0;
}

int
msgset_parse(struct command *cmd, struct seqset *set)
{
	const struct view *view = &cmd->session->selected->view;
	struct err err;
	uint32_t max = cmd->uid ? view_last_uid(view) : (uint32_t)view->len;

	if (str_take_str(&cmd->in, STR(" $"))) {
		if (msgset_saved(cmd, cmd->uid, set) == 0)
			return 0;
		command_no(cmd, "[LIMIT] command too large");
		return -1;
	}
	if (token_sp(&cmd->in, &err) < 0 ||
	    seqset_parse(set, cmd->arena, &cmd->in, max, &err) < 0) {
		command_syntax(cmd, &err);
		return -1;
	}
	if (!cmd->uid && seqset_highest(set) > max) {
		command_bad(cmd, "no message has such a number");
		return -1;
	}
	return 0;
}

void
msgset_begin(struct msgset_walk *walk, const struct view *view,
    const struct seqset *set, bool uid)
{
	*walk = (struct msgset_walk){ .view = view, .set = set, .uid = uid };
}

size_t
msgset_next(struct msgset_walk *walk)
{
	while (walk->next == walk->end) {
		if (walk->range == walk->set->len)
			return VIEW_NONE;
		view_range(walk->view, &walk->set->range[walk->range++],
		    walk->uid, &walk->next, &walk->end);
	}
	return walk->next++;
}

/* joined: what lies between two neighbours of the view goes with them. */
static void
collect(const struct view *view, const struct seqset *set, bool uid,
    bool joined, struct store_uids *uids)
{
	struct msgset_walk walk;
	uint32_t first = 0, last = 0;
	size_t i, before = 0;

	*uids = (struct store_uids){ 0 };
	msgset_begin(&walk, view, set, uid);
	while ((i = msgset_next(&walk)) != VIEW_NONE) {
		uint32_t next = view->message[i].uid;

		if (first != 0 &&
		    (next == last + 1 || (joined && i == before + 1))) {
			last = next;
		} else {
			if (first != 0)
				store_uids_append(uids, first, last);
			first = last = next;
		}
		before = i;
	}
	if (first != 0)
		store_uids_append(uids, first, last);
}

void
msgset_uids(const struct view *view, const struct seqset *set, bool uid,
    struct store_uids *uids)
{
	collect(view, set, uid, false, uids);
	if (uids->len <= MSGSET_RUNS_MAX)
		return;
	store_uids_clear(uids);
	collect(view, set, uid, true, uids);
}

void
msgset_put_uids(struct buf *out, const struct store_uids *uids)
{
	for (size_t i = 0; i < uids->len; i++) {
		const struct store_run *run = &uids->run[i];

		(void)buf_addf(out, i == 0 ? "%u" : ",%u", run->first);
		if (run->last > run->first)
			(void)buf_addf(out, ":%u", run->last);
	}
}
