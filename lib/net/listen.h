/*
 * listen - listening sockets. Close-on-exec is set; blocking mode.
 */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/err.h"

/*
 * A UNIX stream socket at path (at most 107 bytes, so use names relative to
 * the current folder), replacing a dead one of that name, with this mode.
 * Returns the descriptor, or -1.
 */
int listen_unix(const char *path, mode_t mode, struct err *err);

/*
 * A TCP socket with SO_REUSEADDR (IPV6_V6ONLY on IPv6). With reuseport
 * several can share the address; whoever wants to know whether another
 * program has the port binds one without it first (EADDRINUSE gives
 * ERR_EXISTS). Returns the descriptor, or -1.
 */
int listen_tcp(const struct sockaddr *addr, socklen_t len, bool reuseport,
    struct err *err);

/*
 * Did accept() fail for want of descriptors or memory? Then whoever waits goes
 * on waiting, and a loop that does not rest turns for nothing.
 */
bool listen_is_exhausted(int error);

#endif
