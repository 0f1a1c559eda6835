/*
 * compact - space in packs is taken back.
 *
 * Packs are never changed. Of one that holds little that is in use the live
 * records are copied to the end of the log, a slice a batch, and their rows
 * name the new places; the old bytes stay for whoever is reading them. A pack
 * that no row named when the last durable snapshot began, and whose journal
 * that snapshot covers, is unlinked: what has died never comes to life again
 * in its old place. So a pack that was copied goes after the next snapshot.
 */
#ifndef STORED_COMPACT_H
#define STORED_COMPACT_H

#include "stored/change.h"

enum {
	COMPACT_SLICE = 1 << 20, /* bytes that a batch copies, about */
};

struct compact_list {
	uint32_t *pack; /* owned */
	size_t count;
};

/*
 * Packs of which the last snapshot found more than nothing and less than
 * percent of their file in use. The caller frees list->pack.
 */
void compact_choose(const struct engine *engine, unsigned percent,
    struct compact_list *list);

/*
 * A request of nobody's that copies what lives in a pack, slice by slice.
 * ERR_NOENT: the pack is gone.
 */
struct request *compact_new(struct engine *engine, uint32_t pack,
    struct err *err);
/* Bytes that it has copied. */
uint64_t compact_moved(const struct request *request);

/* Unlink the packs that need not be kept; how many went. */
int compact_release(struct engine *engine, unsigned *count, struct err *err);

#endif
