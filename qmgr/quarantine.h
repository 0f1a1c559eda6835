/*
 * quarantine - messages that a content check has held (QUEUE_QUARANTINE in
 * ipc/queue_msg.h) do not stay for ever: quarantine_keep after their arrival
 * they are deleted, without a notice.
 */
#ifndef QMGR_QUARANTINE_H
#define QMGR_QUARANTINE_H

#include "qmgr/qmgr.h"

bool quarantine_has(const struct message *message);

/* Called each second; looks once a minute, or oftener where they stay less. */
void quarantine_step(struct qmgr *q);

#endif
