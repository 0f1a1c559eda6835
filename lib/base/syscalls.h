/*
 * syscalls - the seccomp allow-list, built from promises (base/promises.h
 * has the calls of each word).
 *
 *	stdio	memory, time, and descriptors that are open already
 *	event	the loop of an event daemon
 *	fork	a session daemon: fork, wait, signals to children
 *	unix	socket(AF_UNIX) and connect
 *	inet	socket(AF_INET, AF_INET6), connect
 *	clients	front's: what came in by TCP, and socket pairs
 *	rpath	open for reading and look at what Landlock and chroot leave
 *	wpath	open for writing what exists, write in place, sync
 *	cpath	create, rename, unlink
 *	fattr	modes of files
 *	append	logd's: open for appending
 *	flock	file locks
 *	bodies	sync a file that another daemon opened
 *	memfd	pages shared with a reader
 *	pidfd	end a process that another socket's end belongs to
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
 * From now on only what promises allow, in this process and its children.
 * no_new_privs must be set. ERR_SYNTAX for a word that is none of the above.
 */
int syscalls_allow(const char *promises, struct err *err);

/* To standard output: word, call and reason (or nothing), tabs between. */
void syscalls_print(const char *promises);

/*
 * Take "fork" back, in a child that was forked to serve strangers: no
 * processes, no signals to its siblings. Cheap enough for every session.
 */
int syscalls_forbid_fork(struct err *err);

#endif
