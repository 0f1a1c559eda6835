/*
 * pattern - which messages an operator means: struct queue_pattern of
 * ipc/queue_admin_msg.h.
 */
#ifndef QMGR_PATTERN_H
#define QMGR_PATTERN_H

#include "ipc/queue_admin_msg.h"
#include "qmgr/message.h"

/* An empty pattern matches every message. */
bool pattern_match(const struct queue_pattern *pattern,
    const struct message *message);

/* "*" is anything, "?" one byte, letters without case. Bounds: m times n. */
bool pattern_text_match(struct str pattern, struct str text);

#endif
