/*
 * greet - the pre-greeting test for strangers on port 25.
 *
 * RFC 5321 section 3.1 makes a client wait for our greeting; programs that
 * only shout their spam often do not. So a stranger's greeting is held back for
 * smtpd_greet_wait, during which it costs a struct conn and no process. Who
 * speaks in that time is refused; who waits is remembered for smtpd_greet_ttl
 * and not held up again.
 *
 * Bounds: GREET_REMEMBERED addresses; beyond that nobody is remembered until
 * some have been forgotten.
 */
#ifndef FRONT_GREET_H
#define FRONT_GREET_H

#include "front/front.h"

enum { GREET_REMEMBERED = 100000 };

struct greet; /* who waited */

struct greet *greet_new(void);
void greet_free(struct greet *greet); /* NULL is fine */
/* ttl in seconds. IPv6 clients count by their first 64 bits. */
void greet_remember(struct greet *greet, const struct addr *client, int ttl);
bool greet_knows(const struct greet *greet, const struct addr *client);
void greet_sweep(struct greet *greet);

/* An SMTP client is there: have it wait, or hand it over. May free conn. */
void greet_start(struct conn *conn);
/* It said something, or went; it waited long enough. May free conn. */
void greet_read(struct conn *conn);
void greet_passed(struct conn *conn);

#endif
