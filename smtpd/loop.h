/*
 * loop - mail that comes back to whoever passed it on, as Postfix's local(8)
 * knows it: what is forwarded to another site leaves with Delivered-To and
 * the forwarder's address (qmgr/agent_body.c), so a message that has it
 * already has been here, and would come again.
 */
#ifndef SMTPD_LOOP_H
#define SMTPD_LOOP_H

#include "smtpd/session.h"

/*
 * Recipients to whom the message, whose header has been looked at, must not be
 * forwarded again: their transport becomes "error", so that qmgr sends the
 * message back. Returns how many they are; *who is the forwarder of the first.
 */
size_t loop_mark(struct session *s, struct str *who);

#endif
