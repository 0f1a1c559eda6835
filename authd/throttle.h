/*
 * throttle - makes guessing slow for who guesses, and for nobody else.
 *
 * Failures are counted for a client address (IPv6: its /64) and for an
 * address together with a user name. A key with many failures has its
 * attempts checked one after another with a growing pause between them,
 * before the password is looked at, so that many connections at once gain
 * nothing. Elsewhere the user notices nothing: no count is kept for the name
 * alone. Counts halve every THROTTLE_HALF_LIFE seconds; a success clears the
 * pair's. Time is the caller's, in microseconds of time_mono().
 *
 * Bounds: max keys; full, it drops the one used longest ago.
 */
#ifndef AUTHD_THROTTLE_H
#define AUTHD_THROTTLE_H

#include <stdint.h>

#include "base/str.h"

enum {
	THROTTLE_FREE_PAIR = 3,  /* failures without a pause */
	THROTTLE_FREE_ADDR = 20, /* a family behind one address */
	THROTTLE_PAUSE_PAIR = 60,
	THROTTLE_PAUSE_ADDR = 5, /* seconds, the longest pauses */
	THROTTLE_WAIT_MAX = 20,  /* who would wait longer is refused */
	THROTTLE_HALF_LIFE = 300
};

struct throttle;

struct throttle *throttle_new(size_t max);
void throttle_free(struct throttle *throttle);

/*
 * Microseconds until an attempt may be looked at, and the place in the row is
 * taken; -1: too many wait already, refuse it unseen.
 */
int64_t throttle_wait(struct throttle *throttle, struct str addr,
    struct str user, int64_t now);
void throttle_failed(struct throttle *throttle, struct str addr,
    struct str user, int64_t now);
void throttle_passed(struct throttle *throttle, struct str addr,
    struct str user);

#endif
