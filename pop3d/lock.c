#include "pop3d/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>

#include "base/time.h"

enum { AGAIN_MS = 2 };

int
lock_open(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return err_sys(err, "open %s", path);
	return fd;
}

static struct flock
byte_at(off_t at, short type)
{
	return (struct flock){
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = at,
		.l_len = 1,
	};
}

static int
take(int fd, uint32_t user, struct err *err)
{
	struct flock lock = byte_at((off_t)user, F_WRLCK);

	if (fcntl(fd, F_SETLK, &lock) == 0)
		return 0;
	if (errno == EAGAIN || errno == EACCES)
		return err_set(err, ERR_EXISTS, "maildrop is locked");
	return err_sys(err, "lock a maildrop");
}

int
lock_take(int fd, uint32_t user, struct err *err)
{
	struct flock lock = byte_at(LOCK_PARKED + (off_t)user, F_WRLCK);

	if (take(fd, user, err) < 0)
		return -1;
	if (fcntl(fd, F_GETLK, &lock) < 0)
		return err_sys(err, "look for a maildrop's lock");
	if (lock.l_type == F_UNLCK)
		return 0;
	lock_give(fd, user);
	return err_set(err, ERR_EXISTS, "maildrop is locked");
}

int
lock_take_again(int fd, uint32_t user, int wait_ms, struct err *err)
{
	int64_t end = time_mono() + (int64_t)wait_ms * 1000;

	while (take(fd, user, err) < 0) {
		if (err->kind != ERR_EXISTS || time_mono() > end)
			return -1;
		(void)poll(NULL, 0, AGAIN_MS);
	}
	return 0;
}

void
lock_give(int fd, uint32_t user)
{
	struct flock lock = byte_at((off_t)user, F_UNLCK);

	(void)fcntl(fd, F_SETLK, &lock);
}
