/*
 * full - users whose quota is used up, as stored knows them: so that smtpd
 * can refuse a recipient before the message is sent.
 *
 * stored is asked every few seconds, whether or not anybody wants to know,
 * and nobody ever waits for it: what is known is in memory. Without stored
 * nobody is full, for it will say so itself when mail is delivered.
 */
#ifndef REWRITE_FULL_H
#define REWRITE_FULL_H

#include <event2/event.h>
#include <stdbool.h>

#include "base/str.h"

struct full;

struct full *full_new(struct event_base *base);
void full_free(struct full *full); /* NULL is fine */

/* owner: the name of the mailboxes' owner, in lower case. */
bool full_has(const struct full *full, struct str owner);

#endif
