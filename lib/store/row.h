/*
 * row - single rows of the index by their keys, decoded: what the read side
 * and stored share.
 *
 * 1 found, 0 absent, -1 error. Strings are borrowed from the transaction,
 * until its next change.
 */
#ifndef STORE_ROW_H
#define STORE_ROW_H

#include "kv/kv.h"
#include "store/format.h"

int store_row_user(struct kv_txn *txn, struct str name, struct store_user *out,
    struct err *err);
int store_row_name(struct kv_txn *txn, uint32_t user, struct str name,
    struct store_name *out, struct err *err);
int store_row_mbox(struct kv_txn *txn, uint32_t mailbox, struct store_mbox *out,
    struct err *err);
int store_row_hot(struct kv_txn *txn, uint32_t mailbox, uint32_t uid,
    struct store_hot *out, struct err *err);
int store_row_blob(struct kv_txn *txn, uint64_t blob, struct store_blob *out,
    struct err *err);
int store_row_meta(struct kv_txn *txn, struct store_meta *out, struct err *err);
int store_row_state(struct kv_txn *txn, struct store_state *out,
    struct err *err);
int store_row_task(struct kv_txn *txn, uint32_t user, enum store_task_kind kind,
    struct store_task *out, struct err *err);

/* The uid, or modseq and uid, at the end of a key of hot or mod. */
uint32_t store_hot_uid(struct str key);
uint64_t store_mod_modseq(struct str key);
uint32_t store_mod_uid(struct str key);

#endif
