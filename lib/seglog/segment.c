#include "seglog/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fsutil.h"
#include "base/rand.h"

void
seglog_segment_name(char out[SEGLOG_NAME_SIZE], uint32_t number)
{
	(void)snprintf(out, SEGLOG_NAME_SIZE, "seg.%08x", number);
}

void
segment_path(const struct seglog *log, char out[SEGMENT_PATH_SIZE],
    const char *name)
{
	(void)snprintf(out, SEGMENT_PATH_SIZE, "%s/%s", log->path, name);
}

static void
number_path(const struct seglog *log, char out[SEGMENT_PATH_SIZE],
    const char *prefix, uint32_t number)
{
	(void)snprintf(out, SEGMENT_PATH_SIZE, "%s/%s.%08x", log->path, prefix,
	    number);
}

int
seglog_segment_open(const struct seglog *log, uint32_t number, struct err *err)
{
	char path[SEGMENT_PATH_SIZE];
	int fd;

	number_path(log, path, "seg", number);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_sys(err, "open segment %s", path);
	return fd;
}

void
segment_free(struct segment *segment)
{
	if (segment == NULL)
		return;
	if (segment->fd >= 0)
		(void)close(segment->fd);
	free(segment);
}

int
segment_unlink(const struct seglog *log, const struct segment *segment,
    struct err *err)
{
	char path[SEGMENT_PATH_SIZE];

	number_path(log, path, "seg", segment->super.number);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_sys(err, "unlink segment %s", path);
	return fs_sync_dir(AT_FDCWD, log->path, err);
}

/* A life that nobody had before. */
static struct superblock
new_life(struct seglog *log, uint32_t number, unsigned slot, uint64_t size)
{
	return (struct superblock){
		.number = number,
		.slot = slot,
		.generation = ++log->generation,
		.secret = rand_u64(),
		.size = size,
	};
}

/*
 * Give the oldest spare a new life. It is durable before log->next is set,
 * thus before the first byte of the old life can be overwritten.
 */
static int
recycle(struct seglog *log, struct err *err)
{
	struct segment *segment =
	    LIST_ITEM(log->spare.next, struct segment, link);
	const struct superblock *old = &segment->super;
	char path[SEGMENT_PATH_SIZE];
	struct superblock life;
	struct err ignored;

	list_remove(&segment->link);
	log->spares--;
	number_path(log, path, "seg", old->number);
	segment->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (segment->fd < 0) {
		err_sys(err, "open segment %s", path);
		goto fail;
	}
	life = new_life(log, old->number, !old->slot, old->size);
	if (superblock_write(&life, segment->fd, err) < 0)
		goto fail;
	if (fdatasync(segment->fd) < 0) {
		err_sys(err, "sync segment %s", path);
		goto fail;
	}
	segment->super = life;
	segment->first_lsn = segment->last_lsn = 0;
	segment->used = SUPERBLOCK_SIZE;
	log->next = segment;
	return 0;
fail:
	/*
	 * Its old life must not outlive those of younger spares, which hold
	 * what takes its records back: unlinked now, or first in line again.
	 */
	if (segment_unlink(log, segment, &ignored) == 0) {
		segment_free(segment);
		return -1;
	}
	if (segment->fd >= 0)
		(void)close(segment->fd);
	segment->fd = -1;
	list_push_front(&log->spare, &segment->link);
	log->spares++;
	return -1;
}

/* On btrfs, overwrite in place; elsewhere the flag does not exist. */
static void
set_nocow(int fd)
{
#ifdef FS_NOCOW_FL
	int flags = 0;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0) {
		flags |= FS_NOCOW_FL;
		(void)ioctl(fd, FS_IOC_SETFLAGS, &flags);
	}
#else
	(void)fd;
#endif
}

static int
make_begin(struct seglog *log, struct err *err)
{
	struct segment *segment = xcalloc(1, sizeof(*segment));
	char path[SEGMENT_PATH_SIZE];

	list_init(&segment->link);
	segment->super =
	    new_life(log, log->number + 1, 0, log->options.segment_size);
	segment->used = SUPERBLOCK_SIZE;
	number_path(log, path, "new", segment->super.number);
	(void)unlink(path); /* left by a failure of ours */
	segment->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (segment->fd < 0) {
		segment_free(segment);
		return err_sys(err, "create segment %s", path);
	}
	log->number++;
	if (!log->options.no_zero)
		set_nocow(segment->fd);
	log->making = segment;
	log->made = 0;
	return 0;
}

/* Up to budget more zeros; synced here so that no sync later is long. */
static int
make_slice(struct seglog *log, size_t budget, struct err *err)
{
	static const char zeros[65536];
	size_t end = log->options.segment_size;
	int fd = log->making->fd;

	if (end - log->made > budget)
		end = log->made + budget;
	while (log->made < end) {
		size_t len = end - log->made;

		if (len > sizeof(zeros))
			len = sizeof(zeros);
		if (fs_pwrite_all(fd, zeros, len, (off_t)log->made, err) < 0)
			return -1;
		log->made += len;
	}
	if (fdatasync(fd) < 0)
		return err_sys(err, "sync a new segment");
	return 0;
}

/*
 * The superblock, then the name. Once this returns 0 the segment survives a
 * power cut and may be overwritten in place with one fdatasync a batch. A
 * temporary name that a crash left behind is unlinked by recovery.
 */
static int
make_end(struct seglog *log, struct err *err)
{
	struct segment *segment = log->making;
	static const char zeros[SUPERBLOCK_SIZE];
	char old[SEGMENT_PATH_SIZE], name[SEGMENT_PATH_SIZE];

	number_path(log, old, "new", segment->super.number);
	number_path(log, name, "seg", segment->super.number);
	if (fs_pwrite_all(segment->fd, zeros, sizeof(zeros), 0, err) < 0 ||
	    superblock_write(&segment->super, segment->fd, err) < 0)
		return -1;
	if (fsync(segment->fd) < 0)
		return err_sys(err, "sync segment %s", old);
	if (rename(old, name) < 0)
		return err_sys(err, "name segment %s", name);
	if (fs_sync_dir(AT_FDCWD, log->path, err) < 0)
		return -1;
	log->next = segment;
	log->making = NULL;
	return 0;
}

/* Throw away what was begun. */
static void
make_abort(struct seglog *log)
{
	char path[SEGMENT_PATH_SIZE];

	if (log->making == NULL)
		return;
	number_path(log, path, "new", log->making->super.number);
	if (unlink(path) < 0 && errno == ENOENT)
		(void)segment_unlink(log, log->making, &(struct err){ 0 });
	segment_free(log->making);
	log->making = NULL;
}

int
segment_prepare(struct seglog *log, size_t budget, bool *more, struct err *err)
{
	bool filled;

	*more = true;
	if (!list_is_empty(&log->spare)) {
		if (recycle(log, err) < 0)
			return -1;
		*more = false;
		return 0;
	}
	if (log->making == NULL && make_begin(log, err) < 0)
		return -1;
	if (!log->options.no_zero && make_slice(log, budget, err) < 0) {
		make_abort(log);
		return -1;
	}
	filled = log->options.no_zero || log->made == log->options.segment_size;
	if (filled && make_end(log, err) < 0) {
		make_abort(log);
		return -1;
	}
	*more = !filled;
	return 0;
}
