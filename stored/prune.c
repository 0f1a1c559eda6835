#include "stored/prune.h"

#include "base/log.h"
#include "ipc/store_msg.h"
#include "stored/bury.h"
#include "stored/grave.h"

/* Where the next slice goes on. */
struct progress {
	struct kv_key next;
	bool in_mailboxes;     /* all tombstones were looked at */
	uint32_t next_mailbox; /* deleted ones */
};

static bool
is_older(const struct change *change, const struct grave *grave, uint32_t keep)
{
	return change->now > keep && grave->when < change->now - keep;
}

static bool
is_over(const struct change *change, const struct grave *grave)
{
	uint32_t keep = change->engine->conf.tombstones_keep;

	return keep > 0 && is_older(change, grave, keep);
}

static bool
wants(void *ctx, const struct grave *grave)
{
	const struct change *change = ctx;

	if (is_over(change, grave))
		return true;
	return grave->message.len > 0 &&
	    is_older(change, grave, change->engine->conf.expunge_keep);
}

/* Whoever asks for changes since before that begins anew. */
static int
forget(struct change *change, const struct grave *grave, struct err *err)
{
	struct open_mbox *mbox;
	int ret = change_mbox(change, grave->mailbox, &mbox, err);

	if (ret > 0 && mbox->row.expunged < grave->modseq) {
		mbox->row.expunged = grave->modseq;
		mbox->is_dirty = true;
	}
	return ret < 0 ? -1 : grave_remove(change, grave, err);
}

/* Deleted mailboxes whose time is over. */
static int
take_mailboxes(struct change *change, struct request *request,
    struct progress *progress, struct err *err)
{
	uint32_t keep = change->engine->conf.expunge_keep;

	if (change->now <= keep)
		return 0;
	return bury_dig(change, 0, change->now - keep, &progress->next_mailbox,
	    &request->is_unfinished, err);
}

static int
run(struct change *change, struct request *request, struct err *err)
{
	struct progress before = *(struct progress *)request->progress;
	struct progress *progress = request->progress;
	struct grave *grave =
	    arena_alloc(change->arena, STORE_SLICE * sizeof(*grave));
	size_t count;

	request->is_unfinished = false;
	(void)request_answer(request, &store_done_msg);
	if (progress->in_mailboxes) {
		if (take_mailboxes(change, request, progress, err) < 0)
			goto fail;
		return 0;
	}
	if (grave_collect(change, 0, &progress->next, wants, change, grave,
		STORE_SLICE, &count, &request->is_unfinished, err) < 0)
		goto fail;
	for (size_t i = 0; i < count; i++) {
		int ret = is_over(change, &grave[i]) ?
		    forget(change, &grave[i], err) :
		    grave_release(change, &grave[i], err);

		if (ret < 0)
			goto fail;
	}
	if (!request->is_unfinished)
		progress->in_mailboxes = request->is_unfinished = true;
	return 0;

fail:
	*progress = before;
	return -1;
}

struct request *
prune_new(void)
{
	struct store_done in = { 0 };
	struct err err;
	struct request *request =
	    request_new(run, &store_done_msg, &in, 1 << 20, &err);

	if (request == NULL)
		panic("%s", err.text);
	request->progress =
	    arena_calloc(request->arena, 1, sizeof(struct progress));
	return request;
}
