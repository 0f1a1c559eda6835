/*
 * arena - memory that dies together: what a command parses lives here, so
 * that there is nothing to free on error paths.
 *
 * The limit bounds what one peer can make us hold; arena_alloc beyond it
 * gives NULL. Memory is not zeroed unless said. Aligned for any type.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/attr.h"
#include "base/str.h"

struct arena;

struct arena *arena_new(size_t max); /* max 0: no limit */
void arena_free(struct arena *arena);
/* The same, cleared first: there was a password in it. Not after a reset. */
void arena_free_secret(struct arena *arena);
void arena_reset(struct arena *arena); /* keeps the first block */

/* NULL when over the limit, never because the heap is empty. */
void *arena_alloc(struct arena *arena, size_t size) MUST_USE;
void *arena_calloc(struct arena *arena, size_t count, size_t size) MUST_USE;

/*
 * Copies in the arena, each with a NUL behind it. When over the limit: p is
 * NULL and len 0 (arena_str), or NULL.
 */
struct str arena_str(struct arena *arena, struct str s) MUST_USE;
char *arena_cstr(struct arena *arena, struct str s) MUST_USE;
char *arena_printf(struct arena *arena, const char *fmt, ...)
    PRINTFLIKE(2, 3) MUST_USE;

size_t arena_used(const struct arena *arena);

#endif
