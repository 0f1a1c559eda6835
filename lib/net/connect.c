#include "net/connect.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int
connect_to(const char *path, int flags, struct err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(addr.sun_path))
		return err_set(err, ERR_LIMIT, "socket %s: name too long",
		    path);
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
	if (fd < 0)
		return err_sys(err, "socket");
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		err_sys(err, "connect %s", path);
		err->kind = errno == EAGAIN ? ERR_LIMIT : ERR_TEMP;
		(void)close(fd);
		return -1;
	}
	return fd;
}

int
connect_unix(const char *path, struct err *err)
{
	return connect_to(path, 0, err);
}

int
connect_unix_nonblock(const char *path, struct err *err)
{
	return connect_to(path, SOCK_NONBLOCK, err);
}
