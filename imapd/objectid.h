/*
 * objectid - the ids of RFC 8474 that clients see: a letter for what is
 * numbered, and the store's number in hexadecimal. Numbers are never given
 * twice in a partition, and a rebuild of the index keeps them.
 */
#ifndef IMAPD_OBJECTID_H
#define IMAPD_OBJECTID_H

#include <stdint.h>

enum objectid_kind {
	OBJECTID_MAILBOX = 'F',
	OBJECTID_EMAIL = 'M', /* by blob: the same wherever it is copied */
	OBJECTID_THREAD = 'T',
};

enum { OBJECTID_SIZE = 20 };

/* objectid = 1*255(ALPHA / DIGIT / "_" / "-"), with a NUL; returns out. */
const char *objectid_text(char out[OBJECTID_SIZE], enum objectid_kind kind,
    uint64_t number);

#endif
