/*
 * preload - what the preloaded libraries (recorder.c, fault.c) have in common:
 * the calls that change a file and have several names each, made one.
 *
 * Whoever includes it (once, it has the functions themselves) says what is
 * done at a call in on_openat and its kin below; `call` is the name it was
 * called by. REAL(name) is the C library's function of that name.
 */
#ifndef CRASH_PRELOAD_H
#define CRASH_PRELOAD_H

#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

static int on_openat(const char *call, int dirfd, const char *path, int flags,
    mode_t mode);
/* at is -1 where the file's own offset counts. */
static ssize_t on_write(const char *call, int fd, const struct iovec *iov,
    int count, off_t at);
static int on_truncate(const char *call, int fd, off_t size);
static int on_sync(int (*real)(int), const char *call, int fd);

/* The mode that is there only where a file may come into being. */
#define OPEN_MODE(flags, mode)                                                 \
	do {                                                                   \
		if ((flags) & (O_CREAT | O_TMPFILE)) {                         \
			va_list ap;                                            \
			va_start(ap, flags);                                   \
			(mode) = va_arg(ap, mode_t);                           \
			va_end(ap);                                            \
		}                                                              \
	} while (0)

/* The same call has two names with large files. */
#define OPEN(fn)                                                               \
	int fn(const char *path, int flags, ...)                               \
	{                                                                      \
		mode_t mode = 0;                                               \
                                                                               \
		OPEN_MODE(flags, mode);                                        \
		return on_openat(#fn, AT_FDCWD, path, flags, mode);            \
	}
#define OPENAT(fn)                                                             \
	int fn(int dirfd, const char *path, int flags, ...)                    \
	{                                                                      \
		mode_t mode = 0;                                               \
                                                                               \
		OPEN_MODE(flags, mode);                                        \
		return on_openat(#fn, dirfd, path, flags, mode);               \
	}
#define PWRITE(fn)                                                             \
	ssize_t fn(int fd, const void *bytes, size_t len, off_t at)            \
	{                                                                      \
		struct iovec iov = { (void *)(uintptr_t)bytes, len };          \
                                                                               \
		return on_write(#fn, fd, &iov, 1, at);                         \
	}
#define PWRITEV(fn)                                                            \
	ssize_t fn(int fd, const struct iovec *iov, int count, off_t at)       \
	{                                                                      \
		return on_write(#fn, fd, iov, count, at);                      \
	}
#define FTRUNCATE(fn)                                                          \
	int fn(int fd, off_t size)                                             \
	{                                                                      \
		return on_truncate(#fn, fd, size);                             \
	}

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
PWRITE(pwrite)
PWRITE(pwrite64)
PWRITEV(pwritev)
PWRITEV(pwritev64)
FTRUNCATE(ftruncate)
FTRUNCATE(ftruncate64)

ssize_t
write(int fd, const void *bytes, size_t len)
{
	struct iovec iov = { (void *)(uintptr_t)bytes, len };

	return on_write("write", fd, &iov, 1, -1);
}

ssize_t
writev(int fd, const struct iovec *iov, int count)
{
	return on_write("writev", fd, iov, count, -1);
}

int
fsync(int fd)
{
	return on_sync(REAL(fsync), "fsync", fd);
}

int
fdatasync(int fd)
{
	return on_sync(REAL(fdatasync), "fdatasync", fd);
}

/* The C library's call for what on_write was told. */
static inline ssize_t
real_write(int fd, const struct iovec *iov, int count, off_t at)
{
	if (at >= 0)
		return count == 1 ?
		    REAL(pwrite)(fd, iov->iov_base, iov->iov_len, at) :
		    REAL(pwritev)(fd, iov, count, at);
	return count == 1 ? REAL(write)(fd, iov->iov_base, iov->iov_len) :
			    REAL(writev)(fd, iov, count);
}

#endif
