/*
 * rights - who may do what with a mailbox (RFC 4314 names).
 *
 * stored asks before every change, the readers of this library before every
 * read. What somebody may do is what the mailbox's list (store/acl.h) gives
 * to any name they have, less what it denies to any. Without a list the
 * owner has all rights and nobody else any; with one the owner keeps
 * STORE_RIGHTS_OWNER whatever it says.
 *
 * Each right has its letter in RFC 4314 section 2.1, which is what people
 * write and read; "c" and "d" are the old names of several (section 2.1.1).
 */
#ifndef STORE_RIGHTS_H
#define STORE_RIGHTS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "store/format.h"
#include "store/who.h"

enum {
	STORE_RIGHT_LOOKUP = 1 << 0,       /* l: it is seen in a list */
	STORE_RIGHT_READ = 1 << 1,         /* r: select */
	STORE_RIGHT_SEEN = 1 << 2,         /* s: keep \Seen */
	STORE_RIGHT_WRITE = 1 << 3,        /* w: other flags */
	STORE_RIGHT_INSERT = 1 << 4,       /* i: append, copy into */
	STORE_RIGHT_POST = 1 << 5,         /* p: send mail to it */
	STORE_RIGHT_CREATE = 1 << 6,       /* k: mailboxes below */
	STORE_RIGHT_DELETE = 1 << 7,       /* x: the mailbox itself */
	STORE_RIGHT_FLAG_DELETED = 1 << 8, /* t: \Deleted */
	STORE_RIGHT_EXPUNGE = 1 << 9,      /* e */
	STORE_RIGHT_ADMIN = 1 << 10,       /* a: change rights */
	STORE_RIGHTS_ALL = (1 << 11) - 1,

	STORE_RIGHTS_OWNER = STORE_RIGHT_LOOKUP | STORE_RIGHT_ADMIN,
	/*
	 * Whoever has one of these may know that the mailbox is there (RFC
	 * 4314 section 4, MYRIGHTS); to others it does not exist.
	 */
	STORE_RIGHTS_VISIBLE = STORE_RIGHT_LOOKUP | STORE_RIGHT_READ |
	    STORE_RIGHT_INSERT | STORE_RIGHT_CREATE | STORE_RIGHT_DELETE |
	    STORE_RIGHT_ADMIN,

	STORE_RIGHTS_TEXT = 16, /* bytes that store_rights_put may write */
};

/* The rights somebody has on mbox. */
uint32_t store_rights(const struct store_mbox *mbox,
    const struct store_who *who);

/* Which of STORE_FLAG_* may be changed with these rights. */
uint16_t store_rights_flags(uint32_t rights);

/* "lrswi": letters into bits, "c" and "d" too. ERR_SYNTAX names the letter. */
int store_rights_parse(uint32_t *rights, struct str letters, struct err *err);
/*
 * The letters, in the order of the standard, with "c" and "d" where one of
 * theirs is set (RFC 4314 section 2.1.1).
 */
void store_rights_put(struct buf *out, uint32_t rights);

#endif
