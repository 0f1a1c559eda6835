/*
 * memory - the successes of the last minute, so that a client that logs in
 * again and again does not cost a slow hash each time.
 *
 * What is kept is a keyed hash (HMAC-SHA-256, key drawn at start) of the
 * whole credential, user and password: it proves a repetition and gives
 * nothing away. Time is the caller's, in microseconds of time_mono().
 */
#ifndef AUTHD_MEMORY_H
#define AUTHD_MEMORY_H

#include <stdint.h>

#include "base/str.h"

struct memory;

struct memory *memory_new(size_t max);
void memory_free(struct memory *memory);

/*
 * The mailboxes' owner for this credential; borrowed until the next call. p
 * is NULL when it was not seen lately.
 */
struct str memory_find(struct memory *memory, struct str user,
    struct str password, int64_t now);
void memory_add(struct memory *memory, struct str user, struct str password,
    struct str owner, int64_t until);
/* Something about this owner changed; p NULL: about anybody. */
void memory_forget(struct memory *memory, struct str owner);

#endif
