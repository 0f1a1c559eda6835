/*
 * cursor - rows of a table in key order, between two keys.
 *
 *	if (kv_range_open(&range, txn, TABLE, from, to, err) < 0)
 *		return -1;
 *	while ((ret = kv_range_next(&range, &key, &value, err)) > 0)
 *		...
 *	kv_range_close(&range);
 *
 * The struct is the caller's and lives inside one transaction. from and to
 * are borrowed until the close. In a kv_update the rows under the cursor may
 * be deleted through it; other rows may be put and deleted meanwhile, and
 * are then seen or not.
 */
#ifndef KV_CURSOR_H
#define KV_CURSOR_H

#include "kv/kv.h"

struct kv_range {
	struct kv_txn *txn; /* borrowed */
	void *mdb;          /* owned */
	struct str from, to;
	bool prefix, begun;
};

/* Every key with from <= key <= to. An empty to: up to the last row. */
int kv_range_open(struct kv_range *range, struct kv_txn *txn, unsigned table,
    struct str from, struct str to, struct err *err);
/* Every key that begins with prefix. */
int kv_range_open_prefix(struct kv_range *range, struct kv_txn *txn,
    unsigned table, struct str prefix, struct err *err);
/*
 * 1 a row, 0 the end, -1 error. key and value are borrowed from the
 * transaction until the next put or delete in it.
 */
int kv_range_next(struct kv_range *range, struct str *key, struct str *value,
    struct err *err);
/* The row that kv_range_next gave last. */
int kv_range_del(struct kv_range *range, struct err *err);
void kv_range_close(struct kv_range *range); /* twice is fine */

/* The last row whose key begins with prefix: 1, or 0 when none, or -1. */
int kv_last(struct kv_txn *txn, unsigned table, struct str prefix,
    struct str *key, struct str *value, struct err *err);

#endif
