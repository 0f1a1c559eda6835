/*
 * read - a partition's index as sessions see it: read-only, mapped, pinned.
 *
 * The warm parent of a session service opens the partition before it is
 * jailed; each session says hello (store/client.h), which attaches the
 * reader to a pin of its own. Every function here is one short transaction:
 * what it gives is copied out, so that nothing is pinned while a slow client
 * is written to. Two calls may see two states of a mailbox.
 *
 * Errors: ERR_NOENT (no such thing), ERR_DENIED, ERR_CORRUPT, ERR_TEMP.
 */
#ifndef STORE_READ_H
#define STORE_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "kv/kv.h"
#include "store/format.h"
#include "store/who.h"

struct store_reader;

/*
 * Open the partition in folder path ("store/default"). Waits up to wait_ms
 * for stored to have made it.
 */
int store_reader_open(struct store_reader **out, const char *path, int wait_ms,
    struct err *err);
void store_reader_close(struct store_reader *reader); /* NULL is fine */

/*
 * The index was replaced since: a parent that sees it ends, to be started
 * anew. Cheap; works inside the jail.
 */
bool store_reader_is_stale(const struct store_reader *reader);

/*
 * By the hello, once a session: for whom (copied), and how. Descriptors are
 * taken over. ERR_CORRUPT: the index is not the one of this incarnation.
 * Without it, reading is safe only while nobody writes.
 */
int store_reader_attach(struct store_reader *reader,
    const struct store_who *who, struct str incarnation, int epoch_fd,
    int pin_fd, struct err *err);
uint32_t store_reader_user(const struct store_reader *reader);
const struct store_who *store_reader_who(const struct store_reader *reader);

/* Nothing at all has changed while this is the same; see kv_newest. */
uint64_t store_reader_newest(const struct store_reader *reader);

/* How many rows have been looked at; see kv_looks. */
uint64_t store_reader_work(const struct store_reader *reader);

/* Several reads on one state: fn must be short and wait for nobody. */
int store_reader_view(struct store_reader *reader, kv_fn *fn, void *arg,
    struct err *err);

#endif
