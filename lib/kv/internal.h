/*
 * internal - what the files of lib/kv share; nobody else includes it.
 */
#ifndef KV_INTERNAL_H
#define KV_INTERNAL_H

#include <lmdb.h>

#include "kv/kv.h"

struct kv {
	MDB_env *env;
	char *path; /* owned */
	enum kv_mode mode;
	size_t size, limit;
	bool commit_failed;
	uint64_t looks;
	unsigned tables;
	MDB_dbi dbi[KV_TABLES_MAX];
	struct kv_pin *pin; /* borrowed */
};

struct kv_txn {
	struct kv *kv;
	MDB_txn *mdb;
	int rc; /* LMDB's last error here, MDB_SUCCESS if none */
};

/* Describe LMDB's rc. Returns -1. */
int kv_set_err(const struct kv *kv, int rc, struct err *err);

/* The same, noted in txn for who runs it: a full map is made larger. */
int kv_failed(struct kv_txn *txn, int rc, struct err *err);

static inline MDB_val
kv_val(struct str s)
{
	/* LMDB takes a pointer to bytes it does not change. */
	return (MDB_val){ s.len, (void *)(uintptr_t)s.p };
}

static inline struct str
kv_str(MDB_val val)
{
	return str_make(val.mv_data, val.mv_size);
}

#endif
