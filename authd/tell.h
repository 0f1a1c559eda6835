/*
 * tell - has stored know whose tickets are void, as it alone can refuse one
 * that somebody kept.
 *
 * What was told is remembered for as long as a ticket lasts, and all of it
 * told again to a stored that was started anew. A connection that breaks is
 * made again, every second.
 */
#ifndef AUTHD_TELL_H
#define AUTHD_TELL_H

#include "authd/authd.h"

struct tell *tell_new(struct authd *authd);
void tell_free(struct tell *tell); /* NULL is fine */

/* Tickets of user from before that second are void. tell may be NULL. */
void tell_void(struct tell *tell, struct str user, int64_t not_before);
/* 0: no such word. A ticket signed now is to be issued no earlier than this. */
int64_t tell_not_before(const struct tell *tell, struct str user);

#endif
