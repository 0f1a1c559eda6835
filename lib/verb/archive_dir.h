/*
 * archive_dir - folders and files of an archive, which somebody else may have
 * made: nothing is followed that is a symbolic link, nothing is opened that
 * is no regular file, and no name has a slash.
 */
#ifndef VERB_ARCHIVE_DIR_H
#define VERB_ARCHIVE_DIR_H

#include "verb/archive.h"

enum { ARCHIVE_PATH = 512 };

/* The file beside the others that has the whole names of mailboxes. */
#define ARCHIVE_LIST "chancery-mailboxes"

/* A descriptor of the folder; the operator's own path may be a link. */
int archive_open_dir(int dirfd, const char *path, struct err *err);

/*
 * Call fn for each name in folder path of dirfd, sorted, without those that
 * begin with a dot unless dots. Its -1 ends it. A folder that is not there
 * has no names.
 */
typedef int archive_fn(int dirfd, const char *name, void *ctx, struct err *err);
int archive_each(int dirfd, const char *path, archive_fn *fn, void *ctx,
    struct err *err);
int archive_each_dot(int dirfd, const char *path, archive_fn *fn, void *ctx,
    struct err *err);

/*
 * Open a regular file for reading, and what is known of it. ERR_SYNTAX: it
 * is none, or a link.
 */
int archive_open_file(int dirfd, const char *name, int64_t *mtime,
    uint64_t *size, struct err *err);
/* All of it, at most max bytes, into out; and when it was last changed. */
int archive_read_file(int dirfd, const char *name, uint64_t max,
    struct buf *out, int64_t *mtime, struct err *err);

#endif
