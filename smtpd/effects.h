/*
 * effects - what access tables want done with a message, done at its end.
 */
#ifndef SMTPD_EFFECTS_H
#define SMTPD_EFFECTS_H

#include "smtpd/session.h"

/*
 * Other recipients (REDIRECT) and more of them (BCC), by rewrite. 0, or -1
 * when that cannot be said now: the message must be put off.
 */
int effects_recipients(struct session *s, struct err *err);
/* Header fields (PREPEND). */
void effects_prefix(const struct session *s, struct buf *out);
/* Why the message is to wait; "" if it is not. */
struct str effects_hold(const struct session *s);
/* Take it, and forget it. */
bool effects_discard(const struct session *s);

#endif
