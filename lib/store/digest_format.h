/*
 * digest_format - the bytes of a digest that both of its readers know:
 * store/digest.c in full, store/keys.c up to the base subject.
 */
#ifndef STORE_DIGEST_FORMAT_H
#define STORE_DIGEST_FORMAT_H

#include <stdint.h>

enum {
	DIGEST_VERSION = 1,
	DIGEST_HAS_DATE = 1,
	DIGEST_IS_REPLY = 2,
	DIGEST_KNOWS_WIDE = 4, /* DIGEST_IS_WIDE says something */
	DIGEST_IS_WIDE = 8,    /* mime_part_is_wide() */
	DIGEST_LIST_TRUNCATED = 1,
	DIGEST_ADDRESS_VALID = 0x10, /* beside the kind */
	DIGEST_PART_OPAQUE = 0x10,
	DIGEST_PART_ENVELOPE = 0x20,
};

/* Small numbers of either sign, as small variable integers. */
static inline uint64_t
digest_zigzag(int64_t n)
{
	return (uint64_t)n << 1 ^ (uint64_t)(n >> 63);
}

static inline int64_t
digest_unzigzag(uint64_t n)
{
	return (int64_t)(n >> 1 ^ -(n & 1));
}

#endif
