/*
 * ldap_internal - what the LDAP files of this folder share. Nobody else
 * includes it.
 */
#ifndef DICT_LDAP_INTERNAL_H
#define DICT_LDAP_INTERNAL_H

#include <ldap.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "dict/ldap_entry.h"

/*
 * A handle over a new connection to the UNIX socket at path, LDAPv3, nothing
 * sent yet. Without blocking, a listener whose queue is full is ERR_TEMP.
 */
LDAP *ldap_internal_connect(const char *path, bool blocking, int timeout_ms,
    struct err *err);

/* The same over a connected socket; it is closed if that fails. */
LDAP *ldap_internal_connect_fd(int fd, int timeout_ms, struct err *err);

/*
 * All entries of a result chain into arena. ERR_LIMIT when they are more
 * than it may hold, ERR_TEMP when they do not decode.
 */
int ldap_internal_entries(LDAP *ld, LDAPMessage *chain, struct arena *arena,
    struct ldap_entry **entries, size_t *count, struct err *err);

/* Says what the LDAP result code means, by kind and text. Returns -1. */
int ldap_internal_error(int code, const char *what, const char *detail,
    struct err *err);

#endif
