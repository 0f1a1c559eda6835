/*
 * bury - mailboxes that were deleted, and are kept for expunge_keep so that
 * the operator can have them back.
 *
 * Such a mailbox has lost its name, its rights and what others have seen in
 * it; nobody finds or opens it (store_mbox.gone). Its messages are graves
 * (stored/grave.h) like those that were expunged. prune takes it away when it
 * is old, the operator's purge before that.
 */
#ifndef STORED_BURY_H
#define STORED_BURY_H

#include "stored/change.h"

/* Is a mailbox that is deleted now worth keeping? */
bool bury_is_wanted(const struct change *change, const struct open_mbox *mbox);
/* It is deleted now, and had that name. The caller takes that away. */
void bury_begin(struct change *change, struct open_mbox *mbox, struct str name,
    enum store_type type);

/*
 * Open a deleted mailbox of user: that of the number, or (0) the one that had
 * the name and was deleted last. 1, 0 there is none, -1.
 */
int bury_find(struct change *change, const struct open_user *user,
    uint32_t number, struct str name, struct open_mbox **out, struct err *err);

/*
 * Take away a slice of the first deleted mailbox from *next on that is of
 * owner (0: of any) and was deleted before that time; its messages are graves
 * by now. *more: there is more to do, from *next on.
 */
int bury_dig(struct change *change, uint32_t owner, uint32_t before,
    uint32_t *next, bool *more, struct err *err);

request_fn bury_purge_run; /* store_mailbox, STORE_PURGE */

/*
 * Read-only: the next deleted mailbox of owner (0: of any) with a number not
 * below *number, which is set. 1, 0 there is none, -1. Strings are borrowed
 * from the transaction.
 */
int bury_next(struct kv_txn *txn, uint32_t owner, uint32_t *number,
    struct store_mbox *out, struct err *err);

#endif
