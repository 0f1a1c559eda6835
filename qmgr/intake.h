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

/* ERR_LIMIT when the disk has less than queue_minfree left. */
int intake_check_room(struct qmgr *q, struct err *err);

/*
 * The name of a transport is the name of a socket in our folder: letters,
 * digits, "-" and "_", beginning with a letter.
 */
bool intake_is_transport(struct str name);

#endif
