/*
 * park - a session that has nothing to do gives its client back to front, and
 * another process goes on with it later, exactly where it was.
 *
 * Exactly: what the client is told after a wake-up is what it would have been
 * told by a session that never slept. The view's UIDs are read from the
 * mailbox's rows and the tombstones since, and proven by a checksum; the flags
 * the client was told are packed (imapd/view_pack.h). A session that this
 * cannot be said of is not parked: one whose input or output is not at rest or
 * compressed,
 * with news half looked at, or more than HANDOVER_PARKED_MAX bytes of state.
 */
#ifndef IMAPD_PARK_H
#define IMAPD_PARK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct session;

/*
 * Give the client to front; true: the session is over without a word. idle:
 * IDLE runs, its tag is that of session->line.
 */
bool park_session(struct session *session, bool idle, int64_t deadline);

/*
 * Be the session that state speaks of. session->line holds the IDLE that goes
 * on, or nothing. -1: that is not possible, the client is to hear a BYE.
 */
int park_resume(struct session *session, struct str state, struct err *err);

#endif
