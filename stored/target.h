/*
 * target - whose mailbox a request means, and whether it may.
 *
 * These return 1 with *out set, 0 when the request was refused (its error is
 * set), -1 when the batch cannot go on.
 *
 * A session names mailboxes as store/share.h says, its own and others'. The
 * trusted name an owner as well, and then the mailbox in the owner's words.
 */
#ifndef STORED_TARGET_H
#define STORED_TARGET_H

#include "store/share.h"
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

struct target {
	struct open_user *owner;
	struct open_mbox *mbox;
	struct str name; /* in the owner's words; in the batch's arena */
};

/*
 * A mailbox by name, for those rights. user "" is the session's view of
 * names, else the owner. ERR_NOENT: it is not there, or whoever asks must not
 * know of it; ERR_DENIED: a right is missing.
 */
int target_find(struct change *change, struct request *request, struct str user,
    struct str name, uint32_t rights, struct target *out, struct err *err);

/*
 * Where a mailbox of that name would be made: its owner, and (mbox) the
 * nearest mailbox above it that there is, or NULL. Whoever asks must have
 * right k on that, or be the owner. ERR_DENIED otherwise, whatever there is
 * or is not; ERR_SYNTAX for names that nothing can have.
 */
int target_place(struct change *change, struct request *request,
    struct str user, struct str name, struct target *out, struct err *err);

/*
 * Does so much more fit into the user's quota? Refuses with ERR_LIMIT and
 * ERR_CAUSE_QUOTA.
 */
bool target_has_room(struct request *request, const struct open_user *user,
    uint64_t bytes, uint64_t messages);

#endif
