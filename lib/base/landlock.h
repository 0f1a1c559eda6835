/*
 * landlock - rules on files, TCP and signals that a process lays on itself.
 *
 * We use what the running kernel has (ABI 1 to 7) and define what older
 * headers miss. Connecting to a UNIX socket by path is none of Landlock's
 * business: chroot bounds that.
 */
#ifndef BASE_LANDLOCK_H
#define BASE_LANDLOCK_H

#include <stddef.h>

#include "base/err.h"

/*
 * Below the working directory allow what the promises say (rpath, wpath,
 * cpath, see base/syscalls.h), nothing anywhere else. Without "inet" no TCP
 * bind or connect, in any case no signal and no abstract socket outwards.
 * no_new_privs must be set. ERR_NOENT: the kernel has no Landlock.
 */
int landlock_promise(const char *promises, struct err *err);

/*
 * Print what landlock_promise() leaves, for people: a line each "landlock",
 * what, and where, with tabs between them.
 */
void landlock_print(const char *promises);

struct landlock_path {
	const char *path;
	const char *rights; /* letters: r read, w write and create, x execute */
};

/*
 * For a program that is not ours and about to be exec'd: only these paths
 * (those that do not exist are left out), no other rule but the scopes.
 */
int landlock_paths(const struct landlock_path *paths, size_t count,
    struct err *err);

#endif
