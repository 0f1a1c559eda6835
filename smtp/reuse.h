/*
 * reuse - connections to other sites that wait for their next transaction.
 *
 * They are this process's alone: qmgr gives a job to the agent connection
 * that served the same next hop last, and so to the process that has it (see
 * doc/architecture.md). A connection is kept for smtp_connection_cache_time_
 * limit after its last use, as long as it is younger than smtp_connection_
 * reuse_time_limit and was used less than smtp_connection_reuse_count_limit
 * times.
 *
 * Bounds: REUSE_MAX connections; the one idle longest goes for a new one.
 */
#ifndef SMTP_REUSE_H
#define SMTP_REUSE_H

#include "smtp/site.h"

enum { REUSE_MAX = 4 };

/* Take one for this next hop out of the store; NULL: none. */
struct site *reuse_take(struct smtp *smtp, const struct nexthop *hop);
/* Keep it, or say goodbye to it. */
void reuse_keep(struct smtp *smtp, struct site *site);
/* Say goodbye to those whose time is over. Milliseconds until the next; -1. */
int reuse_expire(struct smtp *smtp);
void reuse_clear(struct smtp *smtp);

#endif
