/*
 * walk - all records of one segment in the order they were written, by the
 * tables of its batches: for who looks for records without their places.
 *
 * Only what the headers and tables say is checked; read each record by
 * seglog_read() or by a checksum of one's own. The walk ends at the first
 * header that does not check, be it the end or damage.
 */
#ifndef SEGLOG_WALK_H
#define SEGLOG_WALK_H

#include "seglog/read.h"

struct seglog_walk {
	struct seglog_reader reader;
	uint64_t offset;     /* of the batch at hand */
	uint64_t next;       /* of the one behind it */
	uint32_t at, count;  /* records of it that were given, that it has */
	unsigned char *area; /* owned: its header and table */
};

/* fd is borrowed. ERR_CORRUPT: not a segment of ours. */
int seglog_walk_init(struct seglog_walk *walk, int fd, struct err *err);
void seglog_walk_clear(struct seglog_walk *walk);

/* 1 a record, 0 the end, -1 trouble with the disk. */
int seglog_walk_next(struct seglog_walk *walk, struct seglog_place *place,
    struct err *err);

#endif
