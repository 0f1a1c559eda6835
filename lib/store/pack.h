/*
 * pack - message records: what stands in front of a body in the packs.
 *
 * Packs are a write-once lib/seglog. A record is a head of STORE_RECORD_HEAD
 * bytes and the message as received, or a digest too long for its row.
 * Journal records (store/journal.h) stand between them.
 *
 * A guid is 8 random bytes and the XXH3 of the body seeded with them: to
 * compare guids is to check the content. It is kept in the record and in the
 * blob's row, so a reader knows that it has the right bytes, and all of
 * them, before it shows one. A body in a file of its own has no head.
 */
#ifndef STORE_PACK_H
#define STORE_PACK_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "store/format.h"

enum { STORE_RECORD_HEAD = 32 };

enum store_record_kind {
	STORE_RECORD_MESSAGE = 1,
	STORE_RECORD_DIGEST,
	STORE_RECORD_JOURNAL /* has no such head: see store/journal.h */
};

struct store_record {
	uint8_t kind; /* enum store_record_kind */
	uint32_t length;
	uint64_t blob;
	unsigned char guid[STORE_GUID_SIZE];
};

/* A new guid for this body. */
void store_guid_make(unsigned char guid[STORE_GUID_SIZE], struct str body);
/* Is this the guid of this body? */
bool store_guid_check(const unsigned char guid[STORE_GUID_SIZE],
    struct str body);

void store_record_encode(unsigned char out[STORE_RECORD_HEAD],
    const struct store_record *record);
/* ERR_CORRUPT: no head of ours. bytes may go on behind the head. */
int store_record_decode(struct store_record *record, struct str bytes,
    struct err *err);

/*
 * bytes is a whole record, head and body. 0 and *body when it is the one
 * that want describes, content included; ERR_CORRUPT otherwise.
 */
int store_record_check(const struct store_record *want, struct str bytes,
    struct str *body, struct err *err);

/* The name of a blob's own file inside the partition's folder "large". */
enum { STORE_LARGE_NAME = 20 };
void store_large_name(char out[STORE_LARGE_NAME], uint64_t blob);

#endif
