/*
 * lock - one POP3 session a maildrop at a time (RFC 1939 section 4).
 *
 * A byte of one file is a user's lock, at the place of the user's number: a
 * POSIX record lock, so that it is held by the process, goes with it however
 * it ends, and is seen by the processes of every POP3 service. The file
 * stays empty. Nobody else is kept out: IMAP sessions and deliveries go on.
 */
#ifndef POP3D_LOCK_H
#define POP3D_LOCK_H

#include <stdint.h>

#include "base/err.h"

/* Before the jail. Returns the descriptor, or -1. */
int lock_open(const char *path, struct err *err);
/* ERR_EXISTS: another process has it. Held until this process ends. */
int lock_take(int fd, uint32_t user, struct err *err);

#endif
