/*
 * recover - the queue as the logs have it, at each start.
 *
 * The spool is read first: what it knows of a message is younger than the
 * ring's copy, which is then only marked as moved. Changes are applied in
 * the order they were written.
 */
#ifndef QMGR_RECOVER_H
#define QMGR_RECOVER_H

#include "qmgr/qmgr.h"

/*
 * Identity and epoch (a new one, durable), both pools, all live messages.
 * ERR_SYNTAX: a format that we do not know; nothing was changed.
 */
int recover_queue(struct qmgr *q, struct err *err);

#endif
