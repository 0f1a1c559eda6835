/*
 * ldap_conn - a connection to the directory that waits for its answers: for
 * the operator's verbs and for tables looked up before a daemon serves.
 *
 * Who we are the directory learns from the kernel (SASL EXTERNAL over a UNIX
 * socket). Every call ends within the time limit; trouble with the directory
 * itself is ERR_TEMP, and the connection is then of no further use. A process
 * that keeps a connection ignores SIGPIPE, as our daemons do: libldap writes
 * to a server that hung up.
 */
#ifndef DICT_LDAP_CONN_H
#define DICT_LDAP_CONN_H

#include "base/arena.h"
#include "base/err.h"
#include "dict/ldap_entry.h"

enum ldap_scope { LDAP_CONN_BASE, LDAP_CONN_ONE, LDAP_CONN_SUB };
enum ldap_change_kind { LDAP_CHANGE_ADD, LDAP_CHANGE_DELETE, LDAP_CHANGE_SET };

/*
 * One attribute of a new entry, or one change of an existing one. DELETE
 * without values removes the attribute, SET without values too.
 */
struct ldap_change {
	enum ldap_change_kind kind; /* not looked at for a new entry */
	const char *attr;
	const struct str *values; /* borrowed */
	size_t count;
};

struct ldap_conn;

/* path: of the UNIX socket, at most 107 bytes. NULL with err set. */
struct ldap_conn *ldap_conn_open(const char *path, int timeout_ms,
    struct err *err);
/* Over a connected socket, which is taken over, whatever the result. */
struct ldap_conn *ldap_conn_open_fd(int fd, int timeout_ms, struct err *err);
void ldap_conn_close(struct ldap_conn *conn); /* NULL is fine */

/*
 * Entries under base that match filter, in arena; attrs (ends with NULL) says
 * which attributes, NULL means all. No base of that name gives no entries.
 */
int ldap_conn_search(struct ldap_conn *conn, const char *base,
    enum ldap_scope scope, const char *filter, const char *const *attrs,
    struct arena *arena, struct ldap_entry **entries, size_t *count,
    struct err *err);

/* ERR_EXISTS: dn, or an address in it, is there already. */
int ldap_conn_add(struct ldap_conn *conn, const char *dn,
    const struct ldap_change *attrs, size_t count, struct err *err);
int ldap_conn_modify(struct ldap_conn *conn, const char *dn,
    const struct ldap_change *changes, size_t count, struct err *err);
int ldap_conn_delete(struct ldap_conn *conn, const char *dn, struct err *err);

#endif
