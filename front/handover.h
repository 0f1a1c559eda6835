/*
 * handover - a client goes to its session process (ipc/handover_msg.h).
 *
 * The connection over which it went stays open as long as the session: its
 * end is how we learn of the session's, and over it smtpd gives a client back
 * for STARTTLS.
 */
#ifndef FRONT_HANDOVER_H
#define FRONT_HANDOVER_H

#include "front/front.h"

/*
 * Connect to the service and send. While nobody takes connections there it is
 * tried again for front_handover_timeout, then the client hears that we are
 * sorry.
 */
void handover_start(struct conn *conn);
/* The timer's: try again. */
void handover_retry(struct conn *conn);
/* After STARTTLS: the facts and the plaintext end. -1: it is gone. */
int handover_send_tls(struct conn *conn);
void handover_free(struct handover_conn *handover); /* NULL is fine */

#endif
