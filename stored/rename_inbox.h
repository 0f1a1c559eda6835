/*
 * rename_inbox - RENAME of INBOX: its messages go to a new mailbox, and it
 * stays, empty (RFC 3501 section 6.3.5).
 *
 * In slices that show: each message is in one of the two. A crash between two
 * is made good, for the next start goes on with it (task.h); so does stored
 * itself when a slice fails.
 */
#ifndef STORED_RENAME_INBOX_H
#define STORED_RENAME_INBOX_H

#include "stored/target.h"

/* to is where target_place() says the new mailbox goes. 0; -1. */
int rename_inbox(struct change *change, struct request *request,
    struct open_mbox *from, const struct target *to, struct err *err);

/* Its next slices: those of a store_mailbox, or of task_next(). */
request_fn rename_inbox_run;

#endif
