/*
 * deliver - a message that is there whole goes to its recipients' mailboxes.
 */
#ifndef LMTPD_DELIVER_H
#define LMTPD_DELIVER_H

#include "lmtpd/session.h"

/*
 * Give every recipient of the transaction its outcome. What is answered 2xx
 * is on disk: the store's promise, handed on. One copy of the message is sent
 * for all of them; what differs is a prefix of its own: Return-Path (RFC 5321
 * section 4.4) and Delivered-To.
 *
 * A message whose header holds Delivered-To with a recipient's address has
 * been here before and is refused for that recipient (5.4.6): a loop.
 */
void deliver(struct session *s);

#endif
