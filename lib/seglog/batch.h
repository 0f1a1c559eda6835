/*
 * batch - the bytes of one batch in a segment: a header with a table of its
 * records, then the records, padded to a multiple of 4 KiB.
 *
 *   header, 64 bytes  magic, version, generation, LSN, the LSN known durable
 *                     before, length, count, the previous batch's checksum,
 *                     segment, block, checksum of header and table
 *   table             count entries of 16 bytes: where the record's body is
 *                     (from the batch's start), its length, its checksum
 *   records           each with 16 bytes in front (length, index, checksum)
 *                     that let it be read alone, given its place
 *
 * Checksums are seeded with the segment life's secret. A record's covers its
 * place too; the header's covers the table and so, through it, every record;
 * that one is what the next batch repeats: the chain. Everything here is pure
 * and total; all integers are big-endian.
 */
#ifndef SEGLOG_BATCH_H
#define SEGLOG_BATCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/err.h"
#include "base/str.h"
#include "seglog/superblock.h"

enum {
	BATCH_ALIGN = 4096,
	BATCH_VERSION = 1,
	BATCH_HEAD_SIZE = 64,
	BATCH_ENTRY_SIZE = 16,
	BATCH_RECORD_HEAD = 16,
	BATCH_COUNT_MAX = 4096,
};

struct batch {
	uint64_t lsn;
	uint64_t durable;  /* highest LSN known on disk when this was written */
	uint64_t previous; /* checksum of the batch before */
	uint64_t checksum;
	uint32_t length; /* all of it, a multiple of BATCH_ALIGN */
	uint32_t count;
};

struct batch_entry {
	uint32_t at; /* of the record's body, from the batch's start */
	uint32_t length;
	uint64_t checksum;
};

/* Header and table, rounded up to 8. */
static inline size_t
batch_area(uint32_t count)
{
	return BATCH_HEAD_SIZE + (size_t)count * BATCH_ENTRY_SIZE;
}

/* What a record of length bytes adds to the batch, its entry included. */
static inline size_t
batch_record_cost(size_t length)
{
	return BATCH_ENTRY_SIZE + BATCH_RECORD_HEAD + ((length + 7) & ~7UL);
}

static inline size_t
batch_round(size_t length)
{
	return (length + BATCH_ALIGN - 1) & ~(size_t)(BATCH_ALIGN - 1);
}

/*
 * Checksum of record number index whose body, given in pieces, stands at
 * offset of its segment. iov[0] belongs to this function; the pieces follow.
 */
uint64_t batch_record_checksum(const struct superblock *sb, uint64_t offset,
    uint32_t length, uint32_t index, struct iovec *iov, int count);

/* The 16 bytes in front of a record. */
void batch_record_encode(unsigned char out[BATCH_RECORD_HEAD], uint32_t length,
    uint32_t index, uint64_t checksum);

/*
 * Write header and table into out (batch_area(batch->count) bytes) for a
 * batch that stands at offset, and set batch->checksum.
 */
void batch_encode(unsigned char *out, struct batch *batch,
    const struct batch_entry *entry, const struct superblock *sb,
    uint64_t offset);

/*
 * Is this the header of a batch of this life at offset? Only the first 64
 * bytes are looked at, so the checksum is not checked yet: batch->count says
 * how long the table is that batch_check wants. ERR_CORRUPT if not.
 */
int batch_parse(struct batch *batch, struct str bytes,
    const struct superblock *sb, uint64_t offset, struct err *err);
/* area: batch_area(batch->count) bytes from the start. ERR_CORRUPT. */
int batch_check(const struct batch *batch, struct str area,
    const struct superblock *sb, struct err *err);

/* Entry index of a checked table. */
void batch_entry_get(struct batch_entry *entry, struct str area,
    uint32_t index);
/* Is body what the entry says? */
bool batch_entry_check(const struct batch_entry *entry,
    const struct superblock *sb, uint64_t batch_offset, uint32_t index,
    struct str body);

/*
 * Check a record by itself: bytes is its 16-byte head and its body of length
 * bytes, which stands at offset of the segment. ERR_CORRUPT.
 */
int batch_record_check(struct str bytes, const struct superblock *sb,
    uint64_t offset, uint32_t length, struct err *err);

#endif
