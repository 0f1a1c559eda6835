/*
 * report - what "status" is told: see verb/status.h for its lines.
 */
#ifndef MASTER_REPORT_H
#define MASTER_REPORT_H

#include "master/master.h"

struct evbuffer;

void report_status(struct master *m, struct evbuffer *out);

#endif
