/*
 * target - whose mailbox a request means, and whether it may.
 *
 * These return 1 with *out set, 0 when the request was refused (its error is
 * set), -1 when the batch cannot go on.
 */
#ifndef STORED_TARGET_H
#define STORED_TARGET_H

#include "stored/change.h"

/*
 * The user of that name, made with the default mailboxes if never seen; ""
 * is the session's own. ERR_DENIED unless it is that or is_trusted.
 */
int target_user(struct change *change, struct request *request, struct str name,
    struct open_user **out, struct err *err);

/* A mailbox by id, for those rights. ERR_NOENT, ERR_DENIED. */
int target_mbox(struct change *change, struct request *request,
    uint32_t mailbox, uint32_t rights, struct open_mbox **out, struct err *err);

/* A mailbox of user by its name. ERR_NOENT. name_row may be NULL. */
int target_name(struct change *change, struct request *request,
    const struct open_user *user, struct str name, struct open_mbox **out,
    struct store_name *name_row, struct err *err);

/*
 * Does so much more fit into the user's quota? Refuses with ERR_LIMIT and
 * ERR_CAUSE_QUOTA.
 */
bool target_has_room(struct request *request, const struct open_user *user,
    uint64_t bytes, uint64_t messages);

#endif
