/*
 * enabled - what a client switched on in its session, by ENABLE (RFC 5161) or
 * by using it (RFC 7162 section 3.1). Nothing is ever switched off again.
 *
 * The struct is all there is: whoever keeps a session while its client is
 * silent keeps these bits.
 */
#ifndef IMAPD_ENABLED_H
#define IMAPD_ENABLED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct session;

/* The numbers are kept in parked sessions: bits are only ever added. */
enum {
	ENABLED_CONDSTORE = 1,
	ENABLED_QRESYNC = 2, /* CONDSTORE is on as well */
	ENABLED_REV2 = 4,    /* IMAP4rev2 (RFC 9051) */
	ENABLED_UTF8 = 8,    /* UTF8=ACCEPT (RFC 9755) */
	/* Either: names of mailboxes are UTF-8, not modified UTF-7. */
	ENABLED_UTF8_NAMES = ENABLED_REV2 | ENABLED_UTF8,
};

struct enabled {
	uint32_t bits;
};

/* One of these bits at least. */
bool enabled_is(const struct session *session, uint32_t bits);

/* The bits that a word behind ENABLE switches on; 0: none we know. */
uint32_t enabled_word(struct str word);

/*
 * Switch bits on. When CONDSTORE becomes on while a mailbox is selected, its
 * HIGHESTMODSEQ is told (RFC 7162 section 3.1.2.1).
 */
void enabled_add(struct session *session, uint32_t bits);

#endif
