/*
 * count - the sessions that are open, by user.
 *
 * A session begins with a successful login and ends when its daemon says so,
 * or when that daemon's connection to us does.
 */
#ifndef AUTHD_COUNT_H
#define AUTHD_COUNT_H

#include <stddef.h>

#include "base/str.h"

struct count;

struct count *count_new(void);
void count_free(struct count *count);

/* owner: whoever tells us of its end (a connection); never looked into. */
void count_begin(struct count *count, const void *owner, struct str session,
    struct str user);
/* Ends that nobody began are ignored. */
void count_end(struct count *count, struct str session, struct str user);
void count_end_all(struct count *count, const void *owner);

size_t count_of_user(const struct count *count, struct str user);
size_t count_of_all(const struct count *count);

#endif
