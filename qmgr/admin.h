/*
 * admin - the operator's edge: see ipc/queue_admin_msg.h.
 */
#ifndef QMGR_ADMIN_H
#define QMGR_ADMIN_H

#include "qmgr/qmgr.h"

void admin_start(struct qmgr *q);

#endif
