/*
 * recover - what a log's folder says after a crash, a power cut or a stop.
 *
 * For lib/seglog only. Lives are taken by generation; in each, batch follows
 * batch by its header's length, each repeating the checksum of the one
 * before. A batch that does not check is judged by what came later: if a
 * header sealed with the secret of its life, or the first LSN of a younger
 * segment, says that it was durable, it is damage; else it is a torn tail,
 * which nobody was told about. Batches of an abandoned segment are passed
 * over from the LSN on with which the next segment begins.
 *
 * The magic of a header is never evidence: where the chain is cut by damage,
 * the next 4 KiB boundaries are asked for a header whose keyed checksum is
 * right for exactly that place, which no bytes of a mail can be.
 */
#ifndef SEGLOG_RECOVER_H
#define SEGLOG_RECOVER_H

#include "base/err.h"
#include "seglog/segment.h"

/* Fill a new struct seglog from its folder. See seglog_open. */
int recover_log(struct seglog *log, struct seglog_recovery *recovery,
    struct err *err);

#endif
