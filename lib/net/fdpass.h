/*
 * fdpass - bytes with descriptors over a UNIX socket (SCM_RIGHTS, unix(7)).
 */
#ifndef NET_FDPASS_H
#define NET_FDPASS_H

#include <stddef.h>
#include <sys/types.h>

enum { FDPASS_MAX = 8 }; /* descriptors in one sendmsg */

/*
 * One sendmsg; the descriptors (count 0 to FDPASS_MAX, still the caller's)
 * travel with the first byte. The result and errno of sendmsg.
 */
ssize_t fdpass_send(int sock, const void *bytes, size_t len, const int *fds,
    int count);

/*
 * One recvmsg. Descriptors that came (at most FDPASS_MAX, close-on-exec set)
 * are the caller's, *count says how many; more than fit are closed and the
 * result is -1 with EMSGSIZE. Else the result and errno of recvmsg.
 */
ssize_t fdpass_recv(int sock, void *bytes, size_t len, int fds[FDPASS_MAX],
    int *count);

#endif
