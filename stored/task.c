#include "stored/task.h"

#include "base/log.h"
#include "ipc/store_msg.h"
#include "kv/cursor.h"
#include "stored/rename_inbox.h"
#include "stored/stage.h"

int
task_may_begin(struct change *change, struct request *request, uint32_t user,
    enum store_task_kind kind, struct err *err)
{
	struct request *holder;
	struct store_task task;
	struct kv_key key;
	int ret;

	store_key_task(&key, user, kind);
	holder = hash_get(change->engine->tasks, kv_key_get(&key));
	if (holder != NULL && holder != request) {
		request->is_unfinished = true;
		return 0;
	}
	ret = store_row_task(change->txn, user, kind, &task, err);
	if (ret > 0)
		return request_refuse(request, ERR_TEMP,
		    "an earlier operation is still being ended");
	return ret < 0 ? -1 : 1;
}

static void
hold(struct engine *engine, struct request *request, struct str key)
{
	if (request->tasks != NULL)
		return;
	request->task = arena_str(request->arena, key);
	if (request->task.p == NULL)
		panic("no room for the key of a task");
	request->tasks = engine;
	(void)hash_put(engine->tasks, request->task, request);
}

int
task_begin(struct change *change, struct request *request, uint32_t user,
    enum store_task_kind kind, const struct store_task *task, struct err *err)
{
	struct kv_key key;

	store_key_task(&key, user, kind);
	hold(change->engine, request, kv_key_get(&key));
	store_task_encode(&change->row, task);
	return change_put(change, STORE_TAB_META, &key, buf_str(&change->row),
	    err);
}

int
task_end(struct change *change, uint32_t user, enum store_task_kind kind,
    struct err *err)
{
	struct kv_key key;

	store_key_task(&key, user, kind);
	return change_del(change, STORE_TAB_META, &key, err);
}

void
task_release(struct request *request)
{
	if (request->tasks == NULL)
		return;
	(void)hash_remove(request->tasks->tasks, request->task);
	request->tasks->tasks_left = true;
	request->tasks = NULL;
}

/* The first task that nobody holds. */
struct search {
	struct engine *engine;
	struct kv_key key;
	uint32_t user, kind; /* kind 0: none */
};

static int
find(struct kv_txn *txn, void *arg, struct err *err)
{
	struct search *search = arg;
	struct kv_range range;
	struct kv_key prefix;
	struct str key, row;
	int ret;

	search->kind = 0;
	store_key_meta(&prefix, STORE_META_TASK);
	if (kv_range_open_prefix(&range, txn, STORE_TAB_META,
		kv_key_get(&prefix), err) < 0)
		return -1;
	while ((ret = kv_range_next(&range, &key, &row, err)) > 0) {
		uint32_t kind;

		/* One of a kind that we do not know is for who does. */
		if (hash_get(search->engine->tasks, key) != NULL ||
		    !store_task_key(key, &search->user, &kind) || kind == 0 ||
		    kind > STORE_TASK_LAST)
			continue;
		search->kind = kind;
		kv_key_init(&search->key);
		kv_key_str(&search->key, key);
		break;
	}
	kv_range_close(&range);
	return ret < 0 ? -1 : 0;
}

int
task_next(struct engine *engine, struct request **out, struct err *err)
{
	static request_fn *const fns[] = {
		[STORE_TASK_COPY] = stage_undo_run,
		[STORE_TASK_RENAME] = rename_inbox_run,
	};
	struct search search = { .engine = engine };
	struct store_recent in = { 0 };

	*out = NULL;
	if (kv_view(engine->kv, find, &search, err) < 0)
		return -1;
	engine->tasks_left = search.kind != 0;
	if (search.kind == 0)
		return 0;
	in.mailbox = search.user;
	*out =
	    request_new(fns[search.kind], &store_recent_msg, &in, 1 << 20, err);
	if (*out == NULL)
		return -1;
	(*out)->is_trusted = true;
	hold(engine, *out, kv_key_get(&search.key));
	return 0;
}
