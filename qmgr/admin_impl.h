/*
 * admin_impl - what the files of the operator's edge share: admin.c shows,
 * admin_act.c does.
 */
#ifndef QMGR_ADMIN_IMPL_H
#define QMGR_ADMIN_IMPL_H

#include "ipc/server.h"
#include "qmgr/qmgr.h"

/* By its short id. ERR_NOENT. */
int admin_find(struct qmgr *q, struct str text, struct message **message,
    struct err *err);
/*
 * The place in q->by_age behind which a page begins: the last message with an
 * id up to this one; the head for "".
 */
struct list *admin_place(struct qmgr *q, struct str after);

/* Answers queue_act. */
void admin_act(struct ipc_peer *peer, uint16_t tag, const void *in);

#endif
