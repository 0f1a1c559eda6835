/*
 * read - records by their place, for any process with a descriptor.
 *
 * A reader needs no seglog: it reads the superblock once, keeps the struct as
 * long as the descriptor, and checks what it reads. Write-once segments do
 * not change; a reader of a recycled one reads the superblock again.
 */
#ifndef SEGLOG_READ_H
#define SEGLOG_READ_H

#include "base/err.h"
#include "seglog/seglog.h"
#include "seglog/superblock.h"

struct seglog_reader {
	int fd; /* borrowed */
	struct superblock super;
};

/* ERR_CORRUPT: not a segment of ours. */
int seglog_reader_init(struct seglog_reader *reader, int fd, struct err *err);

/*
 * The whole record into out, of SEGLOG_READ_SIZE(place->length) bytes;
 * *bytes is the record inside it. ERR_CORRUPT: place is not of this segment,
 * no record is there, or it is damaged.
 */
#define SEGLOG_READ_SIZE(length) ((size_t)(length) + 16)
int seglog_read(const struct seglog_reader *reader,
    const struct seglog_place *place, void *out, struct str *bytes,
    struct err *err);

#endif
