/*
 * share - other people's mailboxes, by the names somebody knows them by.
 *
 *	INBOX, a/b                   one's own
 *	Other Users/bob@x.test/a/b   mailbox a/b of bob@x.test
 *	Shared/a/b                   mailbox a/b of one's domain, which belongs
 *	                             to "shared:@x.test" (store/who.h)
 *
 * In the name of a user "/" is "%2F" and "%" is "%25".
 *
 * A mailbox of somebody else is found by what table share has for the one
 * who asks, never by its name: for a mailbox that is hidden, one that does
 * not exist and one whose owner does not, the same rows are looked at, so
 * that neither the answer nor its time tells them apart (RFC 4314 section 6).
 *
 * These are for use inside a transaction, by readers and by stored alike.
 */
#ifndef STORE_SHARE_H
#define STORE_SHARE_H

#include "kv/kv.h"
#include "store/format.h"
#include "store/who.h"

#define STORE_OTHERS "Other Users"
#define STORE_SHARED "Shared"

enum store_path_kind {
	STORE_PATH_OWN,
	STORE_PATH_OTHER, /* somebody else's, shared ones too */
	STORE_PATH_NODE   /* above mailboxes of others; never one itself */
};

struct store_path {
	enum store_path_kind kind;
	char owner[STORE_USER_MAX + 1]; /* OTHER: their name, NUL behind it */
	struct str name;                /* OWN, OTHER: in the owner's words */
};

/* Take a name apart as somebody wrote it. Total; name is borrowed. */
void store_path_parse(struct store_path *path, struct str text,
    const struct store_who *who);
/* How somebody sees a mailbox of another owner. */
void store_path_put(struct buf *out, struct str owner, struct str name,
    const struct store_who *who);

struct store_found {
	uint32_t owner;         /* id */
	struct store_name name; /* its row */
};

/*
 * A mailbox by the name that somebody has for it. 1; 0 there is none, or
 * none that they may know of; -1.
 */
int store_find(struct kv_txn *txn, const struct store_who *who, struct str text,
    struct store_found *found, struct err *err);

/*
 * All mailboxes of others whose list lets somebody see them (right l), in no
 * order. owner and name are borrowed for the call. A fn that returns -1 ends
 * it.
 */
typedef int store_shared_fn(void *ctx, struct str owner, struct str name,
    const struct store_name *row, struct err *err);
int store_shared_list(struct kv_txn *txn, const struct store_who *who,
    store_shared_fn *fn, void *ctx, struct err *err);

#endif
