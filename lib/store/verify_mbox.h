/*
 * verify_mbox - the part of verify that looks at one mailbox with all its
 * messages, and at the sums over all mailboxes. For lib/store/verify.c.
 */
#ifndef STORE_VERIFY_MBOX_H
#define STORE_VERIFY_MBOX_H

#include "base/attr.h"
#include "store/verify.h"

void store_verify_problem(struct store_verify *verify, const char *fmt, ...)
    PRINTFLIKE(2, 3);
void store_verify_count(struct store_verify *verify, uint64_t rows);

int store_verify_mbox(struct store_verify *verify, struct kv_txn *txn,
    uint32_t mailbox, const struct store_mbox *mbox, struct err *err);
int store_verify_use(struct store_verify *verify, struct kv_txn *txn,
    struct err *err);

#endif
