/*
 * mailbox - finding mailboxes and what is known of one as a whole.
 */
#ifndef STORE_MAILBOX_H
#define STORE_MAILBOX_H

#include "store/acl.h"
#include "store/read.h"

struct store_entry {
	struct str name;  /* whole, '/' between levels */
	uint32_t mailbox; /* 0: subscribed, but there is no such mailbox */
	uint8_t use, type;
	bool subscribed;
};

/* ERR_NOENT: never seen here. */
int store_user_get(struct store_reader *reader, struct str name,
    struct store_user *out, struct err *err);

/*
 * All of a user's mailboxes and subscriptions, and those of others that they
 * may see (store/share.h), in byte order of the names; one entry a name. All
 * in arena.
 */
int store_mailbox_list(struct store_reader *reader, uint32_t user,
    struct arena *arena, struct store_entry **out, size_t *count,
    struct err *err);

/*
 * By the name the session's user has for it, "inbox" in any case. ERR_NOENT:
 * there is none, or none that the user may know of.
 */
int store_mailbox_find(struct store_reader *reader, uint32_t user,
    struct str name, struct store_name *out, struct err *err);

/*
 * The row of a mailbox, its strings in arena: STATUS and SELECT. ERR_NOENT:
 * it was deleted. ERR_DENIED: the session's user may not read it.
 */
int store_mailbox_get(struct store_reader *reader, uint32_t mailbox,
    struct arena *arena, struct store_mbox *out, struct err *err);

/*
 * The same and what the session's user may do, of one state; mbox->unseen is
 * the owner's, whoever asks, for another's has to be counted.
 */
int store_mailbox_open(struct store_reader *reader, uint32_t mailbox,
    struct arena *arena, struct store_mbox *out, uint32_t *rights,
    struct err *err);

/* What the session's user may do there. ERR_NOENT: it was deleted. */
int store_mailbox_rights(struct store_reader *reader, uint32_t mailbox,
    uint32_t *rights, struct err *err);
/*
 * Its list of rights (strings in arena), and who owns it. ERR_DENIED unless
 * the session's user has right a.
 */
int store_mailbox_acl(struct store_reader *reader, uint32_t mailbox,
    struct arena *arena, struct store_acl *acl, struct str *owner,
    struct err *err);

/* Has anything happened? */
struct store_glance {
	uint64_t modseq; /* HIGHESTMODSEQ */
	uint32_t rights; /* what the session's user may do */
	uint32_t recent; /* UIDs below were recent to some session by then */
};

/* ERR_DENIED: the session's user may not read it any more. */
int store_mailbox_glance(struct store_reader *reader, uint32_t mailbox,
    struct store_glance *out, struct err *err);

#endif
