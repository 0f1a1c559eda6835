/*
 * mailbox - mailboxes made, renamed, deleted, subscribed.
 */
#ifndef STORED_MAILBOX_H
#define STORED_MAILBOX_H

#include "stored/change.h"

enum { MAILBOX_MAX = 10000 }; /* mailboxes, and subscriptions, of a user */

request_fn mailbox_run; /* store_mailbox */
request_fn hello_run;   /* store_hello; the answer has no descriptors yet */

/* What every user has, made with the user. */
int mailbox_make_defaults(struct change *change, struct open_user *user,
    struct err *err);

/*
 * Make a mailbox where place (target_place) says, and what is missing above
 * it; all of that begins with the list of rights of the mailbox above. 1, 0
 * refused (ERR_EXISTS, ERR_LIMIT; ERR_DENIED where there is one that whoever
 * asks must not know of), -1.
 */
struct target;
int mailbox_make(struct change *change, struct request *request,
    const struct target *place, enum store_use use, enum store_type type,
    struct open_mbox **out, struct err *err);

/* 1 or -1. */
int mailbox_subscribe(struct change *change, struct open_user *user,
    struct str name, bool on, struct err *err);

/*
 * A mailbox whose name is gone is emptied a slice a batch and then goes
 * itself. After a crash in between the daemon asks for the rest: for a
 * struct store_recent that names the mailbox.
 */
request_fn mailbox_empty_run;

#endif
