/*
 * scan - which segments a log's folder holds, before their batches are read.
 *
 * For lib/seglog only.
 */
#ifndef SEGLOG_SCAN_H
#define SEGLOG_SCAN_H

#include "base/err.h"
#include "seglog/segment.h"

/*
 * Fill log->live by generation, each with an open descriptor. A file whose
 * superblock is damaged is renamed to "*.bad", logged and added to *damaged;
 * what was being made when the power went is unlinked.
 */
int scan_segments(struct seglog *log, uint64_t *damaged, struct err *err);

/* A segment without batches: a spare for later, or out of the way. */
int scan_drop_empty(struct seglog *log, struct segment *segment,
    struct err *err);

#endif
