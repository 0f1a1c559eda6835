/*
 * connect - to a UNIX socket by a name relative to the current folder (after
 * the jail: the folder with our edges).
 */
#ifndef NET_CONNECT_H
#define NET_CONNECT_H

#include "base/err.h"

/*
 * Blocking descriptor, close-on-exec, or -1. The listening socket is master's
 * and outlives the daemon behind it, so this succeeds while that restarts;
 * waiting for an answer is what needs a bound. A name that is not there is
 * ERR_TEMP: master may be about to bind it.
 */
int connect_unix(const char *path, struct err *err);
/*
 * For event loops: a non-blocking descriptor. Where connect_unix() would wait
 * because the server's queue is full, ERR_LIMIT: try again soon.
 */
int connect_unix_nonblock(const char *path, struct err *err);

#endif
