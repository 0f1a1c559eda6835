#include "stored/start.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fsutil.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/num.h"
#include "base/rand.h"
#include "store/journal.h"
#include "store/row.h"
#include "stored/snapshot.h"

enum { REPLAY_BYTES = 8 << 20 }; /* of journal in one transaction */

/* Has an index been asked for anew? Then the old one goes. */
static int
remove_old(struct engine *engine, struct err *err)
{
	char mark[ENGINE_PATH], index[ENGINE_PATH];

	engine_path(engine, mark, "rebuild");
	engine_path(engine, index, "index");
	if (access(mark, F_OK) < 0)
		return 0;
	log_info("the index is made anew from the packs");
	if (access(index, F_OK) == 0 &&
	    fs_remove_tree(AT_FDCWD, index, err) < 0)
		return -1;
	if (unlink(mark) < 0)
		return err_sys(err, "remove %s", mark);
	return 0;
}

static int
read_meta(struct kv_txn *txn, void *arg, struct err *err)
{
	struct engine *engine = arg;
	int ret = store_row_meta(txn, &engine->meta, err);

	engine->state = (struct store_state){ 0 };
	if (ret <= 0)
		return ret;
	if (engine->meta.version != STORE_FORMAT_VERSION)
		return err_set(err, ERR_CORRUPT,
		    "index has format %u, we know %d", engine->meta.version,
		    STORE_FORMAT_VERSION);
	return store_row_state(txn, &engine->state, err) < 0 ? -1 : 0;
}

int
start_index(struct engine *engine, struct err *err)
{
	struct kv_conf conf = { .mode = KV_WRITER,
		.tables = store_tables,
		.size = engine->conf.index_size,
		.nosync = engine->conf.nosync };
	char path[ENGINE_PATH];

	if (remove_old(engine, err) < 0)
		return -1;
	engine_path(engine, path, "index");
	conf.path = path;
	if (kv_open(&engine->kv, &conf, err) < 0)
		return -1;
	return kv_view(engine->kv, read_meta, engine, err);
}

static int
read_state(struct kv_txn *txn, void *arg, struct err *err)
{
	struct engine *engine = arg;

	return store_row_state(txn, &engine->state, err) < 0 ? -1 : 0;
}

/*
 * An index without its meta row is new, or was being made anew when stored
 * ended: the packs before the snapshot may be gone, so it comes first. To
 * put in once more what is there already does no harm, for the journal since
 * the snapshot follows, whole.
 */
int
start_snapshot(struct engine *engine, struct err *err)
{
	bool found;

	if (snapshot_look(engine, err) < 0)
		return -1;
	if (engine->meta.version != 0)
		return 0;
	if (snapshot_load(engine, &found, err) < 0)
		return -1;
	return found ? kv_view(engine->kv, read_state, engine, err) : 0;
}

/* Without a snapshot the journal must begin at the beginning. */
static void
look_at_first(const struct engine *engine, uint64_t from)
{
	struct seglog_segment first = { 0 };

	if (seglog_segments(engine->log, &first, 1) > 0 &&
	    first.first_lsn > from)
		log_error("packs: the batches before %llu are gone, and no "
			  "snapshot has them: what they said is missing",
		    (unsigned long long)first.first_lsn);
}

struct replay {
	struct engine *engine;
	struct buf rows; /* journals without their heads */
	uint64_t batches;
};

static int
apply(struct kv_txn *txn, void *arg, struct err *err)
{
	struct str in = buf_str(&((struct replay *)arg)->rows);
	struct store_journal_entry entry;
	int ret;

	while ((ret = store_journal_next(&in, &entry, err)) > 0) {
		if (entry.deleted)
			ret = kv_del(txn, entry.table, entry.key, err);
		else
			ret =
			    kv_put(txn, entry.table, entry.key, entry.row, err);
		if (ret < 0)
			return -1;
	}
	return ret;
}

static int
flush(struct replay *replay, struct err *err)
{
	if (replay->rows.len == 0)
		return 0;
	if (kv_update(replay->engine->kv, apply, replay, err) < 0)
		return err_prefix(err, "journal into the index");
	buf_reset(&replay->rows);
	return 0;
}

static int
take_record(void *ctx, const struct seglog_found *found, struct err *err)
{
	struct replay *replay = ctx;
	struct str in = found->bytes;

	if (!store_journal_is(in))
		return 0;
	if (store_journal_open(&in, err) < 0)
		return -1;
	(void)buf_add_str(&replay->rows, in);
	replay->batches++;
	return replay->rows.len > REPLAY_BYTES ? flush(replay, err) : 0;
}

/* A new index says whose it is; a rebuilt one keeps the identity. */
static int
put_meta(struct kv_txn *txn, void *arg, struct err *err)
{
	struct engine *engine = arg;
	struct store_meta found;
	struct kv_key key;
	struct buf row;
	int ret = store_row_meta(txn, &found, err);

	if (ret < 0)
		return -1;
	if (ret == 0 && engine->is_loaded)
		memcpy(found.identity, engine->meta.identity,
		    sizeof(found.identity));
	else if (ret == 0)
		rand_bytes(found.identity, sizeof(found.identity));
	found.version = STORE_FORMAT_VERSION;
	rand_bytes(found.incarnation, sizeof(found.incarnation));
	store_key_meta(&key, STORE_META_FORMAT);
	buf_init(&row, 0);
	store_meta_encode(&row, &found);
	ret = kv_put(txn, STORE_TAB_META, kv_key_get(&key), buf_str(&row), err);
	buf_clear(&row);
	engine->meta = found;
	return ret;
}

static int
open_log(struct engine *engine, struct replay *replay, struct err *err)
{
	struct seglog_options options = {
		.segment_size = (size_t)engine->conf.segment_size,
	};
	struct seglog_recovery recovery = { .from = engine->state.lsn + 1,
		.record = take_record,
		.ctx = replay };
	char path[ENGINE_PATH];

	engine_path(engine, path, "packs");
	if (seglog_open(&engine->log, path, &options, &recovery, err) < 0 ||
	    flush(replay, err) < 0)
		return -1;
	if (recovery.damaged > 0)
		log_error("packs: %llu damaged records",
		    (unsigned long long)recovery.damaged);
	return 0;
}

int
start_log(struct engine *engine, struct err *err)
{
	bool is_new = engine->meta.version == 0;
	uint64_t from = engine->state.lsn + 1;
	struct replay replay = { .engine = engine };
	int ret;

	buf_init(&replay.rows, 0);
	ret = open_log(engine, &replay, err);
	buf_clear(&replay.rows);
	if (ret < 0)
		return -1;
	engine->replayed = replay.batches;
	if (is_new)
		look_at_first(engine, from);
	if (is_new && kv_update(engine->kv, put_meta, engine, err) < 0)
		return -1;
	if (kv_view(engine->kv, read_meta, engine, err) < 0)
		return -1;
	if (engine->state.lsn > seglog_lsn(engine->log))
		return err_set(err, ERR_CORRUPT,
		    "index is at batch %llu, packs end at %llu: not of one "
		    "store",
		    (unsigned long long)engine->state.lsn,
		    (unsigned long long)seglog_lsn(engine->log));
	if (replay.batches > 0)
		log_info("index: %llu batches taken from the journal",
		    (unsigned long long)replay.batches);
	return 0;
}

struct owner {
	uint64_t blob;
	bool is_owned;
};

static int
find_owner(struct kv_txn *txn, void *arg, struct err *err)
{
	struct owner *owner = arg;
	struct store_blob row;
	int ret = store_row_blob(txn, owner->blob, &row, err);

	owner->is_owned = ret > 0 && row.pack == 0;
	return ret < 0 ? -1 : 0;
}

static int
tidy(struct engine *engine, const char *name, struct err *err)
{
	unsigned char bytes[8];
	struct owner owner = { 0, false };

	if (hex_decode(bytes, sizeof(bytes), str_of(name)) == 0) {
		owner.blob = num_get_u64(bytes);
		if (kv_view(engine->kv, find_owner, &owner, err) < 0)
			return -1;
	}
	if (!owner.is_owned)
		engine_drop_large(engine, name);
	return 0;
}

int
start_large(struct engine *engine, struct err *err)
{
	char path[ENGINE_PATH];
	struct dirent *entry;
	int ret = 0;
	DIR *dir;

	engine_path(engine, path, "large");
	dir = opendir(path);
	if (dir == NULL)
		return err_sys(err, "open %s", path);
	while (ret == 0 && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			ret = tidy(engine, entry->d_name, err);
	(void)closedir(dir);
	return ret;
}
