/*
 * fault - a preloaded library in which writes and syncs fail when a test says
 * so, for t/crash/faults.
 *
 *	FAULT_CONTROL	a file with a struct control, shared with the test
 *
 * What changes files is counted: write, pwrite, pwritev, writev, ftruncate,
 * posix_fallocate, fsync, fdatasync, open with O_CREAT, mkdir, rename, link,
 * unlink. Call number `at`, or (for_good) all from there on, fail with `err`.
 * A write that fails with EIO has half of its bytes on disk all the same. A
 * sync that fails with EIO takes back what was written since the last good
 * one: whoever asks again for that sync and believes the answer has lost it.
 *
 * No system call is made here that the daemons' lists do not have.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "t/crash/preload.h"

/* faults reads and writes it as "=IIIiII104s". */
struct control {
	uint32_t is_armed;
	uint32_t at;       /* from 1; 0: none fails, they are only counted */
	uint32_t for_good; /* and all behind it */
	int32_t err;
	uint32_t count, failed;
	char what[104]; /* the first that failed */
};

/* What a file had before a write that is not on disk yet. */
struct before {
	struct before *next;
	dev_t device;
	ino_t file;
	off_t at;
	size_t len;
	char bytes[];
};

/* A preloaded library has no other place for its state. */
static struct control *control;
static struct before *befores; /* newest first */

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("FAULT_CONTROL");
	int fd = path == NULL ? -1 : REAL(open)(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	control = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	if (control == MAP_FAILED)
		abort();
	close(fd);
}

/* Is this call to fail? errno is set. */
static bool
fails(const char *call, const char *name)
{
	uint32_t count;

	if (control == NULL || !control->is_armed)
		return false;
	count = __atomic_add_fetch(&control->count, 1, __ATOMIC_SEQ_CST);
	if (control->at == 0 || count < control->at ||
	    (count > control->at && !control->for_good))
		return false;
	if (__atomic_add_fetch(&control->failed, 1, __ATOMIC_SEQ_CST) == 1)
		(void)snprintf(control->what, sizeof(control->what), "%s %s",
		    call, name);
	errno = control->err;
	return true;
}

static bool
is_file(int fd, struct stat *st)
{
	return control != NULL && control->is_armed && fstat(fd, st) == 0 &&
	    (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode));
}

/* A sync has put it on disk. */
static void
forget(const struct stat *st)
{
	struct before **link = &befores, *one;

	while ((one = *link) != NULL) {
		if (one->file != st->st_ino || one->device != st->st_dev) {
			link = &one->next;
			continue;
		}
		*link = one->next;
		free(one);
	}
}

/* A sync has failed: what was to be written is lost. */
static void
take_back(int fd, const struct stat *st)
{
	for (struct before *one = befores; one != NULL; one = one->next)
		if (one->file == st->st_ino && one->device == st->st_dev &&
		    REAL(pwrite)(fd, one->bytes, one->len, one->at) < 0)
			abort();
	forget(st);
}

static void
remember(int fd, const struct stat *st, off_t at, size_t len)
{
	struct before *one;

	if (at < 0 || len == 0 || fcntl(fd, F_GETFL) & O_DSYNC)
		return;
	one = calloc(1, sizeof(*one) + len);
	if (one == NULL)
		abort();
	*one = (struct before){ befores, st->st_dev, st->st_ino, at, len };
	/* Where only writing is allowed, or behind the end: zeros. */
	(void)pread(fd, one->bytes, len, at);
	befores = one;
}

/* Half of it is on disk where it fails with EIO. */
static ssize_t
on_write(const char *call, int fd, const struct iovec *iov, int count, off_t at)
{
	struct stat st;
	size_t len = 0;

	if (!is_file(fd, &st))
		return real_write(fd, iov, count, at);
	for (int i = 0; i < count; i++)
		len += iov[i].iov_len;
	if (control->err == EIO)
		remember(fd, &st, at, len);
	if (!fails(call, ""))
		return real_write(fd, iov, count, at);
	if (control->err == EIO && at >= 0 && count > 0)
		(void)REAL(pwrite)(fd, iov[0].iov_base, iov[0].iov_len / 2, at);
	errno = control->err;
	return -1;
}

static int
on_sync(int (*real)(int), const char *call, int fd)
{
	struct stat st;
	int ret;

	if (!is_file(fd, &st))
		return real(fd);
	if (fails(call, S_ISDIR(st.st_mode) ? "folder" : "file")) {
		if (control->err == EIO && S_ISREG(st.st_mode))
			take_back(fd, &st);
		errno = control->err;
		return -1;
	}
	ret = real(fd);
	if (ret == 0)
		forget(&st);
	return ret;
}

static int
on_openat(const char *call, int dirfd, const char *path, int flags, mode_t mode)
{
	if (flags & O_CREAT && fails(call, path))
		return -1;
	return REAL(openat)(dirfd, path, flags, mode);
}

static int
on_truncate(const char *call, int fd, off_t size)
{
	struct stat st;

	if (is_file(fd, &st) && fails(call, ""))
		return -1;
	return REAL(ftruncate)(fd, size);
}

int
posix_fallocate(int fd, off_t at, off_t len)
{
	struct stat st;

	if (is_file(fd, &st) && fails("posix_fallocate", ""))
		return control->err;
	return REAL(posix_fallocate)(fd, at, len);
}

int
mkdirat(int dirfd, const char *path, mode_t mode)
{
	return fails("mkdirat", path) ? -1 : REAL(mkdirat)(dirfd, path, mode);
}

int
mkdir(const char *path, mode_t mode)
{
	return fails("mkdir", path) ? -1 : REAL(mkdir)(path, mode);
}

int
unlinkat(int dirfd, const char *path, int flags)
{
	return fails("unlinkat", path) ? -1 :
					 REAL(unlinkat)(dirfd, path, flags);
}

int
unlink(const char *path)
{
	return fails("unlink", path) ? -1 : REAL(unlink)(path);
}

int
linkat(int olddir, const char *old, int newdir, const char *new, int flags)
{
	return fails("linkat", new) ?
	    -1 :
	    REAL(linkat)(olddir, old, newdir, new, flags);
}

int
link(const char *old, const char *new)
{
	return fails("link", new) ? -1 : REAL(link)(old, new);
}

int
renameat(int olddir, const char *old, int newdir, const char *new)
{
	return fails("renameat", new) ?
	    -1 :
	    REAL(renameat)(olddir, old, newdir, new);
}

int
rename(const char *old, const char *new)
{
	return fails("rename", new) ? -1 : REAL(rename)(old, new);
}
