#include "verb/archive_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fsutil.h"

int
archive_open_dir(int dirfd, const char *path, struct err *err)
{
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	int fd;

	if (dirfd != AT_FDCWD)
		flags |= O_NOFOLLOW;
	fd = openat(dirfd, path, flags);
	return fd < 0 ? err_sys(err, "open %s", path) : fd;
}

struct names {
	char **name; /* owned */
	size_t count, cap;
};

static void
add(struct names *names, const char *name)
{
	if (names->count == names->cap) {
		names->cap = names->cap * 2 + 64;
		names->name = xreallocarray(names->name, names->cap,
		    sizeof(*names->name));
	}
	names->name[names->count++] = xstrdup(name);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
each(int dirfd, const char *path, bool dots, archive_fn *fn, void *ctx,
    struct err *err)
{
	struct names names = { 0 };
	struct dirent *entry;
	int fd = archive_open_dir(dirfd, path, err), ret = 0;
	DIR *dir;

	if (fd < 0)
		return err->kind == ERR_NOENT ? 0 : -1;
	if ((dir = fdopendir(fd)) == NULL) {
		(void)close(fd);
		return err_sys(err, "read %s", path);
	}
	while ((entry = readdir(dir)) != NULL)
		if ((entry->d_name[0] == '.') == dots &&
		    strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			add(&names, entry->d_name);
	if (names.count > 0)
		qsort(names.name, names.count, sizeof(*names.name), compare);
	for (size_t i = 0; i < names.count; i++) {
		if (ret == 0)
			ret = fn(fd, names.name[i], ctx, err);
		free(names.name[i]);
	}
	free(names.name);
	(void)closedir(dir);
	return ret;
}

int
archive_each(int dirfd, const char *path, archive_fn *fn, void *ctx,
    struct err *err)
{
	return each(dirfd, path, false, fn, ctx, err);
}

int
archive_each_dot(int dirfd, const char *path, archive_fn *fn, void *ctx,
    struct err *err)
{
	return each(dirfd, path, true, fn, ctx, err);
}

int
archive_open_file(int dirfd, const char *name, int64_t *mtime, uint64_t *size,
    struct err *err)
{
	/* Not blocking: a FIFO in the place of a message waits for ever. */
	int fd =
	    openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ELOOP)
		return err_set(err, ERR_SYNTAX, "%s is a symbolic link", name);
	if (fd < 0)
		return err_sys(err, "open %s", name);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		*mtime = (int64_t)st.st_mtime;
		*size = (uint64_t)st.st_size;
		return fd;
	}
	(void)close(fd);
	return err_set(err, ERR_SYNTAX, "%s is no regular file", name);
}

int
archive_read_file(int dirfd, const char *name, uint64_t max, struct buf *out,
    int64_t *mtime, struct err *err)
{
	uint64_t size;
	int fd = archive_open_file(dirfd, name, mtime, &size, err);
	int ret = 0;

	if (fd < 0)
		return -1;
	buf_reset(out);
	if (size > max)
		ret = err_set(err, ERR_LIMIT, "%s has %llu bytes", name,
		    (unsigned long long)size);
	else if (size > 0 &&
	    (ret = fs_pread_all(fd, buf_reserve(out, size), size, 0, err)) == 0)
		out->len = size;
	(void)close(fd);
	return ret;
}
