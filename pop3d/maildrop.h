/*
 * maildrop - the INBOX as POP3 sees it: the messages that were there when the
 * session began, numbered from 1, some of them marked as deleted.
 *
 * What IMAP changes meanwhile does not change the numbers; a message that is
 * gone cannot be read any more, and to delete it again does no harm. Nothing
 * is removed before maildrop_update().
 *
 * What a maildrop does to the store are functions in ops, so that
 * a test can put a store of its own behind a session.
 */
#ifndef POP3D_MAILDROP_H
#define POP3D_MAILDROP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/uids.h"

struct store_body;

struct maildrop_item {
	uint32_t uid;
	uint32_t size; /* octets, before dots are stuffed: see measured */
	bool deleted;  /* goes at QUIT */
	bool seen;     /* was, before this session */
	bool read;     /* in this session */
	bool old;      /* EXPIRE does not keep it: see maildrop_update() */
	/*
	 * For a client that did not say UTF8 (RFC 6856): a header of it may be
	 * beyond ASCII, so what is sent is perhaps a surrogate; then size is
	 * the surrogate's once that was made.
	 */
	bool wide, measured;
	bool refused; /* there is no surrogate */
};

struct maildrop_ops {
	/* store_body_open() of the message with that UID. */
	int (*body)(void *ctx, uint32_t uid, struct store_body *out,
	    struct err *err);
	/* Both sets may be empty. */
	int (
	    *remove)(void *ctx, const struct store_uids *uids, struct err *err);
	int (*mark_seen)(void *ctx, const struct store_uids *uids,
	    struct err *err);
};

struct maildrop {
	struct maildrop_item *item; /* owned; in order of UIDs */
	size_t count;
	uint32_t uidvalidity;
	bool utf8; /* the client said UTF8: messages are sent as they are */
	const struct maildrop_ops *ops;
	void *ctx;
};

void maildrop_clear(struct maildrop *drop);

/* Message number n, from 1; NULL: none of that number, or deleted. */
struct maildrop_item *maildrop_get(struct maildrop *drop, uint64_t n);
/* How many are not deleted, and their octets. */
size_t maildrop_stat(const struct maildrop *drop, uint64_t *octets);
void maildrop_reset(struct maildrop *drop); /* nothing is deleted */

/*
 * The UPDATE state: remove what is marked, and what was read, now or before,
 * and is so old that EXPIRE (RFC 2449 section 6.7) allows it; if mark_seen,
 * tell the store what was read. On return 0 the removal is on disk; -1: some
 * are still there.
 */
int maildrop_update(struct maildrop *drop, bool mark_seen, struct err *err);

/* Number, size and mark of the n-th message to come: for who fills a drop. */
void maildrop_add(struct maildrop *drop, uint32_t uid, uint32_t size,
    bool seen);

#endif
