/*
 * requeue - ask rewrite anew where the recipients of a message are: a domain
 * has moved, an alias was changed, a relay host was named.
 *
 * Who is left is asked for by the address as it is now. What comes back takes
 * its place; further addresses are added behind the others, so that the
 * numbers of the old ones stay; who is unknown now is told to the sender.
 * The message rests until its new record is in the spool: were it delivered
 * before, a crash could lose an address that was added.
 */
#ifndef QMGR_REQUEUE_H
#define QMGR_REQUEUE_H

#include "qmgr/qmgr.h"

/* Ask, and then try at once. false: it is being delivered at this moment. */
bool requeue_message(struct qmgr *q, struct message *message);

/* Its new record is durable. */
void requeue_done(struct qmgr *q, struct message *message);

#endif
