/*
 * superblock - the first 4 KiB of a segment: which file it is and which life
 * it is in.
 *
 * A recycled segment gets a new life: a higher generation and a new random
 * secret, with which every checksum of that life is seeded, so that neither
 * an old life's batches nor bytes that a stranger put into a mail can pass
 * for ours. Two slots are written in turn, each inside one 512-byte sector,
 * so that a power cut leaves the old life or the new one. The superblock's
 * own checksum is not keyed: nobody else's bytes are ever written there.
 */
#ifndef SEGLOG_SUPERBLOCK_H
#define SEGLOG_SUPERBLOCK_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum {
	SUPERBLOCK_SIZE = 4096, /* batches begin behind it */
	SUPERBLOCK_SLOT_SIZE = 64,
	SUPERBLOCK_SLOT_STEP = 2048,
	SUPERBLOCK_VERSION = 1,
};

struct superblock {
	uint32_t number;     /* the segment's, part of its name */
	unsigned slot;       /* where this one stands: 0 or 1 */
	uint64_t generation; /* grows by at least one a life over the log */
	uint64_t secret;     /* seed of this life's checksums */
	uint64_t size;       /* bytes of the file, this block included */
};

/* Write the 64 bytes of sb's slot. */
void superblock_encode(unsigned char out[SUPERBLOCK_SLOT_SIZE],
    const struct superblock *sb);

/*
 * The slot with the highest generation among the good ones. bytes is the
 * whole first block. ERR_CORRUPT: none is good. ERR_SYNTAX: a good one has a
 * version that we do not know; leave that file alone.
 */
int superblock_parse(struct superblock *sb, struct str bytes, struct err *err);

/* Read and parse it from a segment's descriptor. */
int superblock_read(struct superblock *sb, int fd, struct err *err);
/* Write sb's slot; the caller syncs. */
int superblock_write(const struct superblock *sb, int fd, struct err *err);

#endif
