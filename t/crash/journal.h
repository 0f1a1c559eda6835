/*
 * journal - what the recorder writes and the power-cut model reads: one
 * program's (or several programs') changes to files, in order.
 *
 * Files and directories are named by inode number and time of birth (numbers
 * are used again), so that a program in a chroot, or one that was handed a
 * descriptor, is followed just as well. A
 * record is a struct journal_head, then name_len bytes of name, then len
 * bytes of data (WRITE, MARK). Native byte order: it never leaves the machine.
 */
#ifndef CRASH_JOURNAL_H
#define CRASH_JOURNAL_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum journal_op {
	JOURNAL_ROOT = 1,   /* ino is the folder that is watched */
	JOURNAL_MKDIR,      /* name in parent is the new folder ino */
	JOURNAL_LINK,       /* name in parent is ino from now on */
	JOURNAL_UNLINK,     /* name in parent is gone */
	JOURNAL_RENAME,     /* ino: from old parent (at) to name in parent; the
			       old name is the data */
	JOURNAL_WRITE,      /* data at offset at */
	JOURNAL_TRUNCATE,   /* to at bytes, up or down */
	JOURNAL_SYNC_BEGIN, /* fsync or fdatasync (at: 1) of ino was called */
	JOURNAL_SYNC_END,   /* and has returned 0 */
	JOURNAL_MARK,       /* data: a promise was made */
	JOURNAL_DURABLE,    /* all before this is on disk (the beginning) */
};

struct journal_head {
	uint32_t op;
	uint32_t name_len;
	uint64_t ino, parent, at, len;
};

/* What a file or folder is known by, and the rest that is asked of it. */
struct journal_file {
	uint64_t id;
	dev_t device;
	mode_t mode;
};

/* path "" with AT_EMPTY_PATH is dirfd itself. */
static inline bool
journal_look(int dirfd, const char *path, int flags, struct journal_file *file)
{
	struct statx st;

	if (statx(dirfd, path, flags, STATX_BASIC_STATS | STATX_BTIME, &st) < 0)
		return false;
	file->device = makedev(st.stx_dev_major, st.stx_dev_minor);
	file->mode = st.stx_mode;
	file->id = st.stx_ino;
	if (st.stx_mask & STATX_BTIME)
		file->id = file->id * 0x9e3779b97f4a7c15 +
		    (uint64_t)st.stx_btime.tv_sec * 1000000000 +
		    st.stx_btime.tv_nsec;
	return true;
}

#endif
