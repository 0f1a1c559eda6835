/*
 * relay - bytes between a client's TLS and its session's socket pair.
 *
 * Each side is read only while nothing waits to be written to the other, so
 * at most FRONT_SCRATCH bytes a direction are held, and an idle connection
 * holds none. Half-closing goes through in the client's direction; a session
 * that closes ends the connection once its last bytes are sent.
 */
#ifndef FRONT_RELAY_H
#define FRONT_RELAY_H

#include "front/front.h"

/* A session that closed, and a client that takes nothing: give up. */
enum { RELAY_FLUSH_SECONDS = 60 };

/* Takes fd over: our end of the pair. conn->relay from now on. */
void relay_start(struct conn *conn, int fd);
/* Something is possible on the client's side. May free conn. */
void relay_run(struct relay *relay);
/*
 * The session has read received bytes and wants nothing but to sleep. 1: that
 * is all it was sent, and all it said is with the client; 0: it is not; -1:
 * the client is gone.
 */
int relay_is_quiet(struct relay *relay, uint64_t received);
void relay_free(struct relay *relay); /* NULL is fine */

#endif
