/*
 * lock - one POP3 session a maildrop at a time (RFC 1939 section 4).
 *
 * A byte of one file is a user's lock, at the place of the user's number: a
 * POSIX record lock, so that it is held by the process, goes with it however
 * it ends, and is seen by the processes of every POP3 service. The file
 * stays empty. Nobody else is kept out: IMAP sessions and deliveries go on.
 *
 * A session that is parked has no process. front then has a second byte of
 * the file locked for it, LOCK_PARKED behind the first, from the first parking
 * to the session's end; whoever begins a session looks there, too.
 *
 * A client that hears that its session is over may begin another at once, so
 * both are given back before.
 */
#ifndef POP3D_LOCK_H
#define POP3D_LOCK_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* Before the jail. Returns the descriptor, or -1. */
int lock_open(const char *path, struct err *err);
#define LOCK_PARKED ((off_t)1 << 32)

/*
 * ERR_EXISTS: another process has it, or a parked session. Held until it is
 * given back, or this process ends.
 */
int lock_take(int fd, uint32_t user, struct err *err);
/*
 * The same for a session that was parked, and is the one which has it; others
 * may have the first byte for a moment: the process that parked it and is
 * about to end, and whoever looks. So long, in ms, that is waited for.
 */
int lock_take_again(int fd, uint32_t user, int wait_ms, struct err *err);
/* What this process has of it, if anything. */
void lock_give(int fd, uint32_t user);

#endif
