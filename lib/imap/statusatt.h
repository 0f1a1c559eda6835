/*
 * statusatt - the data items of STATUS (RFC 3501 section 6.3.10) and those of
 * later extensions.
 */
#ifndef IMAP_STATUSATT_H
#define IMAP_STATUSATT_H

#include "base/err.h"
#include "base/str.h"

enum {
	STATUS_MESSAGES = 1,
	STATUS_RECENT = 2,
	STATUS_UIDNEXT = 4,
	STATUS_UIDVALIDITY = 8,
	STATUS_UNSEEN = 16,
	STATUS_HIGHESTMODSEQ = 32,     /* RFC 7162 section 3.1.7 */
	STATUS_SIZE = 64,              /* RFC 8438 */
	STATUS_DELETED = 128,          /* RFC 9051 section 6.3.11 */
	STATUS_MAILBOXID = 256,        /* RFC 8474 section 4.3 */
	STATUS_APPENDLIMIT = 512,      /* RFC 7889 section 3.1 */
	STATUS_DELETED_STORAGE = 1024, /* RFC 9208 section 4.1.4 */
};

/* "(" status-att *(SP status-att) ")": the items as bits. */
int statusatt_parse(struct str *in, unsigned *items, struct err *err);

/* The name of one bit, "MESSAGES". */
struct str statusatt_name(unsigned item);

#endif
