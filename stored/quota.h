/*
 * quota - what users may store: limits as the directory has them, and mail
 * to those who come near.
 *
 * The limits are the directory's. They come with each delivery, in a
 * session's ticket, and from the operator's verb, and are kept in the user's
 * row, which is what requests are measured by (target_has_room).
 *
 * When a batch lifts the use of a user over one of quota_warning's levels, it
 * also puts a message about that into the INBOX, once: the row remembers the
 * level until the use is below it again. The message itself has no need of
 * room.
 */
#ifndef STORED_QUOTA_H
#define STORED_QUOTA_H

#include "stored/change.h"

request_fn quota_run; /* store_quota */

/*
 * A delivery or a ticket says so; 0 is no limit. What the operator has just
 * set (quota_run) stays for a while: rewrite and open sessions may have asked
 * the directory before.
 */
void quota_set(struct change *change, struct open_user *user, uint64_t bytes,
    uint64_t messages);

/* At the end of a batch, before the rows of users are written. */
int quota_warn(struct change *change, struct err *err);

/* Who is full is kept in memory: at start, and after each commit. */
int quota_start(struct engine *engine, struct err *err);
void quota_note(struct change *change);
void quota_clear(struct engine *engine);

/* Percent of the limits that are used, the larger one; 0 without limits. */
unsigned quota_percent(const struct store_user *user);

/* "80 95" into rising percentages. ERR_SYNTAX. */
int quota_levels(struct engine_conf *conf, const char *text, struct err *err);

#endif
