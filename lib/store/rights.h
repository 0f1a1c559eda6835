/*
 * rights - who may do what with a mailbox (RFC 4314 names).
 *
 * stored asks before every change, the readers of this library before every
 * mailbox they open. The owner of a mailbox has all rights; nobody else has
 * any yet.
 */
#ifndef STORE_RIGHTS_H
#define STORE_RIGHTS_H

#include <stdint.h>

#include "store/format.h"

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
};

/* The rights of user (an id) on mbox. */
uint32_t store_rights(const struct store_mbox *mbox, uint32_t user);

#endif
