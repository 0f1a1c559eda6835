#include "kv/map.h"

#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "kv/internal.h"

enum { MAP_FLAGS = MDB_NOSUBDIR | MDB_RDONLY | MDB_NOLOCK | MDB_NOTLS };

struct kv_map {
	MDB_env *env;
	MDB_dbi dbi;
	char *path;
};

static int
failed(const struct kv_map *map, int rc, struct err *err)
{
	enum err_kind kind = ERR_TEMP;

	if (rc == ENOENT)
		kind = ERR_NOENT;
	else if (rc == EACCES)
		kind = ERR_DENIED;
	else if (rc == MDB_INVALID || rc == MDB_VERSION_MISMATCH)
		kind = ERR_CORRUPT;
	return err_set(err, kind, "%s: %s", map->path, mdb_strerror(rc));
}

static int
begin(struct kv_map *map, MDB_txn **txn)
{
	int rc = mdb_txn_begin(map->env, NULL, MDB_RDONLY, txn);

	if (rc != MDB_MAP_RESIZED) /* it grew: take its new size */
		return rc;
	rc = mdb_env_set_mapsize(map->env, 0);
	return rc != MDB_SUCCESS ?
	    rc :
	    mdb_txn_begin(map->env, NULL, MDB_RDONLY, txn);
}

static int
open_table(struct kv_map *map)
{
	MDB_txn *txn;
	int rc;

	if ((rc = mdb_env_create(&map->env)) != MDB_SUCCESS ||
	    (rc = mdb_env_open(map->env, map->path, MAP_FLAGS, 0)) !=
		MDB_SUCCESS ||
	    (rc = begin(map, &txn)) != MDB_SUCCESS)
		return rc;
	rc = mdb_dbi_open(txn, NULL, 0, &map->dbi);
	if (rc == MDB_SUCCESS)
		return mdb_txn_commit(txn);
	mdb_txn_abort(txn);
	return rc;
}

int
kv_map_open(struct kv_map **out, const char *path, struct err *err)
{
	struct kv_map *map = xcalloc(1, sizeof(*map));
	int rc;

	map->path = xstrdup(path);
	rc = open_table(map);
	*out = map;
	if (rc == MDB_SUCCESS)
		return 0;
	(void)failed(map, rc, err);
	kv_map_close(map);
	*out = NULL;
	return -1;
}

void
kv_map_close(struct kv_map *map)
{
	if (map == NULL)
		return;
	if (map->env != NULL)
		mdb_env_close(map->env);
	free(map->path);
	free(map);
}

int
kv_map_get(struct kv_map *map, struct str key, struct buf *out, struct err *err)
{
	MDB_val want = kv_val(key), value;
	int rc, added = 0;
	MDB_txn *txn;

	if (key.len == 0)
		return 0;
	if ((rc = begin(map, &txn)) != MDB_SUCCESS)
		return failed(map, rc, err);
	rc = mdb_get(txn, map->dbi, &want, &value);
	if (rc == MDB_SUCCESS)
		added = buf_add_str(out, kv_str(value));
	mdb_txn_abort(txn);
	/* A key longer than the format allows is in no table. */
	if (rc == MDB_NOTFOUND || rc == MDB_BAD_VALSIZE)
		return 0;
	if (rc != MDB_SUCCESS)
		return failed(map, rc, err);
	if (added < 0)
		return err_set(err, ERR_LIMIT, "value too long");
	return 1;
}
