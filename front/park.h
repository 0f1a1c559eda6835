/*
 * park - sessions that have nothing to do, kept without a process.
 *
 * A session gives its client back with its state (ipc/handover_msg.h). We
 * wait for the client's bytes, for a change of the mailbox it waits for
 * (front/follow.h), or for its deadline, and say nothing ourselves but the
 * last word. Whatever wakes it, authd is asked whether the login is still
 * good, and a new session process gets the client and the state.
 *
 * A POP3 session locks its maildrop (RFC 1939 section 4) for as long as the
 * process lives; once it was parked we hold a second lock for it until its
 * end, which pop3d looks for (pop3d/lock.h).
 *
 * Bounds: HANDOVER_PARKED_MAX bytes of state a session.
 */
#ifndef FRONT_PARK_H
#define FRONT_PARK_H

#include "front/front.h"
#include "ipc/handover_msg.h"

struct parked;

/*
 * The session of conn wants to be parked. true: it is, and the connection to
 * its process is closed; or conn is freed, for the client is gone. false:
 * that is not possible now, nothing has changed. Takes msg->fd over.
 */
bool park_take(struct conn *conn, const struct handover_park *msg);

/* Its client spoke, or its mailbox changed. May free conn. */
void park_wake(struct conn *conn);

/* For the table of states. May free conn. */
void park_readable(struct conn *conn);
void park_timed_out(struct conn *conn);
void park_retry(struct conn *conn);

/* What the next process is to know. */
struct str park_state(const struct conn *conn);
/* conn is in a session again, or ends; NULL is fine. */
void park_free(struct parked *parked);
/* The session is over: give up what is locked for it. */
void park_unlock(struct conn *conn);

/* Before the jail. */
int park_open(struct front *front, struct err *err);

#endif
