/*
 * error - the transport that delivers nothing, as Postfix's error(8) and
 * retry(8): its next hop is a status and words for the sender, "5.4.6 mail
 * forwarding loop for a@b.example". A status 4.y.z defers instead.
 */
#ifndef QMGR_ERROR_H
#define QMGR_ERROR_H

#include "qmgr/dest.h"

#define ERROR_TRANSPORT "error"

/* Fail all recipients of a job that was taken. Ends it. */
void error_finish(struct qmgr *q, struct job *job);

#endif
