/*
 * kick - sessions that authd says are void end at once: the password was
 * changed, the account disabled, the user removed (ipc/auth_msg.h,
 * auth_watch).
 *
 * Only what still runs through us can be cut: a client in the clear, which
 * comes from this machine, is with its session and keeps it.
 */
#ifndef FRONT_KICK_H
#define FRONT_KICK_H

struct front;
struct kick;

/* Listens to authd from now on, again a second after the connection broke. */
struct kick *kick_new(struct front *front);
void kick_free(struct kick *kick); /* NULL is fine */

#endif
