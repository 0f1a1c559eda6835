/*
 * row - single rows: the part of kv.h that works inside a transaction.
 */
#include "base/log.h"
#include "kv/internal.h"

static MDB_dbi
dbi(const struct kv_txn *txn, unsigned table)
{
	if (table >= txn->kv->tables)
		panic("%s: no table %u", txn->kv->path, table);
	return txn->kv->dbi[table];
}

int
kv_get(struct kv_txn *txn, unsigned table, struct str key, struct str *value,
    struct err *err)
{
	MDB_val k = kv_val(key), v;
	int rc = mdb_get(txn->mdb, dbi(txn, table), &k, &v);

	txn->kv->looks++;
	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc != MDB_SUCCESS)
		return kv_failed(txn, rc, err);
	*value = kv_str(v);
	return 1;
}

static int
put(struct kv_txn *txn, unsigned table, struct str key, struct str value,
    unsigned flags, struct err *err)
{
	MDB_val k = kv_val(key), v = kv_val(value);
	int rc = mdb_put(txn->mdb, dbi(txn, table), &k, &v, flags);

	return rc == MDB_SUCCESS ? 0 : kv_failed(txn, rc, err);
}

int
kv_put(struct kv_txn *txn, unsigned table, struct str key, struct str value,
    struct err *err)
{
	return put(txn, table, key, value, 0, err);
}

int
kv_append(struct kv_txn *txn, unsigned table, struct str key, struct str value,
    struct err *err)
{
	return put(txn, table, key, value, MDB_APPEND, err);
}

int
kv_del(struct kv_txn *txn, unsigned table, struct str key, struct err *err)
{
	MDB_val k = kv_val(key);
	int rc = mdb_del(txn->mdb, dbi(txn, table), &k, NULL);

	if (rc == MDB_NOTFOUND)
		return 0;
	return rc == MDB_SUCCESS ? 1 : kv_failed(txn, rc, err);
}

int
kv_count(struct kv_txn *txn, unsigned table, uint64_t *out, struct err *err)
{
	MDB_stat stat;
	int rc = mdb_stat(txn->mdb, dbi(txn, table), &stat);

	if (rc != MDB_SUCCESS)
		return kv_failed(txn, rc, err);
	*out = stat.ms_entries;
	return 0;
}
