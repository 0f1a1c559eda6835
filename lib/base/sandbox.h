/*
 * sandbox - the jail: what a daemon gives up before the first foreign byte.
 *
 * Promises are words in one string, in the manner of OpenBSD's pledge(2);
 * base/syscalls.h lists what each allows. The steps, in this order: no
 * directory descriptor may be open (one would lead out of a chroot); an empty
 * network namespace unless "inet" is promised; chroot; groups and user given
 * up, with proof that they do not come back; no_new_privs; no core dumps or
 * ptrace; Landlock; seccomp. As an ordinary user chroot and the network
 * namespace come by way of a user namespace where the system allows one.
 */
#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H

#include <sys/types.h>

#include "base/err.h"

enum sandbox_level {
	SANDBOX_REDUCED, /* the system did not allow every step */
	SANDBOX_FULL
};

struct sandbox {
	/*
	 * Becomes the root and the working directory. Where chroot is not
	 * possible, the working directory only, and Landlock's border.
	 */
	const char *folder;
	uid_t uid; /* become this user; only root can, and must */
	gid_t gid;
	const char *promises;
};

/*
 * Go in; there is no way back. *level says how far we got, and *missing (a
 * constant, "" if nothing) which step the system refused. -1 means that a
 * step which must not fail did: exit.
 */
int sandbox_enter(const struct sandbox *box, enum sandbox_level *level,
    const char **missing, struct err *err);

#endif
