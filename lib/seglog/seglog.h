/*
 * seglog - the segment log: records on disk, many under one sync.
 *
 * A log is a folder of segments "seg.NNNNNNNN" of one size, made full of
 * zeros and synced before use, so that a batch costs one pwritev and one
 * fdatasync and no change of the file's length. A batch is all or nothing and
 * has a log sequence number (LSN) one above the batch before. Records are
 * bytes that the log does not understand; each is found again by its place
 * (segment number, offset, length) and carries a checksum, keyed with the
 * secret in its segment's superblock.
 *
 * Two ways of use:
 *   recycling   (the queue's pools) segments are released oldest first and
 *               used again. What a record takes back must stand in a later
 *               record of the same log: then it dies no earlier.
 *   write-once  (packs) a number is never used twice; release unlinks.
 *
 * One process has a log open for writing (its owner sees to that); readers
 * need a descriptor of the segment only. Calls block for the disk. The caller
 * owns the struct seglog. A log holds at most one segment ahead.
 *
 * Errors: any failed write or sync fails the whole batch with ERR_TEMP,
 * abandons the segment, and is never tried again; the next batch goes to
 * another segment under the same LSN and supersedes whatever reached the
 * disk. Whoever was waiting must be told to try later.
 */
#ifndef SEGLOG_SEGLOG_H
#define SEGLOG_SEGLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/err.h"
#include "base/str.h"

enum {
	SEGLOG_SEGMENT_MIN = 64 << 10,
	SEGLOG_SEGMENT_MAX = 1 << 30,
	SEGLOG_NAME_SIZE = 24,
	SEGLOG_COUNT_MAX = 4096, /* records a batch */
};

struct seglog;

struct seglog_options {
	size_t segment_size; /* a multiple of 4 KiB; 0: 64 MiB */
	bool recycle;        /* else write-once */
	bool no_zero;        /* do not fill ahead; also found out by itself
				where overwriting in place is no promise */
	unsigned spare_max;  /* recycling: released segments kept; more are
				unlinked. 0: 4 */
};

/* Where a record's bytes are. A segment number is never 0. */
struct seglog_place {
	uint32_t segment;
	uint32_t length;
	uint64_t offset; /* of the first byte, in the segment's file */
};

/* A record as recovery finds it. bytes is borrowed for the call. */
struct seglog_found {
	struct seglog_place place;
	uint64_t lsn;
	uint32_t index, count; /* which record of its batch, of how many */
	struct str bytes;
};

/*
 * What open finds on disk: every good record of every batch from LSN from on,
 * in the order it was written, is given to record(), which may refuse with -1
 * (open then fails with its error). Segments that end before the batch in
 * front of from are not read.
 * Damage is logged as an error, saved as a file "bad.*" in the folder,
 * counted, and passed over.
 */
struct seglog_recovery {
	uint64_t from; /* 0: everything */
	int (*record)(void *ctx, const struct seglog_found *found,
	    struct err *err);
	void *ctx;
	/* out */
	uint64_t records, batches;
	uint64_t damaged; /* records or runs of bytes that were durable once */
	uint64_t torn;    /* batches cut off before they were acknowledged */
};

/*
 * Open the log in folder path (which exists), recover it, and be ready to
 * write to a fresh segment. path is kept and used relative to the working
 * directory or root of each call, so open after chroot with a path that is
 * good there. options may be NULL. On failure *out is NULL; ERR_SYNTAX means
 * a format version that we do not know: nothing was touched.
 */
int seglog_open(struct seglog **out, const char *path,
    const struct seglog_options *options, struct seglog_recovery *recovery,
    struct err *err);
/* Nothing is flushed: what was committed is on disk. NULL is fine. */
void seglog_close(struct seglog *log);

/* A record to write: its bytes in pieces, borrowed until commit returns. */
struct seglog_record {
	const struct iovec *iov;
	int iov_count;
	struct seglog_place place; /* out, of place and commit */
};

/*
 * How much of a batch a record of length bytes takes, and how much a batch
 * may take: so callers fill a batch while the sum is at most seglog_room()
 * and the count at most SEGLOG_COUNT_MAX.
 */
size_t seglog_cost(size_t length);
size_t seglog_room(const struct seglog *log);
/* The longest record that can be written at all. */
size_t seglog_record_max(const struct seglog *log);

/*
 * Say where the next commit of records with these lengths will put them, for
 * callers that write places into a record of the same batch. Changes to the
 * next segment if need be. ERR_LIMIT: more than a batch may hold.
 */
int seglog_place(struct seglog *log, struct seglog_record *record, size_t count,
    struct err *err);

/*
 * Write one batch. When this returns 0, all of it is on disk and survives a
 * power cut, and *lsn (which may be NULL) is its number; this is what a
 * promise to a client may rest on. ERR_LIMIT: more than a batch may hold,
 * nothing was written. Else ERR_TEMP as above.
 */
int seglog_commit(struct seglog *log, struct seglog_record *record,
    size_t count, uint64_t *lsn, struct err *err);

/*
 * Work ahead on the next segment, up to about budget bytes of zeros, then
 * return; *more says that there is something left to do. Call it between
 * batches. A commit that finds no segment ready makes one first, at the
 * expense of those who wait.
 */
int seglog_prepare(struct seglog *log, size_t budget, bool *more,
    struct err *err);

/*
 * Nothing in this segment is wanted any more. Recycling: only the oldest may
 * be released; it is kept as a spare or unlinked. Write-once: it is
 * unlinked. The segment being written and the newest one with batches stay:
 * ERR_DENIED.
 */
int seglog_release(struct seglog *log, uint32_t segment, struct err *err);

uint64_t seglog_lsn(const struct seglog *log); /* of the last batch; 0 none */
/*
 * How many commits have failed when bytes were already on their way: until
 * another one succeeds, a recovery may find such a batch whole and take it for
 * good. What its records refer to has to stay until then.
 */
uint64_t seglog_doubts(const struct seglog *log);

/* What the log has, oldest life first, as counted by its writer. */
struct seglog_segment {
	uint32_t number;
	uint64_t first_lsn, last_lsn;
	size_t used; /* bytes, the superblock included */
	bool current;
};
/* Up to max of them into out; returns how many there are. */
size_t seglog_segments(const struct seglog *log, struct seglog_segment *out,
    size_t max);

/* "seg.00000001" */
void seglog_segment_name(char out[SEGLOG_NAME_SIZE], uint32_t number);
/* A new read-only descriptor of a segment, the caller's; -1. */
int seglog_segment_open(const struct seglog *log, uint32_t number,
    struct err *err);

#endif
