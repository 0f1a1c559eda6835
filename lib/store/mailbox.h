/*
 * mailbox - finding mailboxes and what is known of one as a whole.
 */
#ifndef STORE_MAILBOX_H
#define STORE_MAILBOX_H

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
 * All of a user's mailboxes and subscriptions, in byte order of the names;
 * one entry a name. All in arena.
 */
int store_mailbox_list(struct store_reader *reader, uint32_t user,
    struct arena *arena, struct store_entry **out, size_t *count,
    struct err *err);

/* "inbox" in any case is found. ERR_NOENT, ERR_DENIED. */
int store_mailbox_find(struct store_reader *reader, uint32_t user,
    struct str name, struct store_name *out, struct err *err);

/*
 * The row of a mailbox, its strings in arena: STATUS and SELECT. ERR_NOENT:
 * it was deleted. ERR_DENIED: the session's user may not read it.
 */
int store_mailbox_get(struct store_reader *reader, uint32_t mailbox,
    struct arena *arena, struct store_mbox *out, struct err *err);

/* Only HIGHESTMODSEQ: has anything happened? */
int store_mailbox_modseq(struct store_reader *reader, uint32_t mailbox,
    uint64_t *out, struct err *err);

#endif
