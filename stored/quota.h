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

/* The directory says so; 0 is no limit. */
void quota_set(struct open_user *user, uint64_t bytes, uint64_t messages);

/* At the end of a batch, before the rows of users are written. */
int quota_warn(struct change *change, struct err *err);

/* Percent of the limits that are used, the larger one; 0 without limits. */
unsigned quota_percent(const struct store_user *user);

/* "80 95" into rising percentages. ERR_SYNTAX. */
int quota_levels(struct engine_conf *conf, const char *text, struct err *err);

#endif
