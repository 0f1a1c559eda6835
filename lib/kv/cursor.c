#include "kv/cursor.h"

#include "base/log.h"
#include "kv/internal.h"
#include "kv/key.h"

int
kv_range_open(struct kv_range *range, struct kv_txn *txn, unsigned table,
    struct str from, struct str to, struct err *err)
{
	MDB_cursor *mdb;
	int rc;

	*range = (struct kv_range){ .txn = txn, .from = from, .to = to };
	if (table >= txn->kv->tables)
		panic("%s: no table %u", txn->kv->path, table);
	rc = mdb_cursor_open(txn->mdb, txn->kv->dbi[table], &mdb);
	if (rc != MDB_SUCCESS)
		return kv_failed(txn, rc, err);
	range->mdb = mdb;
	return 0;
}

int
kv_range_open_prefix(struct kv_range *range, struct kv_txn *txn, unsigned table,
    struct str prefix, struct err *err)
{
	if (kv_range_open(range, txn, table, prefix, prefix, err) < 0)
		return -1;
	range->prefix = true;
	return 0;
}

/* Is key behind the end of the range? */
static bool
is_past(const struct kv_range *range, struct str key)
{
	if (range->prefix)
		return !str_starts(key, range->to);
	return range->to.len > 0 && str_cmp(key, range->to) > 0;
}

int
kv_range_next(struct kv_range *range, struct str *key, struct str *value,
    struct err *err)
{
	MDB_val k = kv_val(range->from), v;
	MDB_cursor_op op = MDB_NEXT;
	int rc;

	if (!range->begun)
		op = range->from.len > 0 ? MDB_SET_RANGE : MDB_FIRST;
	range->begun = true;
	range->txn->kv->looks++;
	rc = mdb_cursor_get(range->mdb, &k, &v, op);
	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc != MDB_SUCCESS)
		return kv_failed(range->txn, rc, err);
	*key = kv_str(k);
	*value = kv_str(v);
	return is_past(range, *key) ? 0 : 1;
}

int
kv_range_del(struct kv_range *range, struct err *err)
{
	int rc = mdb_cursor_del(range->mdb, 0);

	return rc == MDB_SUCCESS ? 0 : kv_failed(range->txn, rc, err);
}

void
kv_range_close(struct kv_range *range)
{
	if (range->mdb != NULL)
		mdb_cursor_close(range->mdb);
	range->mdb = NULL;
}

/*
 * The smallest key above everything that begins with prefix: its last byte
 * that is not 0xff, one up. Empty when there is none.
 */
static void
key_after_prefix(struct kv_key *key, struct str prefix)
{
	kv_key_init(key);
	while (prefix.len > 0 && (unsigned char)prefix.p[prefix.len - 1] == 255)
		prefix.len--;
	kv_key_str(key, prefix);
	if (prefix.len > 0)
		key->bytes[prefix.len - 1]++;
}

int
kv_last(struct kv_txn *txn, unsigned table, struct str prefix, struct str *key,
    struct str *value, struct err *err)
{
	struct kv_range range;
	struct kv_key after;
	MDB_val k, v;
	int rc;

	key_after_prefix(&after, prefix);
	if (kv_range_open(&range, txn, table, prefix, prefix, err) < 0)
		return -1;
	k = kv_val(kv_key_get(&after));
	rc = after.len == 0 ? MDB_NOTFOUND :
			      mdb_cursor_get(range.mdb, &k, &v, MDB_SET_RANGE);
	if (rc == MDB_NOTFOUND)
		rc = mdb_cursor_get(range.mdb, &k, &v, MDB_LAST);
	else if (rc == MDB_SUCCESS)
		rc = mdb_cursor_get(range.mdb, &k, &v, MDB_PREV);
	kv_range_close(&range);
	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc != MDB_SUCCESS)
		return kv_failed(txn, rc, err);
	*key = kv_str(k);
	*value = kv_str(v);
	return str_starts(*key, prefix) ? 1 : 0;
}
