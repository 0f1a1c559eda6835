/*
 * syscalls - the seccomp allow-list, built from promises.
 *
 *	stdio	memory, time, signals to itself, waiting, and everything on
 *		descriptors that are open already, accepting included
 *	rpath	open for reading and look at what Landlock and chroot leave
 *	wpath	open for writing what exists
 *	cpath	create, rename, unlink
 *	fattr	modes, owners and times of files
 *	flock	file locks
 *	unix	socket(AF_UNIX) and connect
 *	inet	socket(AF_INET, AF_INET6), bind, listen, connect
 *	fork	fork, wait, signals to children
 *	thread	threads
 *
 * What is not allowed ends the process with SIGSYS, but for a few calls that
 * libraries make in good faith (opening a file, a socket, prctl, ioctl):
 * those fail. Memory is never writable code: mmap and mprotect refuse
 * PROT_EXEC.
 */
#ifndef BASE_SYSCALLS_H
#define BASE_SYSCALLS_H

#include <stdbool.h>

#include "base/err.h"

/* Is word one of the words of promises? */
bool syscalls_promised(const char *promises, const char *word);

/*
 * From now on only what promises and more (numbers, -1 at the end; NULL:
 * none) allow, in this process and its children. no_new_privs must be set.
 * ERR_SYNTAX for a word that is none of the above.
 */
int syscalls_allow(const char *promises, const int *more, struct err *err);

/*
 * Take "fork" back, in a child that was forked to serve strangers: no
 * processes, no signals to its siblings. Cheap enough for every session.
 */
int syscalls_forbid_fork(struct err *err);

#endif
