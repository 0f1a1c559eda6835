/*
 * segment - the files of a log: named, made in slices, given a new life.
 *
 * For the files of lib/seglog only; struct seglog is theirs.
 */
#ifndef SEGLOG_SEGMENT_H
#define SEGLOG_SEGMENT_H

#include "base/list.h"
#include "seglog/seglog.h"
#include "seglog/superblock.h"

enum { SEGMENT_PATH_SIZE = 4096 };

struct segment {
	struct list link;
	struct superblock super;
	uint64_t first_lsn, last_lsn; /* 0: no batch yet */
	uint64_t first_previous;      /* the chain value of its first batch */
	size_t used;                  /* where the next batch would begin */
	int fd;                       /* -1 unless it is being written */
	bool failed;                  /* a write failed here: do not recycle */
};

struct seglog {
	char *path;
	struct seglog_options options;
	struct list live;  /* struct segment, oldest life first */
	struct list spare; /* released, the first to be used first */
	unsigned spares;
	struct segment *current; /* the last of live, or NULL */
	struct segment *next;    /* ready, in no list */
	struct segment *making;  /* being filled, under its temporary name */
	size_t made;             /* bytes of making that are filled */
	uint32_t number;         /* the highest ever used */
	uint64_t generation;     /* the highest ever used */
	uint64_t lsn;            /* of the last batch */
	uint64_t chain;          /* its checksum */
	uint64_t doubts;         /* see seglog_doubts() */
	unsigned char *area;     /* header and table of the batch at hand */
};

/* "path/name" of a segment or of another file of the folder. */
void segment_path(const struct seglog *log, char out[SEGMENT_PATH_SIZE],
    const char *name);
void segment_free(struct segment *segment); /* closes too; NULL is fine */

/*
 * One slice of work towards log->next: a spare gets a new life, or a new file
 * is filled on. *more: call again. On failure what was begun is undone.
 */
int segment_prepare(struct seglog *log, size_t budget, bool *more,
    struct err *err);

/* Unlink its file, durably. */
int segment_unlink(const struct seglog *log, const struct segment *segment,
    struct err *err);

#endif
