/*
 * engine - a partition opened for writing: packs, index, and the commit.
 *
 * Everything of stored that has no clients: it is what tests drive. A
 * partition is a folder:
 *
 *	lock     held by the one process that may write here
 *	packs/   messages and journals, a write-once lib/seglog
 *	index/   the tables of store/format.h, lib/kv
 *	large/   bodies too long for a pack, one file a blob
 *	snapshot the index as it was a while ago, see stored/snapshot.h
 *	rebuild  when it is there, the index is made anew at start
 *
 * The engine is used from one thread. Paths are relative to the working
 * directory.
 */
#ifndef STORED_ENGINE_H
#define STORED_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/list.h"
#include "kv/kv.h"
#include "seglog/seglog.h"
#include "store/format.h"
#include "stored/request.h"

struct engine_conf {
	const char *path;         /* of the partition; "." in the jail */
	uint64_t index_size;      /* bytes of address space for the index */
	uint64_t segment_size;    /* of a pack; 0: as lib/seglog has it */
	uint64_t large_size;      /* bodies over this get files of their own */
	uint32_t expunge_keep;    /* seconds that expunged messages stay */
	uint32_t tombstones_keep; /* and tombstones; 0: for good */
	bool nosync;              /* tests: the index is not flushed */
	uint8_t quota_level[4];   /* percent, rising; 0: no more */
	unsigned copy_slice;      /* tests: messages a slice of COPY; 0: as many
				     as STORE_SLICE */
};

struct hash;

struct engine {
	struct engine_conf conf;
	int lock_fd;
	struct kv *kv;
	struct seglog *log;
	struct store_meta meta;
	struct store_state state; /* as committed */
	bool is_loaded;           /* from the snapshot, by this start */
	bool is_failed;           /* only a new start knows what is committed */
	uint64_t replayed;        /* batches the start took from the journal */
	uint64_t snapshot_lsn;    /* what the snapshot has; 0: there is none */
	struct hash *snapshot_live; /* see snapshot_live(); NULL: not known */
	uint64_t failures;          /* batches that failed */
	int64_t complained;         /* when the log said so, monotonic */
	struct settle *settle;      /* a list of live messages being taken in */
	struct list changed;        /* struct notice, by the last batch */
	struct list unlink;         /* struct large, to be removed after it */
	struct list named;   /* struct large, named by the batch at hand */
	struct list doubted; /* the same, by failed ones since the last good */
	struct hash *full;   /* names of users over their quota; quota.h */
	struct hash *told;   /* by user id: when the operator set the quota */
	struct hash *tasks;  /* by key: struct request that goes on with it */
	bool tasks_left;     /* perhaps one whose request ended; task.h */
};

/* What the last batch changed: for those who watch. */
struct notice {
	struct list link;
	uint32_t user, mailbox;
	uint64_t modseq; /* 0: name or subscription */
};

/* A file of folder "large". */
enum { ENGINE_LARGE_NAME = 32 };
struct large {
	struct list link;
	char name[ENGINE_LARGE_NAME];
	char from[ENGINE_LARGE_NAME]; /* its name before, if any */
};

/*
 * Open or make the partition; after a crash bring the index up to what the
 * packs say. ERR_EXISTS: another process has it. ERR_CORRUPT: the index is
 * damaged or of a version we do not know, and was left alone.
 */
int engine_open(struct engine **out, const struct engine_conf *conf,
    struct err *err);
void engine_close(struct engine *engine); /* NULL is fine */

/*
 * Run the requests of list (struct request.link) as one batch and commit it.
 * See batch.c for the promise. Every request then has its answer or error,
 * but those with is_unfinished, which go into the next batch. Requests over
 * what a batch may hold stay at the end of list untouched: done counts those
 * that were run. engine->is_failed afterwards: answer nobody, exit.
 */
void engine_batch(struct engine *engine, struct list *list, size_t *done);

/* Work ahead: zeros for the next pack. more: call again. */
void engine_prepare(struct engine *engine, bool *more);

/* Ask for the index to be made anew at the next start. */
int engine_ask_rebuild(struct engine *engine, struct err *err);

/* Forget what changed. */
void engine_clear_changed(struct engine *engine);

/* A read-only descriptor of a pack or (0) of a blob's own file; -1. */
int engine_open_pack(struct engine *engine, uint32_t pack, uint64_t blob,
    struct err *err);

/* A new, empty file in "large" under a name for now; its descriptor. */
int engine_open_large(struct engine *engine, char name[ENGINE_LARGE_NAME],
    struct err *err);
/* Remove it; that it has another name by now is fine. */
void engine_drop_large(struct engine *engine, const char *name);
/* For batches: name becomes the blob's own file, durably. */
int engine_name_large(struct engine *engine, const char *name, uint64_t blob,
    struct err *err);
/* What became of a batch. */
enum engine_fate {
	ENGINE_COMMITTED, /* and no earlier one that failed is found again */
	ENGINE_NEVER,     /* no start will find it, or it was empty */
	ENGINE_IN_DOUBT,  /* its bytes may be on disk: a start may find it */
};
/*
 * After a batch: remove the files nobody refers to, or forget about them; give
 * those it named their old names back, unless a start may look for them: these
 * go after the next good batch.
 */
void engine_end_large(struct engine *engine, enum engine_fate fate);

/* "path/name" of the partition. */
enum { ENGINE_PATH = 4096 };
void engine_path(const struct engine *engine, char out[ENGINE_PATH],
    const char *name);

#endif
