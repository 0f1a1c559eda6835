#include "net/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

int
listen_unix(const char *path, mode_t mode, struct err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	mode_t mask;
	int fd, ret;

	if (strlen(path) >= sizeof(addr.sun_path))
		return err_set(err, ERR_LIMIT, "socket %s: name too long",
		    path);
	strcpy(addr.sun_path, path);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_sys(err, "unlink %s", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(err, "socket");
	/*
	 * Not by chmod: in a folder that is another's the name may be a
	 * symbolic link by then. A socket is made with 0777 less the mask.
	 */
	mask = umask(~mode & 0777);
	ret = bind(fd, (struct sockaddr *)&addr, sizeof(addr));
	(void)umask(mask);
	if (ret < 0 || listen(fd, BACKLOG) < 0) {
		err_sys(err, "bind %s", path);
		(void)close(fd);
		return -1;
	}
	return fd;
}

static int
set_option(int fd, int level, int option, const char *name, struct err *err)
{
	int on = 1;

	if (setsockopt(fd, level, option, &on, sizeof(on)) < 0)
		return err_sys(err, "setsockopt %s", name);
	return 0;
}

int
listen_tcp(const struct sockaddr *addr, socklen_t len, bool reuseport,
    struct err *err)
{
	int fd = socket(addr->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(err, "socket");
	if (set_option(fd, SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR", err) < 0)
		goto fail;
	if (addr->sa_family == AF_INET6 &&
	    set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY", err) < 0)
		goto fail;
	if (reuseport &&
	    set_option(fd, SOL_SOCKET, SO_REUSEPORT, "SO_REUSEPORT", err) < 0)
		goto fail;
	if (bind(fd, addr, len) < 0) {
		err_sys(err, "bind");
		if (errno == EADDRINUSE)
			err->kind = ERR_EXISTS;
		goto fail;
	}
	if (listen(fd, BACKLOG) < 0) {
		err_sys(err, "listen");
		goto fail;
	}
	return fd;
fail:
	(void)close(fd);
	return -1;
}

bool
listen_is_exhausted(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS ||
	    error == ENOMEM;
}
