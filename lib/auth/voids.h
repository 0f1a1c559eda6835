/*
 * voids - users whose tickets from before some second are void, for as long
 * as one of those could still be in its time. authd gathers them from the
 * directory and the operator; stored holds tickets against them.
 *
 * Names compare without case. Bounds: the max given; when there are more, the
 * one noted longest ago is forgotten.
 */
#ifndef AUTH_VOIDS_H
#define AUTH_VOIDS_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct voids;

struct voids *voids_new(size_t max);
void voids_free(struct voids *voids); /* NULL is fine */

/*
 * Tickets of user issued before not_before are void; none of them is good
 * from until on (seconds since 1970). What was known of the user stays where
 * it says more. What is over by now is forgotten, in the order it was noted.
 */
void voids_add(struct voids *voids, struct str user, int64_t not_before,
    int64_t until, int64_t now);
/* 0: every ticket of that user is good. */
int64_t voids_not_before(const struct voids *voids, struct str user);
size_t voids_count(const struct voids *voids);

typedef void voids_fn(void *ctx, struct str user, int64_t not_before,
    int64_t until);
/* The one noted longest ago comes first. */
void voids_each(const struct voids *voids, voids_fn *fn, void *ctx);

#endif
