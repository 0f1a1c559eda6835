/*
 * kv - ordered tables on disk, in transactions (LMDB, and the only place
 * that knows it).
 *
 * An environment is a folder with a data file and a lock file. Tables are
 * named at kv_open and from then on are numbers, the places in that list.
 *
 * Work is a function handed to kv_view() or kv_update(), so that no path can
 * forget to end a transaction. Such a function touches nothing but the
 * transaction and its argument, sets its argument from scratch (a growing
 * environment runs it again after making room) and waits for nobody. What it
 * reads stays valid until it returns; values it got stay as they are only
 * until its next put or delete.
 *
 * A writer owns the lock file. A reader opens without one, and so needs a
 * pin (kv/pin.h) to keep its pages while another process writes; it may be
 * opened before chroot and fork, and be used by the children.
 *
 * Sizes: a key has 1 to KV_KEY_MAX bytes; values over about 2 KiB are kept
 * on pages of their own and cost more.
 */
#ifndef KV_KV_H
#define KV_KV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct kv;
struct kv_txn;
struct kv_pin;

enum kv_mode {
	KV_WRITER, /* made when absent; full sync on every commit */
	KV_READER, /* read only, no lock file, must exist */
};

enum { KV_TABLES_MAX = 32 };

struct kv_conf {
	const char *path; /* the folder; a writer makes it */
	enum kv_mode mode;
	/* NULL ends the list. A reader finds each, a writer makes each. */
	const char *const *tables;
	/*
	 * Bytes of address space. limit over size: when full, double size up
	 * to limit and run the function again. limit 0: size is all there is
	 * and kv_update says ERR_LIMIT; so must a writer whose readers hold
	 * pins. A reader takes the size from the file.
	 */
	size_t size, limit;
	bool nosync; /* for tests alone: no commit waits for the disk */
};

/* ERR_NOENT: no environment there. ERR_CORRUPT: not ours, or damaged. */
int kv_open(struct kv **out, const struct kv_conf *conf, struct err *err);
void kv_close(struct kv *kv); /* NULL is fine */

/*
 * 0 goes on (kv_update: commits), -1 with err set gives up (nothing of the
 * function's work remains).
 */
typedef int kv_fn(struct kv_txn *txn, void *arg, struct err *err);

/* Run fn on one state of all tables, as it was at the beginning. */
int kv_view(struct kv *kv, kv_fn *fn, void *arg, struct err *err);
/*
 * Run fn, then commit: when this returns 0 the work is on disk. When it
 * returns -1 nothing was committed, except that a failed commit
 * (kv_commit_failed) leaves the file in a state only a fresh kv_open knows.
 */
int kv_update(struct kv *kv, kv_fn *fn, void *arg, struct err *err);
bool kv_commit_failed(const struct kv *kv);

/* 1 found, 0 absent, -1 error. The value is borrowed from the transaction. */
int kv_get(struct kv_txn *txn, unsigned table, struct str key,
    struct str *value, struct err *err);
int kv_put(struct kv_txn *txn, unsigned table, struct str key, struct str value,
    struct err *err);
/* As kv_put, for a key above all that are there (fast; else ERR_EXISTS). */
int kv_append(struct kv_txn *txn, unsigned table, struct str key,
    struct str value, struct err *err);
/* 1 deleted, 0 was absent, -1 error. */
int kv_del(struct kv_txn *txn, unsigned table, struct str key, struct err *err);
/* Rows in the table. */
int kv_count(struct kv_txn *txn, unsigned table, uint64_t *out,
    struct err *err);

struct kv_usage {
	uint64_t size;      /* bytes of the map */
	uint64_t used;      /* high-water mark: free pages below it count */
	uint64_t last_txn;  /* the newest commit */
	uint32_t page_size; /* bytes */
};

void kv_usage(const struct kv *kv, struct kv_usage *out);

/*
 * The newest commit there is: while this is the same, every kv_view sees what
 * the last one saw. It costs next to nothing, and needs no pin.
 */
uint64_t kv_newest(const struct kv *kv);

/*
 * Rows looked for and steps along ranges since kv_open: two answers that must
 * not be told apart take the same number.
 */
uint64_t kv_looks(const struct kv *kv);

/* The data file was unlinked or replaced since kv_open. */
bool kv_is_stale(const struct kv *kv);

/* Readers: from now on every kv_view names its epoch. Borrowed; NULL ends. */
void kv_set_pin(struct kv *kv, struct kv_pin *pin);

#endif
