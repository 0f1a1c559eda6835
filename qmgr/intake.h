/*
 * intake - smtpd's edge: ids, files for large bodies, messages.
 *
 * See ipc/queue_msg.h for the words. smtpd is not trusted: ids, lengths and
 * transports are checked, and a file is looked at before its message counts.
 */
#ifndef QMGR_INTAKE_H
#define QMGR_INTAKE_H

#include "qmgr/qmgr.h"

void intake_start(struct qmgr *q);

#endif
