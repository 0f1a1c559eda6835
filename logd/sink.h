/*
 * sink - where log lines end: a file, or the system's syslog.
 *
 * The file has Postfix's form, so that what reads Postfix's log reads ours:
 * "Nov 22 06:00:00 host chancery/smtpd[123]: warning: text". Times are local.
 */
#ifndef LOGD_SINK_H
#define LOGD_SINK_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct sink;

/* Lines go to this file in the current folder; it is created as needed. */
struct sink *sink_open_file(const char *name, const char *host,
    struct err *err);
/* Lines go to the socket path ("/dev/log"), as RFC 3164's mail facility. */
struct sink *sink_open_syslog(const char *path, struct err *err);
void sink_close(struct sink *sink);

/*
 * A datagram as base/log.h sends it, "<level> ident[pid]: text", received at
 * this time (seconds). -1: it could not be written.
 */
int sink_write(struct sink *sink, int64_t seconds, struct str datagram,
    struct err *err);
/* After a rotation: the file of that name, a new one if need be. */
int sink_reopen(struct sink *sink, struct err *err);

#endif
