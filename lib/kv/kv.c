#include "kv/kv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fsutil.h"
#include "base/log.h"
#include "kv/internal.h"
#include "kv/pin.h"

enum {
	KV_READERS = 1022, /* slots of the writer's own transactions */
	KV_FILE_MODE = 0600
};

int
kv_set_err(const struct kv *kv, int rc, struct err *err)
{
	enum err_kind kind = ERR_TEMP;

	switch (rc) {
	case ENOENT:
		kind = ERR_NOENT;
		break;
	case EACCES:
	case EPERM:
	case EROFS:
		kind = ERR_DENIED;
		break;
	case MDB_KEYEXIST:
		kind = ERR_EXISTS;
		break;
	case MDB_MAP_FULL:
	case MDB_BAD_VALSIZE:
		kind = ERR_LIMIT;
		break;
	case MDB_NOTFOUND:
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_VERSION_MISMATCH:
	case MDB_INVALID:
	case MDB_INCOMPATIBLE:
		kind = ERR_CORRUPT;
		break;
	}
	return err_set_cause(err, kind,
	    rc == MDB_MAP_FULL || rc == ENOSPC || rc == EDQUOT ?
		ERR_CAUSE_FULL :
		ERR_CAUSE_NONE,
	    "%s: %s", kv->path, mdb_strerror(rc));
}

int
kv_failed(struct kv_txn *txn, int rc, struct err *err)
{
	txn->rc = rc;
	return kv_set_err(txn->kv, rc, err);
}

/* A reader's state must be one that no commit was replacing as it began. */
static bool
is_newest(MDB_env *env, MDB_txn *txn)
{
	MDB_envinfo info;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return mdb_env_info(env, &info) == MDB_SUCCESS &&
	    info.me_last_txnid == mdb_txn_id(txn);
}

/*
 * Without a lock file LMDB copies the roots out of the newest meta page
 * while the writer may be replacing it, which it does two commits later. So
 * begin again until the state is still the newest once it is copied: then
 * not even the next commit had been announced.
 */
static int
begin_pinned(struct kv *kv, MDB_txn **out)
{
	int rc;

	for (;;) {
		if (kv->pin != NULL)
			kv_pin_take(kv->pin);
		rc = mdb_txn_begin(kv->env, NULL, MDB_RDONLY, out);
		if (rc == MDB_SUCCESS && is_newest(kv->env, *out))
			return MDB_SUCCESS;
		if (rc == MDB_SUCCESS)
			mdb_txn_abort(*out);
		if (kv->pin != NULL)
			kv_pin_drop(kv->pin);
		if (rc != MDB_SUCCESS)
			return rc;
	}
}

static int
begin(struct kv *kv, unsigned flags, MDB_txn **out)
{
	if (kv->mode == KV_READER)
		return begin_pinned(kv, out);
	return mdb_txn_begin(kv->env, NULL, flags, out);
}

static void
end_view(struct kv *kv, MDB_txn *txn)
{
	mdb_txn_abort(txn);
	if (kv->mode == KV_READER && kv->pin != NULL)
		kv_pin_drop(kv->pin);
}

/* Run fn once; 0, or -1 with *rc saying whether LMDB was the cause. */
static int
run(struct kv *kv, unsigned flags, kv_fn *fn, void *arg, int *rc,
    struct err *err)
{
	struct kv_txn txn = { .kv = kv };
	int ret;

	*rc = begin(kv, flags, &txn.mdb);
	if (*rc != MDB_SUCCESS)
		return kv_set_err(kv, *rc, err);

	ret = fn(&txn, arg, err);
	*rc = txn.rc;
	if (flags & MDB_RDONLY) {
		end_view(kv, txn.mdb);
		return ret;
	}
	if (ret < 0) {
		mdb_txn_abort(txn.mdb);
		return ret;
	}
	*rc = mdb_txn_commit(txn.mdb); /* frees the handle either way */
	if (*rc == MDB_SUCCESS)
		return 0;
	/* Full is found out before anything is written. */
	if (*rc != MDB_MAP_FULL)
		kv->commit_failed = true;
	return kv_set_err(kv, *rc, err);
}

/* Make room after MAP_FULL, or follow another process that made room. */
static int
remap(struct kv *kv, int why, struct err *err)
{
	MDB_envinfo info;
	size_t size = 0; /* 0: take the size found in the file */
	int rc;

	if (why == MDB_MAP_FULL) {
		if (kv->size >= kv->limit)
			return err_set_cause(err, ERR_LIMIT, ERR_CAUSE_FULL,
			    "%s: full at %zu bytes", kv->path, kv->size);
		size = kv->size * 2 < kv->limit ? kv->size * 2 : kv->limit;
	}
	if ((rc = mdb_env_set_mapsize(kv->env, size)) != MDB_SUCCESS ||
	    (rc = mdb_env_info(kv->env, &info)) != MDB_SUCCESS)
		return kv_set_err(kv, rc, err);
	kv->size = info.me_mapsize;
	return 0;
}

static int
run_growing(struct kv *kv, unsigned flags, kv_fn *fn, void *arg,
    struct err *err)
{
	int rc;

	while (run(kv, flags, fn, arg, &rc, err) < 0) {
		if (rc != MDB_MAP_FULL && rc != MDB_MAP_RESIZED)
			return -1;
		if (remap(kv, rc, err) < 0)
			return -1;
	}
	return 0;
}

int
kv_view(struct kv *kv, kv_fn *fn, void *arg, struct err *err)
{
	return run_growing(kv, MDB_RDONLY, fn, arg, err);
}

int
kv_update(struct kv *kv, kv_fn *fn, void *arg, struct err *err)
{
	if (kv->mode != KV_WRITER)
		panic("%s: update of a reader", kv->path);
	return run_growing(kv, 0, fn, arg, err);
}

bool
kv_commit_failed(const struct kv *kv)
{
	return kv->commit_failed;
}

/* Handles outlive the transaction only when it is committed. */
static int
open_tables(struct kv *kv, const char *const *tables, struct err *err)
{
	bool reader = kv->mode == KV_READER;
	MDB_txn *txn;
	int rc;

	rc = begin(kv, reader ? MDB_RDONLY : 0, &txn);
	if (rc != MDB_SUCCESS)
		return kv_set_err(kv, rc, err);
	for (; tables[kv->tables] != NULL; kv->tables++) {
		if (kv->tables == KV_TABLES_MAX)
			panic("%s: too many tables", kv->path);
		rc = mdb_dbi_open(txn, tables[kv->tables],
		    reader ? 0 : MDB_CREATE, &kv->dbi[kv->tables]);
		if (rc != MDB_SUCCESS) {
			mdb_txn_abort(txn);
			(void)kv_set_err(kv, rc, err);
			return err_prefix(err, "table %s", tables[kv->tables]);
		}
	}
	rc = mdb_txn_commit(txn);
	return rc == MDB_SUCCESS ? 0 : kv_set_err(kv, rc, err);
}

static int
open_env(struct kv *kv, const struct kv_conf *conf, struct err *err)
{
	unsigned flags = MDB_NOTLS;
	MDB_envinfo info;
	int rc;

	if (conf->mode == KV_READER)
		flags |= MDB_RDONLY | MDB_NOLOCK;
	if (conf->nosync)
		flags |= MDB_NOSYNC;
	if ((rc = mdb_env_create(&kv->env)) != MDB_SUCCESS ||
	    (rc = mdb_env_set_maxdbs(kv->env, KV_TABLES_MAX)) != MDB_SUCCESS ||
	    (rc = mdb_env_set_maxreaders(kv->env, KV_READERS)) != MDB_SUCCESS)
		return kv_set_err(kv, rc, err);
	if (conf->mode == KV_WRITER &&
	    (rc = mdb_env_set_mapsize(kv->env, conf->size)) != MDB_SUCCESS)
		return kv_set_err(kv, rc, err);
	if ((rc = mdb_env_open(kv->env, kv->path, flags, KV_FILE_MODE)) !=
		MDB_SUCCESS ||
	    (rc = mdb_env_info(kv->env, &info)) != MDB_SUCCESS)
		return kv_set_err(kv, rc, err);
	kv->size = info.me_mapsize; /* the file's own where it is larger */
	return 0;
}

/*
 * LMDB makes a file in place, and one that a power cut left half-made is
 * "invalid" for ever. So a new one is made in a folder beside, synced, and
 * only then given its name.
 */
static int
make_file(const struct kv_conf *conf, struct err *err)
{
	char folder[4096], from[4200], to[4200];
	MDB_env *env = NULL;
	int rc;

	(void)snprintf(folder, sizeof(folder), "%s/new", conf->path);
	(void)snprintf(from, sizeof(from), "%s/data.mdb", folder);
	(void)snprintf(to, sizeof(to), "%s/data.mdb", conf->path);
	if (fs_remove_tree(AT_FDCWD, folder, err) < 0)
		return -1;
	if (access(to, F_OK) == 0)
		return 0;
	if (fs_mkdir(AT_FDCWD, folder, 0700, err) < 0)
		return -1;
	if ((rc = mdb_env_create(&env)) == MDB_SUCCESS &&
	    (rc = mdb_env_set_mapsize(env, conf->size)) == MDB_SUCCESS &&
	    (rc = mdb_env_open(env, folder, MDB_NOTLS, KV_FILE_MODE)) ==
		MDB_SUCCESS)
		rc = mdb_env_sync(env, 1);
	mdb_env_close(env);
	if (rc != MDB_SUCCESS)
		return err_set(err, ERR_TEMP, "make %s: %s", to,
		    mdb_strerror(rc));
	if (rename(from, to) < 0)
		return err_sys(err, "rename %s", to);
	if (fs_sync_dir(AT_FDCWD, conf->path, err) < 0)
		return -1;
	return fs_remove_tree(AT_FDCWD, folder, err);
}

int
kv_open(struct kv **out, const struct kv_conf *conf, struct err *err)
{
	struct kv *kv = xcalloc(1, sizeof(*kv));
	int dead;

	*out = NULL;
	kv->path = xstrdup(conf->path);
	kv->mode = conf->mode;
	kv->limit = conf->limit;
	if (conf->mode == KV_WRITER &&
	    (fs_mkdir(AT_FDCWD, conf->path, 0700, err) < 0 ||
		make_file(conf, err) < 0))
		goto fail;
	if (open_env(kv, conf, err) < 0)
		goto fail;
	if (conf->mode == KV_WRITER)
		(void)mdb_reader_check(kv->env, &dead);
	if (open_tables(kv, conf->tables, err) < 0)
		goto fail;
	*out = kv;
	return 0;

fail:
	kv_close(kv);
	return -1;
}

void
kv_close(struct kv *kv)
{
	if (kv == NULL)
		return;
	if (kv->env != NULL)
		mdb_env_close(kv->env);
	free(kv->path);
	free(kv);
}

void
kv_usage(const struct kv *kv, struct kv_usage *out)
{
	MDB_envinfo info = { 0 };
	MDB_stat stat = { 0 };

	(void)mdb_env_info(kv->env, &info);
	(void)mdb_env_stat(kv->env, &stat);
	*out = (struct kv_usage){
		.size = info.me_mapsize,
		.used = ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize,
		.last_txn = info.me_last_txnid,
		.page_size = stat.ms_psize,
	};
}

uint64_t
kv_newest(const struct kv *kv)
{
	MDB_envinfo info = { 0 };

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	(void)mdb_env_info(kv->env, &info);
	return info.me_last_txnid;
}

uint64_t
kv_looks(const struct kv *kv)
{
	return kv->looks;
}

bool
kv_is_stale(const struct kv *kv)
{
	struct stat st;
	int fd;

	return mdb_env_get_fd(kv->env, &fd) != MDB_SUCCESS ||
	    fstat(fd, &st) < 0 || st.st_nlink == 0;
}

void
kv_set_pin(struct kv *kv, struct kv_pin *pin)
{
	kv->pin = pin;
}
