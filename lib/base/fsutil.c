#include "base/fsutil.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/rand.h"

enum { TREE_DEPTH_MAX = 64, READ_CHUNK = 65536, LOCK_PAUSE = 20 /* ms */ };

int
fs_write_all(int fd, const void *bytes, size_t len, struct err *err)
{
	const char *p = bytes;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "write");
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int
fs_pwrite_all(int fd, const void *bytes, size_t len, off_t at, struct err *err)
{
	struct iovec iov = { (void *)(uintptr_t)bytes, len };

	return fs_pwritev_all(fd, &iov, 1, at, err);
}

int
fs_pwritev_all(int fd, struct iovec *iov, int count, off_t at, struct err *err)
{
	while (count > 0) {
		/* IOV_MAX is 1024 on Linux */
		ssize_t n = pwritev(fd, iov, count < 1024 ? count : 1024, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "write");
		at += n;
		while (count > 0 && (size_t)n >= iov->iov_len) {
			n -= (ssize_t)iov->iov_len;
			iov++;
			count--;
		}
		if (n > 0) {
			iov->iov_base = (char *)iov->iov_base + n;
			iov->iov_len -= (size_t)n;
		}
	}
	return 0;
}

int
fs_pread_all(int fd, void *bytes, size_t len, off_t at, struct err *err)
{
	char *p = bytes;

	while (len > 0) {
		ssize_t n = pread(fd, p, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "read");
		if (n == 0)
			return err_set(err, ERR_CORRUPT,
			    "read: file ends %zu bytes early", len);
		p += n;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int
fs_read_file(int dirfd, const char *path, struct buf *out, struct err *err)
{
	int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	int ret = -1;

	if (fd < 0)
		return err_sys(err, "open %s", path);
	for (;;) {
		char chunk[READ_CHUNK];
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err_sys(err, "read %s", path);
			goto out;
		}
		if (n == 0)
			break;
		if (buf_add(out, chunk, (size_t)n) < 0) {
			err_set(err, ERR_LIMIT, "%s: larger than %zu bytes",
			    path, out->max);
			goto out;
		}
	}
	ret = 0;
out:
	(void)close(fd);
	return ret;
}

int
fs_write_file(int dirfd, const char *path, struct str bytes, mode_t mode,
    struct err *err)
{
	char tmp[PATH_MAX];
	int fd, ret = -1;

	if (snprintf(tmp, sizeof(tmp), "%s.%016llx.tmp", path,
		(unsigned long long)rand_u64()) >= (int)sizeof(tmp))
		return err_set(err, ERR_LIMIT, "%s: name too long", path);
	fd = openat(dirfd, tmp, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, mode);
	if (fd < 0)
		return err_sys(err, "create %s", tmp);
	if (fchmod(fd, mode) < 0) {
		err_sys(err, "chmod %s", tmp);
		goto out;
	}
	if (fs_write_all(fd, bytes.p, bytes.len, err) < 0) {
		err_prefix(err, "%s", tmp);
		goto out;
	}
	if (fsync(fd) < 0) {
		err_sys(err, "fsync %s", tmp);
		goto out;
	}
	if (renameat(dirfd, tmp, dirfd, path) < 0) {
		err_sys(err, "rename %s", path);
		goto out;
	}
	ret = fs_sync_parent(dirfd, path, err);
out:
	if (ret < 0)
		(void)unlinkat(dirfd, tmp, 0);
	(void)close(fd);
	return ret;
}

int
fs_mkdir(int dirfd, const char *path, mode_t mode, struct err *err)
{
	if (mkdirat(dirfd, path, mode) < 0) {
		if (errno == EEXIST)
			return 0;
		return err_sys(err, "mkdir %s", path);
	}
	if (fchmodat(dirfd, path, mode, 0) < 0) /* whatever the umask */
		return err_sys(err, "chmod %s", path);
	return 0;
}

int
fs_sync_dir(int dirfd, const char *path, struct err *err)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return err_sys(err, "open %s", path);
	if (fsync(fd) < 0)
		ret = err_sys(err, "fsync %s", path);
	(void)close(fd);
	return ret;
}

int
fs_sync_parent(int dirfd, const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	size_t len;

	if (slash == NULL)
		return fs_sync_dir(dirfd, ".", err);
	len = slash == path ? 1 : (size_t)(slash - path);
	if (len >= sizeof(folder))
		return err_set(err, ERR_LIMIT, "%s: name too long", path);
	memcpy(folder, path, len);
	folder[len] = '\0';
	return fs_sync_dir(dirfd, folder, err);
}

static int
remove_tree(int dirfd, const char *name, int depth, struct err *err)
{
	struct dirent *entry;
	int fd, ret = 0;
	DIR *dir;

	if (depth > TREE_DEPTH_MAX)
		return err_set(err, ERR_LIMIT, "%s: nested too deep", name);
	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return err_sys(err, "unlink %s", name);
	fd = openat(dirfd, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || (dir = fdopendir(fd)) == NULL) {
		err_sys(err, "open %s", name);
		if (fd >= 0)
			(void)close(fd);
		return -1;
	}
	while (ret == 0 && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			ret = remove_tree(fd, entry->d_name, depth + 1, err);
	}
	(void)closedir(dir);
	if (ret == 0 && unlinkat(dirfd, name, AT_REMOVEDIR) < 0)
		ret = err_sys(err, "rmdir %s", name);
	return ret;
}

int
fs_remove_tree(int dirfd, const char *path, struct err *err)
{
	return remove_tree(dirfd, path, 0, err);
}

int
fs_lock(int fd, int patience_ms, struct err *err)
{
	static const struct timespec pause = { 0, LOCK_PAUSE * 1000000L };

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_sys(err, "lock");
		if (patience_ms <= 0)
			return err_set(err, ERR_EXISTS,
			    "another process has it");
		patience_ms -= LOCK_PAUSE;
		(void)nanosleep(&pause, NULL);
	}
	return 0;
}

int
fs_set_nonblock(int fd, bool on, struct err *err)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 ||
	    fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK) <
		0)
		return err_sys(err, "fcntl O_NONBLOCK");
	return 0;
}

int
fs_set_cloexec(int fd, bool on, struct err *err)
{
	if (fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0) < 0)
		return err_sys(err, "fcntl FD_CLOEXEC");
	return 0;
}
