/*
 * snapshot - the whole index as one file, made while stored works on.
 *
 * File "snapshot" of the partition: a head (magic, version, LSN of the last
 * batch whose rows it has) and blocks of rows in the journal's form, each
 * block with its length and the XXH3 of its bytes seeded with its number; an
 * empty block with the number of rows is the end. All tables are in it, for
 * it knows none but meta, where the LSN stands.
 *
 * With it the packs need not be kept for the journals in them: an index is
 * the snapshot and the journals since its LSN. It is written beside the old
 * one, synced, and named at once, so that there is a whole one at any time.
 *
 * On the way it counts how many bytes of each pack are in use.
 */
#ifndef STORED_SNAPSHOT_H
#define STORED_SNAPSHOT_H

#include "stored/engine.h"

struct snapshot;

/* Hold what is committed now, and begin. */
int snapshot_begin(struct snapshot **out, struct engine *engine,
    struct err *err);
/*
 * Write about budget bytes more. *more: call again; otherwise it is durable
 * under its name, and engine->snapshot says so.
 */
int snapshot_step(struct snapshot *snapshot, size_t budget, bool *more,
    struct err *err);
void snapshot_free(struct snapshot *snapshot); /* NULL is fine */

/* All of it at once. */
int snapshot_make(struct engine *engine, struct err *err);

/*
 * Put the rows of the snapshot into an index that is empty or has some of
 * them from a try before. *found: there is one. ERR_CORRUPT: it is damaged.
 */
int snapshot_load(struct engine *engine, bool *found, struct err *err);
/* At start: the LSN of the one that is there, 0 if none is. */
int snapshot_look(struct engine *engine, struct err *err);

/*
 * Bytes of a pack that rows named when this process's last snapshot began;
 * and to forget them.
 */
void snapshot_free_live(struct engine *engine);
uint64_t snapshot_live(const struct engine *engine, uint32_t pack);

#endif
