#include "pop3d/lock.h"

#include <errno.h>
#include <fcntl.h>

int
lock_open(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return err_sys(err, "open %s", path);
	return fd;
}

int
lock_take(int fd, uint32_t user, struct err *err)
{
	struct flock lock = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = (off_t)user,
		.l_len = 1,
	};

	if (fcntl(fd, F_SETLK, &lock) == 0)
		return 0;
	if (errno == EAGAIN || errno == EACCES)
		return err_set(err, ERR_EXISTS, "maildrop is locked");
	return err_sys(err, "lock a maildrop");
}
