#include "seglog/scan.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fsutil.h"
#include "base/log.h"

/* Read a segment's superblock and put it among the others by generation. */
static int
add_segment(struct seglog *log, const char *name, uint32_t number,
    struct err *err)
{
	struct segment *segment = xcalloc(1, sizeof(*segment));
	char path[SEGMENT_PATH_SIZE], bad[SEGMENT_PATH_SIZE + 8];
	struct list *at = log->live.prev;

	list_init(&segment->link);
	segment->used = SUPERBLOCK_SIZE;
	segment->fd = seglog_segment_open(log, number, err);
	if (segment->fd < 0)
		goto fail;
	if (number > log->number)
		log->number = number;
	if (superblock_read(&segment->super, segment->fd, err) == 0 &&
	    segment->super.number != number)
		err_set(err, ERR_CORRUPT, "superblock is of segment %08x",
		    segment->super.number);
	else if (segment->super.generation != 0)
		err->kind = ERR_NONE;
	if (err->kind == ERR_CORRUPT) {
		segment_path(log, path, name);
		(void)snprintf(bad, sizeof(bad), "%s.bad", path);
		log_error("%s: damaged: %s; kept as %s", path, err->text, bad);
		segment_free(segment);
		return rename(path, bad) < 0 ? err_sys(err, "rename %s", path) :
					       1;
	}
	if (err->kind != ERR_NONE) {
		err_prefix(err, "%s/%s", log->path, name);
		goto fail;
	}
	if (segment->super.generation > log->generation)
		log->generation = segment->super.generation;
	while (at != &log->live &&
	    LIST_ITEM(at, struct segment, link)->super.generation >
		segment->super.generation)
		at = at->prev;
	list_insert_after(at, &segment->link);
	return 0;
fail:
	segment_free(segment);
	return -1;
}

/* "seg.0000002a" to 42; 0 if the name is of another kind. */
static uint32_t
segment_number(const char *name)
{
	char again[SEGLOG_NAME_SIZE];
	unsigned long number;

	if (strncmp(name, "seg.", 4) != 0)
		return 0;
	number = strtoul(name + 4, NULL, 16);
	if (number == 0 || number > UINT32_MAX)
		return 0;
	seglog_segment_name(again, (uint32_t)number);
	return strcmp(name, again) == 0 ? (uint32_t)number : 0;
}

/* Before anything is changed: is there a version that we do not know? */
static int
check_versions(const struct seglog *log, DIR *dir, struct err *err)
{
	struct superblock super;
	struct dirent *entry;

	while ((entry = readdir(dir)) != NULL) {
		uint32_t number = segment_number(entry->d_name);
		int fd;

		if (number == 0)
			continue;
		fd = seglog_segment_open(log, number, err);
		if (fd < 0)
			return -1;
		if (superblock_read(&super, fd, err) < 0 &&
		    err->kind == ERR_SYNTAX) {
			(void)close(fd);
			return err_prefix(err, "%s/%s", log->path,
			    entry->d_name);
		}
		(void)close(fd);
	}
	rewinddir(dir);
	return 0;
}

int
scan_segments(struct seglog *log, uint64_t *damaged, struct err *err)
{
	struct dirent *entry;
	DIR *dir = opendir(log->path);
	int ret;

	if (dir == NULL)
		return err_sys(err, "open folder %s", log->path);
	ret = check_versions(log, dir, err);
	while (ret >= 0 && (entry = readdir(dir)) != NULL) {
		uint32_t number = segment_number(entry->d_name);
		char path[SEGMENT_PATH_SIZE];

		if (number != 0) {
			ret = add_segment(log, entry->d_name, number, err);
			if (ret == 1)
				(*damaged)++;
		} else if (strncmp(entry->d_name, "new.", 4) == 0) {
			segment_path(log, path, entry->d_name);
			(void)unlink(path); /* made, and never named */
		}
	}
	(void)closedir(dir);
	return ret < 0 ? -1 : 0;
}

int
scan_drop_empty(struct seglog *log, struct segment *segment, struct err *err)
{
	int ret = 0;

	list_remove(&segment->link);
	(void)close(segment->fd);
	segment->fd = -1;
	if (log->options.recycle &&
	    segment->super.size == log->options.segment_size) {
		list_push_front(&log->spare, &segment->link);
		log->spares++;
		return 0;
	}
	ret = segment_unlink(log, segment, err);
	segment_free(segment);
	return ret;
}
