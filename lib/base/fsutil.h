/*
 * fsutil - files whole: written to the last byte, synced, named at once.
 *
 * dirfd arguments may be AT_FDCWD. Errors name the path.
 */
#ifndef BASE_FSUTIL_H
#define BASE_FSUTIL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/buf.h"
#include "base/err.h"

/* All of it or -1; EINTR and short writes are handled. */
int fs_write_all(int fd, const void *bytes, size_t len, struct err *err);
int fs_pwrite_all(int fd, const void *bytes, size_t len, off_t at,
    struct err *err);
/* Changes iov[] as it goes. */
int fs_pwritev_all(int fd, struct iovec *iov, int count, off_t at,
    struct err *err);
/* Exactly len bytes, ERR_CORRUPT where the file ends before. */
int fs_pread_all(int fd, void *bytes, size_t len, off_t at, struct err *err);

/* The whole file into out; ERR_LIMIT if larger than out may be. */
int fs_read_file(int dirfd, const char *path, struct buf *out, struct err *err);
/*
 * Replace path by these bytes so that a crash leaves the old or the new file:
 * temporary name, fsync, rename, fsync of the directory.
 */
int fs_write_file(int dirfd, const char *path, struct str bytes, mode_t mode,
    struct err *err);

/* One directory; that it exists already is fine, its mode then stays. */
int fs_mkdir(int dirfd, const char *path, mode_t mode, struct err *err);
int fs_sync_dir(int dirfd, const char *path, struct err *err);
/* The directory that path's last name is in: after a rename to path. */
int fs_sync_parent(int dirfd, const char *path, struct err *err);
/* Unlink a tree. Symbolic links are unlinked, never followed. Depth <= 64. */
int fs_remove_tree(int dirfd, const char *path, struct err *err);

/*
 * The file is ours alone (flock) until fd is closed here and wherever it was
 * handed down. Who has it gets so many ms to end; ERR_EXISTS: it did not.
 */
int fs_lock(int fd, int patience_ms, struct err *err);

int fs_set_nonblock(int fd, bool on, struct err *err);
int fs_set_cloexec(int fd, bool on, struct err *err);

#endif
