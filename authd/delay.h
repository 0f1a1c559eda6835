/*
 * delay - when users of POP3 logged in last, for LOGIN-DELAY (RFC 2449 section
 * 6.5). Time is the caller's, in microseconds of time_mono().
 *
 * Bounds: an entry a user who logged in within the delay.
 */
#ifndef AUTHD_DELAY_H
#define AUTHD_DELAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct delay;

struct delay *delay_new(void);
void delay_free(struct delay *delay); /* NULL is fine */

/* May user log in now? If so, that is noted. */
bool delay_admit(struct delay *delay, struct str user, int64_t now,
    int64_t pause);
/* Forget who may log in anyway. */
void delay_sweep(struct delay *delay, int64_t now, int64_t pause);

#endif
