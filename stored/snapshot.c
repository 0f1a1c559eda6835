#include "stored/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fsutil.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/num.h"
#include "kv/cursor.h"
#include "kv/hold.h"
#include "store/journal.h"
#include "store/pack.h"
#include "store/row.h"

enum {
	HEAD = 24, /* magic, version, LSN, checksum of these */
	BLOCK_HEAD = 12,
	BLOCK = 256 << 10,
	BLOCK_MAX = 4 << 20, /* a block ends behind a whole row */
	VERSION = 1,
};

static const char magic[4] = { 'C', 'h', 's', 'n' };

struct snapshot {
	struct engine *engine; /* borrowed */
	struct kv_hold *hold;
	struct hash *live; /* by pack number: uint64_t, owned */
	int fd;
	unsigned table;
	struct kv_key next; /* where the table goes on; empty: its beginning */
	struct buf block;   /* BLOCK_HEAD bytes of room, then rows */
	uint64_t lsn, blocks, rows;
	off_t at;
};

static int
read_lsn(struct kv_txn *txn, void *arg, struct err *err)
{
	struct snapshot *snapshot = arg;
	struct store_state state = { 0 };

	if (store_row_state(txn, &state, err) < 0)
		return -1;
	snapshot->lsn = state.lsn;
	return 0;
}

static void
begin_block(struct snapshot *snapshot)
{
	static const char room[BLOCK_HEAD];

	buf_reset(&snapshot->block);
	(void)buf_add(&snapshot->block, room, sizeof(room));
}

static int
write_head(struct snapshot *snapshot, struct err *err)
{
	unsigned char head[HEAD];

	memcpy(head, magic, sizeof(magic));
	num_put_u32(head + 4, VERSION);
	num_put_u64(head + 8, snapshot->lsn);
	num_put_u64(head + 16, hash_checksum(0, head, 16));
	snapshot->at = HEAD;
	return fs_pwrite_all(snapshot->fd, head, HEAD, 0, err);
}

int
snapshot_begin(struct snapshot **out, struct engine *engine, struct err *err)
{
	struct snapshot *snapshot = xcalloc(1, sizeof(*snapshot));
	char path[ENGINE_PATH];

	*out = NULL;
	snapshot->engine = engine;
	snapshot->live = hash_new();
	buf_init(&snapshot->block, 0);
	begin_block(snapshot);
	engine_path(engine, path, "snapshot.new");
	snapshot->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (snapshot->fd < 0)
		err_sys(err, "create %s", path);
	else if (kv_hold_begin(&snapshot->hold, engine->kv, err) == 0 &&
	    kv_hold_view(snapshot->hold, read_lsn, snapshot, err) == 0 &&
	    write_head(snapshot, err) == 0) {
		*out = snapshot;
		return 0;
	}
	snapshot_free(snapshot);
	return -1;
}

static void
free_live(struct hash *live)
{
	struct str key;
	void *value;

	if (live == NULL)
		return;
	for (size_t it = 0; hash_next(live, &it, &key, &value);)
		free(value);
	hash_free(live);
}

void
snapshot_free(struct snapshot *snapshot)
{
	char path[ENGINE_PATH];

	if (snapshot == NULL)
		return;
	kv_hold_end(snapshot->hold);
	if (snapshot->fd >= 0)
		(void)close(snapshot->fd);
	engine_path(snapshot->engine, path, "snapshot.new");
	if (snapshot->live != NULL) /* it was not finished */
		(void)unlink(path);
	free_live(snapshot->live);
	buf_clear(&snapshot->block);
	free(snapshot);
}

void
snapshot_free_live(struct engine *engine)
{
	free_live(engine->snapshot_live);
	engine->snapshot_live = NULL;
}

static void
count_use(struct snapshot *snapshot, uint32_t pack, uint32_t length)
{
	struct str key = str_make(&pack, sizeof(pack));
	uint64_t *bytes = hash_get(snapshot->live, key);

	if (bytes == NULL) {
		bytes = xcalloc(1, sizeof(*bytes));
		(void)hash_put(snapshot->live, key, bytes);
	}
	*bytes += length + (uint64_t)STORE_RECORD_HEAD;
}

static int
count_row(struct snapshot *snapshot, struct str row, struct err *err)
{
	struct store_cold_place place;
	struct store_blob blob;
	struct str digest;

	if (snapshot->table == STORE_TAB_BLOB) {
		if (store_blob_decode(&blob, row, err) < 0)
			return -1;
		if (blob.pack != 0)
			count_use(snapshot, blob.pack, blob.length);
	} else if (snapshot->table == STORE_TAB_COLD) {
		if (store_cold_decode(&digest, &place, row, err) < 0)
			return -1;
		if (digest.p == NULL)
			count_use(snapshot, place.pack, place.length);
	}
	return 0;
}

/* Rows into the block until it is full or the table ends. */
static int
gather(struct kv_txn *txn, void *arg, struct err *err)
{
	struct snapshot *snapshot = arg;
	struct kv_key from = snapshot->next;
	struct kv_range range;
	struct str key, row;
	int ret;

	if (kv_range_open(&range, txn, snapshot->table, kv_key_get(&from),
		STR(""), err) < 0)
		return -1;
	while ((ret = kv_range_next(&range, &key, &row, err)) > 0) {
		if (snapshot->block.len >= BLOCK) {
			kv_key_init(&snapshot->next);
			kv_key_str(&snapshot->next, key);
			break;
		}
		if ((ret = count_row(snapshot, row, err)) < 0)
			break;
		(void)store_journal_put(&snapshot->block, snapshot->table, key,
		    row);
		snapshot->rows++;
	}
	kv_range_close(&range);
	if (ret == 0) {
		snapshot->table++;
		kv_key_init(&snapshot->next);
	}
	return ret < 0 ? -1 : 0;
}

static int
write_block(struct snapshot *snapshot, struct err *err)
{
	struct buf *block = &snapshot->block;
	unsigned char *head = (unsigned char *)block->p;

	num_put_u32(head, (uint32_t)(block->len - BLOCK_HEAD));
	num_put_u64(head + 4,
	    hash_checksum(snapshot->blocks, block->p + BLOCK_HEAD,
		block->len - BLOCK_HEAD));
	if (fs_pwrite_all(snapshot->fd, block->p, block->len, snapshot->at,
		err) < 0)
		return -1;
	snapshot->at += (off_t)block->len;
	snapshot->blocks++;
	begin_block(snapshot);
	return 0;
}

/* The end: an empty block that has the number of rows for a checksum. */
static int
write_end(struct snapshot *snapshot, struct err *err)
{
	unsigned char end[BLOCK_HEAD];

	if (snapshot->block.len > BLOCK_HEAD && write_block(snapshot, err) < 0)
		return -1;
	num_put_u32(end, 0);
	num_put_u64(end + 4, snapshot->rows);
	return fs_pwrite_all(snapshot->fd, end, sizeof(end), snapshot->at, err);
}

/*
 * THE PROMISE. When this returns 0 the snapshot is on disk under its name,
 * whatever happens next: packs whose batches it has need not be kept for
 * their journals.
 */
static int
finish(struct snapshot *snapshot, struct err *err)
{
	struct engine *engine = snapshot->engine;
	char from[ENGINE_PATH], to[ENGINE_PATH];

	engine_path(engine, from, "snapshot.new");
	engine_path(engine, to, "snapshot");
	if (write_end(snapshot, err) < 0)
		return -1;
	if (fsync(snapshot->fd) < 0)
		return err_sys(err, "sync %s", from);
	if (rename(from, to) < 0)
		return err_sys(err, "name %s", to);
	if (fs_sync_dir(AT_FDCWD, engine->conf.path, err) < 0)
		return -1;
	snapshot_free_live(engine);
	engine->snapshot_live = snapshot->live;
	engine->snapshot_lsn = snapshot->lsn;
	snapshot->live = NULL;
	return 0;
}

int
snapshot_step(struct snapshot *snapshot, size_t budget, bool *more,
    struct err *err)
{
	off_t end = snapshot->at + (off_t)budget;

	*more = true;
	while (snapshot->table < STORE_TABLES && snapshot->at < end) {
		if (kv_hold_view(snapshot->hold, gather, snapshot, err) < 0)
			return -1;
		if (snapshot->block.len >= BLOCK &&
		    write_block(snapshot, err) < 0)
			return -1;
	}
	if (snapshot->table < STORE_TABLES)
		return 0;
	*more = false;
	return finish(snapshot, err);
}

int
snapshot_make(struct engine *engine, struct err *err)
{
	struct snapshot *snapshot;
	bool more = true;
	int ret = 0;

	if (snapshot_begin(&snapshot, engine, err) < 0)
		return -1;
	while (ret == 0 && more)
		ret = snapshot_step(snapshot, BLOCK, &more, err);
	snapshot_free(snapshot);
	return ret;
}

uint64_t
snapshot_live(const struct engine *engine, uint32_t pack)
{
	const uint64_t *bytes = NULL;

	if (engine->snapshot_live != NULL)
		bytes = hash_get(engine->snapshot_live,
		    str_make(&pack, sizeof(pack)));
	return bytes == NULL ? 0 : *bytes;
}

/* The way back. */
struct load {
	struct engine *engine;
	int fd;
	struct buf block;
	uint64_t blocks, rows;
	off_t at;
};

/*
 * The meta row is the last thing that a new index gets, and with another
 * incarnation: only the identity comes from the old one.
 */
static int
take_meta(struct engine *engine, struct str row, struct err *err)
{
	struct store_meta meta;

	if (store_meta_decode(&meta, row, err) < 0)
		return -1;
	memcpy(engine->meta.identity, meta.identity, sizeof(meta.identity));
	engine->is_loaded = true;
	return 0;
}

static int
put_row(struct kv_txn *txn, struct engine *engine,
    const struct store_journal_entry *entry, struct err *err)
{
	if (entry->deleted)
		return err_set(err, ERR_CORRUPT, "a row is deleted");
	if (entry->table == STORE_TAB_META &&
	    str_eqz(entry->key, STORE_META_FORMAT))
		return take_meta(engine, entry->row, err);
	return kv_put(txn, entry->table, entry->key, entry->row, err);
}

static int
put_rows(struct kv_txn *txn, void *arg, struct err *err)
{
	struct load *load = arg;
	struct str in = buf_str(&load->block);
	struct store_journal_entry entry;
	uint64_t rows = 0;
	int ret;

	while ((ret = store_journal_next(&in, &entry, err)) > 0) {
		if (put_row(txn, load->engine, &entry, err) < 0)
			return -1;
		rows++;
	}
	if (ret == 0)
		load->rows += rows;
	return ret;
}

/* 1 a block is in load->block, 0 that was the end, -1. */
static int
read_block(struct load *load, struct err *err)
{
	unsigned char head[BLOCK_HEAD];
	uint32_t len;

	if (fs_pread_all(load->fd, head, sizeof(head), load->at, err) < 0)
		return -1;
	len = num_get_u32(head);
	if (len == 0 && num_get_u64(head + 4) == load->rows)
		return 0;
	if (len == 0 || len > BLOCK_MAX)
		return err_set(err, ERR_CORRUPT, "block of %u bytes", len);
	buf_reset(&load->block);
	(void)buf_reserve(&load->block, len);
	if (fs_pread_all(load->fd, load->block.p, len, load->at + BLOCK_HEAD,
		err) < 0)
		return -1;
	load->block.len = len;
	if (hash_checksum(load->blocks, load->block.p, len) !=
	    num_get_u64(head + 4))
		return err_set(err, ERR_CORRUPT, "block %llu does not check",
		    (unsigned long long)load->blocks);
	load->at += BLOCK_HEAD + (off_t)len;
	load->blocks++;
	return 1;
}

/* The file, opened, its head read. -1 in *fd: there is none. */
static int
open_file(struct engine *engine, int *fd, uint64_t *lsn, struct err *err)
{
	unsigned char head[HEAD];
	char path[ENGINE_PATH];

	engine_path(engine, path, "snapshot");
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return errno == ENOENT ? 0 : err_sys(err, "open %s", path);
	if (fs_pread_all(*fd, head, HEAD, 0, err) < 0)
		goto fail;
	if (memcmp(head, magic, sizeof(magic)) != 0 ||
	    num_get_u32(head + 4) != VERSION ||
	    num_get_u64(head + 16) != hash_checksum(0, head, 16)) {
		err_set(err, ERR_CORRUPT, "%s: not a snapshot we know", path);
		goto fail;
	}
	*lsn = num_get_u64(head + 8);
	return 0;
fail:
	(void)close(*fd);
	*fd = -1;
	return -1;
}

int
snapshot_look(struct engine *engine, struct err *err)
{
	int fd;

	engine->snapshot_lsn = 0;
	if (open_file(engine, &fd, &engine->snapshot_lsn, err) < 0)
		return -1;
	if (fd >= 0)
		(void)close(fd);
	return 0;
}

int
snapshot_load(struct engine *engine, bool *found, struct err *err)
{
	struct load load = { .engine = engine, .at = HEAD };
	uint64_t lsn;
	int ret;

	*found = false;
	if (open_file(engine, &load.fd, &lsn, err) < 0)
		return -1;
	if (load.fd < 0)
		return 0;
	*found = true;
	buf_init(&load.block, 0);
	while ((ret = read_block(&load, err)) > 0)
		if (kv_update(engine->kv, put_rows, &load, err) < 0) {
			ret = -1;
			break;
		}
	buf_clear(&load.block);
	(void)close(load.fd);
	if (ret < 0)
		return err_prefix(err, "snapshot of the index");
	log_info("index: %llu rows taken from the snapshot",
	    (unsigned long long)load.rows);
	return 0;
}
