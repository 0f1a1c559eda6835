/*
 * acl - a mailbox's list of rights changed (RFC 4314), and its copies in
 * table share kept in step with it.
 *
 * Every row of share is an entry of a list again, with the mailbox's name:
 * who changes the one changes the other, in one batch.
 */
#ifndef STORED_ACL_H
#define STORED_ACL_H

#include "stored/change.h"

request_fn acl_run; /* store_acl */

/*
 * A new mailbox begins with the list of the one above it, or (from NULL)
 * with none.
 */
int acl_inherit(struct change *change, struct open_mbox *mbox, struct str name,
    const struct open_mbox *from, struct err *err);
/* The mailbox has another name now. */
int acl_rename(struct change *change, struct open_mbox *mbox, struct str name,
    struct err *err);
/* It is being deleted: nobody but its owner has a right any more. */
int acl_drop(struct change *change, struct open_mbox *mbox, struct err *err);

#endif
