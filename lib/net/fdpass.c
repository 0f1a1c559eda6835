#include "net/fdpass.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int) * FDPASS_MAX)];
};

ssize_t
fdpass_send(int sock, const void *bytes, size_t len, const int *fds, int count)
{
	struct iovec iov = { (void *)(uintptr_t)bytes, len };
	union control control = { 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (count < 0 || count > FDPASS_MAX) {
		errno = EINVAL;
		return -1;
	}
	if (count > 0) {
		struct cmsghdr *cmsg;

		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count);
		memcpy(CMSG_DATA(cmsg), fds, sizeof(int) * (size_t)count);
	}
	return sendmsg(sock, &msg, MSG_NOSIGNAL);
}

static int
take_fds(const struct cmsghdr *cmsg, int *fds, int count)
{
	size_t bytes = cmsg->cmsg_len - CMSG_LEN(0);

	if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
		return count;
	for (size_t i = 0; i < bytes / sizeof(int); i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int), sizeof(int));
		if (count < FDPASS_MAX)
			fds[count++] = fd;
		else
			(void)close(fd);
	}
	return count;
}

ssize_t
fdpass_recv(int sock, void *bytes, size_t len, int fds[FDPASS_MAX], int *count)
{
	struct iovec iov = { bytes, len };
	union control control;
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t n;

	*count = 0;
	n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	if (n < 0)
		return n;
	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg); cmsg != NULL;
	     cmsg = CMSG_NXTHDR(&msg, cmsg))
		*count = take_fds(cmsg, fds, *count);
	if (msg.msg_flags & MSG_CTRUNC) {
		while (*count > 0)
			(void)close(fds[--*count]);
		errno = EMSGSIZE;
		return -1;
	}
	return n;
}
