/*
 * memory - successes of late, so that a client that logs in again and again
 * does not cost a slow hash each time.
 *
 * What is kept is a keyed hash (HMAC-SHA-256, key drawn at start) of the
 * whole credential, user and password: it proves a repetition and gives
 * nothing away. For a few seconds that is enough; later the entry in the
 * directory must still have the stamp it had. Time is the caller's, in
 * microseconds of time_mono().
 */
#ifndef AUTHD_MEMORY_H
#define AUTHD_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "authd/facts.h"
#include "base/str.h"

struct memory;

struct memory *memory_new(size_t max);
void memory_free(struct memory *memory);

struct memory_hit {
	struct str owner; /* of the mailboxes */
	struct str stamp; /* of the entry, when the password was checked */
	bool is_fresh;    /* good without a look at the entry */
	const struct facts *facts;
};

/* false: not seen lately. What *hit has is borrowed until the next call. */
bool memory_find(struct memory *memory, struct str user, struct str password,
    int64_t now, struct memory_hit *hit);
/* Fresh before the first time, forgotten at the second. */
void memory_add(struct memory *memory, struct str user, struct str password,
    const struct memory_hit *hit, int64_t fresh, int64_t until);
/* Something about this owner changed; p NULL: about anybody. */
void memory_forget(struct memory *memory, struct str owner);

#endif
