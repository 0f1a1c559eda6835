/*
 * watch - who is told when a mailbox changes.
 *
 * A watch is of one mailbox, or of all that belong to the session's user.
 * Notices go out after the commit, one a mailbox and batch; they are hints.
 */
#ifndef STORED_WATCH_H
#define STORED_WATCH_H

#include "stored/stored.h"

enum { WATCHES_MAX = 1000 }; /* of one client */

/* ERR_DENIED: another user's mailbox. ERR_NOENT. ERR_LIMIT. */
int watch_set(struct client *client, const struct store_watch *in,
    struct err *err);
/*
 * store_follow: front's watch of any one mailbox, as many as it likes. It is
 * told of changes, never what they are.
 */
void watch_follow(struct client *client, const struct store_follow *in);
void watch_clear(struct client *client);
/* Tell what the last batch changed. */
void watch_tell(struct stored *stored);

#endif
