/*
 * verify_share - the part of verify that looks at who may see what: lists of
 * rights, table share, table seen. For lib/store/verify.c.
 */
#ifndef STORE_VERIFY_SHARE_H
#define STORE_VERIFY_SHARE_H

#include "store/verify.h"

/* Every entry of a mailbox's list has its row of share. */
int store_verify_acl(struct store_verify *verify, struct kv_txn *txn,
    uint32_t mailbox, const struct store_mbox *mbox, struct err *err);

/* A row each; what is wrong is told, -1: the index cannot be read. */
int store_verify_share(struct store_verify *verify, struct kv_txn *txn,
    struct str key, struct str row, struct err *err);
int store_verify_seen(struct store_verify *verify, struct kv_txn *txn,
    struct str key, struct str row, struct err *err);

#endif
