/*
 * recorder - a preloaded library that writes down every change a program
 * makes to the files below one folder, with its syncs (t/crash/journal.h).
 *
 *	CRASH_JOURNAL	where to append records
 *	CRASH_ROOT	the folder; files on its device are followed by inode
 *	CRASH_MARKS	a file outside of it: what is written there is a
 *			promise made ("this message was acknowledged")
 *	CRASH_LOSE	"fdatasync", "fsync" or "dirsync": such calls are made
 *			but not recorded, as if the program had forgotten them.
 *			A check that does not fail then proves nothing.
 *
 * A record is appended after the call succeeded and before it returns, so
 * that the order in the journal respects what any caller can know. Writes
 * through memory maps are not seen.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "t/crash/journal.h"
#include "t/crash/preload.h"

enum { PIECES = 1022 }; /* IOV_MAX is 1024 */

/* A preloaded library has no other place for its state. */
static struct {
	int journal; /* -1: not recording */
	dev_t device;
	dev_t marks_device;
	uint64_t marks;
	const char *lose;
} rec = { .journal = -1 };

__attribute__((constructor)) static void
begin(void)
{
	const char *journal = getenv("CRASH_JOURNAL");
	const char *root = getenv("CRASH_ROOT");
	const char *marks = getenv("CRASH_MARKS");
	struct journal_file st;
	int fd;

	rec.lose = getenv("CRASH_LOSE");
	if (journal == NULL || root == NULL ||
	    !journal_look(AT_FDCWD, root, 0, &st))
		return;
	rec.device = st.device;
	if (marks != NULL && journal_look(AT_FDCWD, marks, 0, &st)) {
		rec.marks_device = st.device;
		rec.marks = st.id;
	}
	fd = REAL(open)(journal, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0)
		return;
	/* out of the way of programs that count their descriptors */
	rec.journal = fcntl(fd, F_DUPFD_CLOEXEC, 900);
	close(fd);
}

static void
put(struct journal_head *head, const char *name, const struct iovec *data,
    int count, size_t len)
{
	struct iovec iov[2 + PIECES];
	int saved = errno, n = 0;

	if (rec.journal < 0)
		return;
	if (count > PIECES)
		abort(); /* more than one record of the journal can hold */
	head->name_len = name == NULL ? 0 : (uint32_t)strlen(name);
	head->len = len;
	iov[n++] = (struct iovec){ head, sizeof(*head) };
	if (head->name_len > 0)
		iov[n++] =
		    (struct iovec){ (void *)(uintptr_t)name, head->name_len };
	for (int i = 0; i < count && len > 0; i++) {
		size_t part = data[i].iov_len < len ? data[i].iov_len : len;

		iov[n++] = (struct iovec){ data[i].iov_base, part };
		len -= part;
	}
	if (REAL(writev)(rec.journal, iov, n) < 0)
		abort(); /* a journal with a hole proves nothing */
	errno = saved;
}

/* Is fd a file or folder that is followed? */
static bool
is_followed(int fd, struct journal_file *st)
{
	return rec.journal >= 0 && journal_look(fd, "", AT_EMPTY_PATH, st) &&
	    (S_ISREG(st->mode) || S_ISDIR(st->mode)) &&
	    st->device == rec.device;
}

/* The folder in which path's last part is, and that part. */
static bool
parent_of(int dirfd, const char *path, uint64_t *parent, const char **name)
{
	const char *slash = strrchr(path, '/');
	char folder[4096] = ".";
	struct journal_file st;

	*name = slash == NULL ? path : slash + 1;
	if (slash != NULL && (size_t)(slash - path) < sizeof(folder)) {
		memcpy(folder, path, (size_t)(slash - path));
		folder[slash - path] = '\0';
		if (slash == path)
			strcpy(folder, "/");
	}
	if (rec.journal < 0 || !journal_look(dirfd, folder, 0, &st) ||
	    st.device != rec.device)
		return false;
	*parent = st.id;
	return true;
}

static void
put_write(int fd, const struct iovec *iov, int count, off_t at, ssize_t n)
{
	struct journal_head head = { .op = JOURNAL_WRITE };
	struct journal_file st;

	if (n <= 0 || rec.journal < 0 ||
	    !journal_look(fd, "", AT_EMPTY_PATH, &st) || !S_ISREG(st.mode))
		return;
	if (st.id == rec.marks && st.device == rec.marks_device) {
		head.op = JOURNAL_MARK;
		put(&head, NULL, iov, count, (size_t)n);
		return;
	}
	if (st.device != rec.device)
		return;
	head.ino = st.id;
	head.at = (uint64_t)(at < 0 ? lseek(fd, 0, SEEK_CUR) - n : at);
	put(&head, NULL, iov, count, (size_t)n);
	if (fcntl(fd, F_GETFL) & O_DSYNC) {
		head = (struct journal_head){ .op = JOURNAL_SYNC_BEGIN,
			.ino = st.id,
			.at = 1 };
		put(&head, NULL, NULL, 0, 0);
		head.op = JOURNAL_SYNC_END;
		put(&head, NULL, NULL, 0, 0);
	}
}

static void
put_truncate(int fd, off_t size)
{
	struct journal_head head = { .op = JOURNAL_TRUNCATE,
		.at = (uint64_t)size };
	struct journal_file st;

	if (!is_followed(fd, &st))
		return;
	head.ino = st.id;
	put(&head, NULL, NULL, 0, 0);
}

static void
put_opened(int fd, int dirfd, const char *path, int flags)
{
	struct journal_head head = { .op = JOURNAL_LINK };
	const char *name;
	struct journal_file st;

	if (fd < 0 || (flags & (O_CREAT | O_TRUNC)) == 0 ||
	    !is_followed(fd, &st) || !S_ISREG(st.mode))
		return;
	head.ino = st.id;
	if ((flags & O_CREAT) && parent_of(dirfd, path, &head.parent, &name))
		put(&head, name, NULL, 0, 0);
	if (flags & O_TRUNC)
		put_truncate(fd, 0);
}

static int
on_openat(const char *call, int dirfd, const char *path, int flags, mode_t mode)
{
	int fd = REAL(openat)(dirfd, path, flags, mode);

	(void)call;
	put_opened(fd, dirfd, path, flags);
	return fd;
}

static ssize_t
on_write(const char *call, int fd, const struct iovec *iov, int count, off_t at)
{
	ssize_t n = real_write(fd, iov, count, at);

	(void)call;
	put_write(fd, iov, count, at, n);
	return n;
}

static int
on_truncate(const char *call, int fd, off_t size)
{
	int ret = REAL(ftruncate)(fd, size);

	(void)call;
	if (ret == 0)
		put_truncate(fd, size);
	return ret;
}

/* Grow only; what a hole or an unwritten extent reads as is zeros. */
int
posix_fallocate(int fd, off_t at, off_t len)
{
	int ret = REAL(posix_fallocate)(fd, at, len);
	struct stat st;

	if (ret == 0 && fstat(fd, &st) == 0)
		put_truncate(fd, st.st_size);
	return ret;
}

static int
on_sync(int (*real)(int), const char *name, int fd)
{
	struct journal_head head = { .op = JOURNAL_SYNC_BEGIN };
	bool follow;
	struct journal_file st;
	int ret;

	follow = is_followed(fd, &st);
	if (follow && S_ISDIR(st.mode))
		name = "dirsync";
	if (rec.lose != NULL && strcmp(rec.lose, name) == 0)
		follow = false;
	head.ino = follow ? st.id : 0;
	head.at = strcmp(name, "fdatasync") == 0;
	if (follow)
		put(&head, NULL, NULL, 0, 0);
	ret = real(fd);
	head.op = JOURNAL_SYNC_END;
	if (ret == 0 && follow)
		put(&head, NULL, NULL, 0, 0);
	return ret;
}

int
mkdirat(int dirfd, const char *path, mode_t mode)
{
	struct journal_head head = { .op = JOURNAL_MKDIR };
	int ret = REAL(mkdirat)(dirfd, path, mode);
	const char *name;
	struct journal_file st;

	if (ret == 0 && parent_of(dirfd, path, &head.parent, &name) &&
	    journal_look(dirfd, path, 0, &st)) {
		head.ino = st.id;
		put(&head, name, NULL, 0, 0);
	}
	return ret;
}

int
mkdir(const char *path, mode_t mode)
{
	return mkdirat(AT_FDCWD, path, mode);
}

int
unlinkat(int dirfd, const char *path, int flags)
{
	struct journal_head head = { .op = JOURNAL_UNLINK };
	int ret = REAL(unlinkat)(dirfd, path, flags);
	const char *name;

	if (ret == 0 && parent_of(dirfd, path, &head.parent, &name))
		put(&head, name, NULL, 0, 0);
	return ret;
}

int
unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

int
rmdir(const char *path)
{
	return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int
linkat(int olddir, const char *old, int newdir, const char *new, int flags)
{
	struct journal_head head = { .op = JOURNAL_LINK };
	int ret = REAL(linkat)(olddir, old, newdir, new, flags);
	const char *name;
	struct journal_file st;

	if (ret == 0 && parent_of(newdir, new, &head.parent, &name) &&
	    journal_look(newdir, new, AT_SYMLINK_NOFOLLOW, &st)) {
		head.ino = st.id;
		put(&head, name, NULL, 0, 0);
	}
	return ret;
}

int
link(const char *old, const char *new)
{
	return linkat(AT_FDCWD, old, AT_FDCWD, new, 0);
}

int
renameat(int olddir, const char *old, int newdir, const char *new)
{
	struct journal_head head = { .op = JOURNAL_RENAME };
	const char *old_name = NULL, *name = NULL;
	bool follow = parent_of(olddir, old, &head.at, &old_name) &&
	    parent_of(newdir, new, &head.parent, &name);
	int ret = REAL(renameat)(olddir, old, newdir, new);
	struct iovec iov = { (void *)(uintptr_t)old_name, 0 };
	struct journal_file st;

	if (ret == 0 && follow &&
	    journal_look(newdir, new, AT_SYMLINK_NOFOLLOW, &st)) {
		head.ino = st.id;
		iov.iov_len = strlen(old_name);
		put(&head, name, &iov, 1, iov.iov_len);
	}
	return ret;
}

int
rename(const char *old, const char *new)
{
	return renameat(AT_FDCWD, old, AT_FDCWD, new);
}
