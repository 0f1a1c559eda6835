/*
 * mixed_look - what a store has, in the terms of mixed_model.h, and whether
 * that is what it should be. Every body is read and compared. Whatever cannot
 * be read ends the process.
 */
#ifndef CRASH_MIXED_LOOK_H
#define CRASH_MIXED_LOOK_H

#include "stored/engine.h"
#include "t/crash/mixed_model.h"

enum { MIXED_USER = 1 /* the id of the owner: a store's first user */ };

/* Into found, which is as mixed_init() left it. */
void mixed_look(struct mixed *found, struct engine *engine);

/* Is it all as in want? Logs the first difference; what NULL: only asks. */
bool mixed_is_as(const struct mixed *found, const struct mixed *want,
    const char *what);
/*
 * Is each message as before op or as after? Of what moves there must be one
 * each.
 */
bool mixed_is_between(const struct mixed *found, const struct mixed *before,
    const struct mixed *after, const struct mixed_op *op);

/*
 * For each table a sum over its rows, whatever their order; none of meta,
 * where the index has its own name.
 */
void mixed_sum(uint64_t sum[STORE_TABLES], struct engine *engine);

#endif
