/*
 * directory - the private slapd(8) of an instance: a special child.
 *
 * It is no program of ours, so it cannot jail itself: before exec we change
 * to its user, set no_new_privs and lay Landlock over it. Its paths are
 * relative to DIR/directory; it listens at run/CLIENT/ldapi for each client
 * that speaks LDAP, and nowhere else.
 */
#ifndef MASTER_DIRECTORY_H
#define MASTER_DIRECTORY_H

#include "master/master.h"

/* Is one wanted? Not where ldap_uri names another, or none was set up. */
bool directory_is_wanted(const struct master *m);
/* In the child. Returns only if it could not be done. */
void directory_exec(struct master *m);
/* Does this process listen there, and not one of a master before us? */
bool directory_is_up(pid_t pid);

#endif
