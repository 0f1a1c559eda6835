/*
 * batch - the commit of stored: requests in, promises out.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/time.h"
#include "store/journal.h"
#include "store/pack.h"
#include "stored/move.h"
#include "stored/quota.h"

enum {
	REQUESTS_MAX = 1000,
	COST_MAX = 8 << 20, /* bytes of requests a batch takes */
	JOURNAL_PER_TARGET = 1024,
	COMPLAIN_SECONDS = 60,
};

/* How many requests from the front fit into one batch; at least one. */
static size_t
take(const struct engine *engine, const struct list *list)
{
	size_t room = seglog_room(engine->log) / 2, cost = 0, count = 0;

	if (room > COST_MAX)
		room = COST_MAX;
	for (const struct list *at = list->next; at != list; at = at->next) {
		const struct request *request =
		    LIST_ITEM(at, struct request, link);

		cost += request->cost + JOURNAL_PER_TARGET;
		if (count > 0 && (cost > room || count == REQUESTS_MAX))
			break;
		count++;
	}
	return count;
}

static int
run_requests(struct batch *batch, struct err *err)
{
	size_t left = batch->count;

	LIST_FOREACH(link, batch->list)
	{
		struct request *request = LIST_ITEM(link, struct request, link);

		if (left-- == 0)
			break;
		request->err = (struct err){ 0 };
		request->answer = NULL;
		request->is_unfinished = false;
		if (request->fn(&batch->change, request, err) < 0)
			return -1;
	}
	return 0;
}

void
batch_add_record(struct batch *batch, struct iovec *iov, unsigned char *head,
    const struct store_record *record, struct str body)
{
	store_record_encode(head, record);
	iov[0] = (struct iovec){ head, STORE_RECORD_HEAD };
	iov[1] = (struct iovec){ (void *)(uintptr_t)body.p, body.len };
	batch->record[batch->records++] =
	    (struct seglog_record){ .iov = iov, .iov_count = 2 };
}

/* Records and rows of one new message; the places in the rows come later. */
static void
prepare_blob(struct batch *batch, struct new_blob *made, uint64_t blob)
{
	struct change *change = &batch->change;
	struct store_record record = { STORE_RECORD_MESSAGE, made->row.length,
		blob, { 0 } };
	struct kv_key key;

	store_key_blob(&key, blob);
	if (!made->is_own_file) {
		made->body_record = batch->records;
		memcpy(record.guid, made->row.guid, STORE_GUID_SIZE);
		batch_add_record(batch, made->iov, made->head, &record,
		    made->body);
	}
	store_blob_encode(&change->row, &made->row);
	made->row_at = store_journal_put(&change->journal, STORE_TAB_BLOB,
	    kv_key_get(&key), buf_str(&change->row));
	if (made->digest.p == NULL)
		return;
	made->digest_record = batch->records;
	record.kind = STORE_RECORD_DIGEST;
	record.length = made->cold.length;
	memcpy(record.guid, made->cold.guid, STORE_GUID_SIZE);
	batch_add_record(batch, made->digest_iov, made->digest_head, &record,
	    made->digest);
	store_cold_encode(&change->row, STR(""), &made->cold);
	made->cold_at = store_journal_put(&change->journal, STORE_TAB_COLD,
	    kv_key_get(&key), buf_str(&change->row));
}

/* The same rows with their places, over those in the journal and the index. */
static int
place_blob(struct batch *batch, struct new_blob *made, uint64_t blob,
    struct err *err)
{
	struct change *change = &batch->change;
	struct kv_key key;

	store_key_blob(&key, blob);
	if (!made->is_own_file) {
		struct seglog_place *place =
		    &batch->record[made->body_record].place;

		made->row.pack = place->segment;
		made->row.offset = place->offset;
	}
	store_blob_encode(&change->row, &made->row);
	memcpy(change->journal.p + made->row_at, change->row.p,
	    change->row.len);
	if (kv_put(change->txn, STORE_TAB_BLOB, kv_key_get(&key),
		buf_str(&change->row), err) < 0)
		return -1;
	if (made->digest.p == NULL)
		return 0;
	made->cold.pack = batch->record[made->digest_record].place.segment;
	made->cold.offset = batch->record[made->digest_record].place.offset;
	store_cold_encode(&change->row, STR(""), &made->cold);
	memcpy(change->journal.p + made->cold_at, change->row.p,
	    change->row.len);
	return kv_put(change->txn, STORE_TAB_COLD, kv_key_get(&key),
	    buf_str(&change->row), err);
}

/* The row by which the index knows up to where the journal is in it. */
static int
put_state(struct change *change, struct err *err)
{
	struct kv_key key;

	change->state.lsn = seglog_lsn(change->engine->log) + 1;
	store_key_meta(&key, STORE_META_STATE);
	store_state_encode(&change->row, &change->state);
	return change_put(change, STORE_TAB_META, &key, buf_str(&change->row),
	    err);
}

static int
write_log(struct batch *batch, struct err *err)
{
	struct change *change = &batch->change;
	struct seglog *log = change->engine->log;
	uint64_t doubts = seglog_doubts(log);
	struct iovec journal;
	size_t i;

	batch->record = xcalloc(change->new_blobs * 2 + change->moves + 1,
	    sizeof(*batch->record));
	if (put_state(change, err) < 0)
		return -1;
	for (i = 0; i < change->new_blobs; i++)
		if (change->new_blob[i].row.references > 0)
			prepare_blob(batch, &change->new_blob[i],
			    change->first_blob + i);
	if (move_prepare(batch, err) < 0)
		return -1;
	journal = (struct iovec){ change->journal.p, change->journal.len };
	batch->record[batch->records++] =
	    (struct seglog_record){ .iov = &journal, .iov_count = 1 };
	if (seglog_place(log, batch->record, batch->records, err) < 0)
		return -1;
	for (i = 0; i < change->new_blobs; i++)
		if (change->new_blob[i].row.references > 0 &&
		    place_blob(batch, &change->new_blob[i],
			change->first_blob + i, err) < 0)
			return -1;
	if (move_place(batch, err) < 0)
		return -1;
	if (seglog_commit(log, batch->record, batch->records, NULL, err) < 0) {
		batch->is_doubtful = doubts != seglog_doubts(log);
		return -1;
	}
	batch->is_logged = true;
	return 0;
}

/* The work inside the index's transaction; its last act is the log. */
static int
work(struct kv_txn *txn, void *arg, struct err *err)
{
	struct batch *batch = arg;
	struct change *change = &batch->change;

	change_begin(change, txn);
	if (run_requests(batch, err) < 0 || quota_warn(change, err) < 0 ||
	    change_flush(change, err) < 0)
		return -1;
	/* Nothing to keep: kv_view's end would be the same. */
	if (change_is_empty(change))
		return 0;
	return write_log(batch, err);
}

/*
 * THE PROMISE. When this returns 0, everything these requests changed is on
 * disk in the packs and their journal, under one fdatasync, and in the index,
 * under a full sync; what they answer may be told to the world. When it
 * returns -1 and engine->is_failed is unset, nothing of it remains: not in
 * the index, and the log's batch is superseded by the next one. When
 * is_failed is set, the journal has the batch and the index may or may not;
 * then nobody may be answered and the process ends, for the next start takes
 * it from the journal.
 */
static int
commit(struct batch *batch, struct err *err)
{
	struct engine *engine = batch->engine;
	int ret;

	change_init(&batch->change, engine);
	ret = kv_update(engine->kv, work, batch, err);
	if (ret == 0) {
		engine->state = batch->change.state;
		quota_note(&batch->change);
	} else if (batch->is_logged || kv_commit_failed(engine->kv)) {
		engine->is_failed = true;
	} else if (batch->is_doubtful) {
		/* Files have these numbers now; see engine_end_large(). */
		engine->state.blob += batch->change.new_blobs;
	}
	change_clear(&batch->change);
	free(batch->record);
	return ret;
}

/* Where slices begin, should the batch come to nothing. */
static void
mark(struct list *list, size_t count)
{
	LIST_FOREACH(link, list)
	{
		struct request *request = LIST_ITEM(link, struct request, link);

		if (count-- == 0)
			break;
		request->begun_phase = request->phase;
		request->begun_uid = request->next_uid;
	}
}

static int
run_batch(struct engine *engine, struct list *list, size_t count,
    struct err *err)
{
	struct batch batch = { .engine = engine, .list = list, .count = count };
	int ret;

	engine_clear_changed(engine);
	mark(list, count);
	ret = commit(&batch, err);
	if (ret == 0 && batch.is_logged)
		engine_end_large(engine, ENGINE_COMMITTED);
	else if (batch.is_doubtful || batch.is_logged)
		engine_end_large(engine, ENGINE_IN_DOUBT);
	else
		engine_end_large(engine, ENGINE_NEVER);
	if (ret < 0)
		engine_clear_changed(engine);
	return ret;
}

/*
 * None of the first count requests was done, and this is why. Whatever it
 * was, it was not the peer's fault for good: a full index must not bounce
 * mail.
 */
static void
fail_all(struct list *list, size_t count, const struct err *err)
{
	LIST_FOREACH(link, list)
	{
		struct request *request = LIST_ITEM(link, struct request, link);

		if (count-- == 0)
			break;
		request->err = *err;
		request->err.kind = ERR_TEMP;
		request->answer = NULL;
		request->is_unfinished = false;
	}
}

/* As if the batch had never been: slices go on from where they were. */
static void
go_back(struct list *list, size_t count)
{
	LIST_FOREACH(link, list)
	{
		struct request *request = LIST_ITEM(link, struct request, link);

		if (count-- == 0)
			break;
		request->phase = request->begun_phase;
		request->next_uid = request->begun_uid;
	}
}

/* A full disk fails every batch: the log says it once a minute. */
static void
complain(struct engine *engine, size_t count, const struct err *err)
{
	int64_t now = time_mono();

	engine->failures++;
	if (engine->complained != 0 &&
	    now - engine->complained < (int64_t)COMPLAIN_SECONDS * TIME_SECOND)
		return;
	log_error("batch of %zu requests failed: %s (%llu since start)", count,
	    err->text, (unsigned long long)engine->failures);
	engine->complained = now;
}

/*
 * A batch that fails by the disk fails all who are in it. One that fails by
 * what a request holds or meets (too long for the log, a damaged row) is
 * tried again with the first request alone, so that it harms no other.
 */
void
engine_batch(struct engine *engine, struct list *list, size_t *done)
{
	size_t count = take(engine, list);
	struct err err;

	*done = count;
	if (count == 0)
		return;
	if (run_batch(engine, list, count, &err) == 0)
		return;
	if (!engine->is_failed && err.kind != ERR_TEMP && count > 1) {
		go_back(list, count);
		count = *done = 1;
		if (run_batch(engine, list, count, &err) == 0)
			return;
	}
	complain(engine, count, &err);
	fail_all(list, count, &err);
}
