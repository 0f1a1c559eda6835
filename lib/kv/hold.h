/*
 * hold - one state of all tables, kept for as long as a long piece of work
 * needs it while others are committed: the writer's own, for copies.
 *
 * The pages it needs are not used again meanwhile, so the file grows by what
 * is changed: whoever holds must get on with it.
 */
#ifndef KV_HOLD_H
#define KV_HOLD_H

#include "kv/kv.h"

struct kv_hold;

/* Hold what is committed now. */
int kv_hold_begin(struct kv_hold **out, struct kv *kv, struct err *err);
/* Run fn on that state; it may only read. */
int kv_hold_view(struct kv_hold *hold, kv_fn *fn, void *arg, struct err *err);
void kv_hold_end(struct kv_hold *hold); /* NULL is fine */

#endif
