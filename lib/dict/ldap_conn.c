#include "dict/ldap_conn.h"

#include <stdlib.h>
#include <sys/time.h>

#include "base/alloc.h"
#include "dict/ldap_internal.h"

enum { CHANGES_MAX = 32 };

struct ldap_conn {
	LDAP *ld;
	struct timeval timeout;
};

static int
fail(struct ldap_conn *conn, int code, const char *what, struct err *err)
{
	char *detail = NULL;

	(void)ldap_get_option(conn->ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &detail);
	(void)ldap_internal_error(code, what, detail, err);
	ldap_memfree(detail);
	return -1;
}

/* Who we are the kernel has told: RFC 4422 appendix A. */
static struct ldap_conn *
bind_external(LDAP *ld, int timeout_ms, struct err *err)
{
	struct ldap_conn *conn;
	char empty[] = "";
	struct berval none = { 0, empty }; /* present, but empty */
	int rc;

	if (ld == NULL)
		return NULL;
	conn = xcalloc(1, sizeof(*conn));
	conn->ld = ld;
	conn->timeout.tv_sec = timeout_ms / 1000;
	conn->timeout.tv_usec = timeout_ms % 1000 * 1000;
	rc = ldap_sasl_bind_s(ld, NULL, "EXTERNAL", &none, NULL, NULL, NULL);
	if (rc == LDAP_SUCCESS)
		return conn;
	(void)fail(conn, rc, "bind", err);
	ldap_conn_close(conn);
	return NULL;
}

struct ldap_conn *
ldap_conn_open(const char *path, int timeout_ms, struct err *err)
{
	return bind_external(ldap_internal_connect(path, true, timeout_ms, err),
	    timeout_ms, err);
}

struct ldap_conn *
ldap_conn_open_fd(int fd, int timeout_ms, struct err *err)
{
	return bind_external(ldap_internal_connect_fd(fd, timeout_ms, err),
	    timeout_ms, err);
}

void
ldap_conn_close(struct ldap_conn *conn)
{
	if (conn == NULL)
		return;
	(void)ldap_unbind_ext(conn->ld, NULL, NULL);
	free(conn);
}

int
ldap_conn_search(struct ldap_conn *conn, const char *base,
    enum ldap_scope scope, const char *filter, const char *const *attrs,
    struct arena *arena, struct ldap_entry **entries, size_t *count,
    struct err *err)
{
	static const int scopes[] = {
		[LDAP_CONN_BASE] = LDAP_SCOPE_BASE,
		[LDAP_CONN_ONE] = LDAP_SCOPE_ONELEVEL,
		[LDAP_CONN_SUB] = LDAP_SCOPE_SUBTREE,
	};
	LDAPMessage *chain = NULL;
	int rc, ret;

	*entries = NULL;
	*count = 0;
	/* libldap takes the names as char **, and only reads them. */
	rc = ldap_search_ext_s(conn->ld, base, scopes[scope], filter,
	    (char **)(uintptr_t)attrs, 0, NULL, NULL, &conn->timeout, 0,
	    &chain);
	if (rc == LDAP_NO_SUCH_OBJECT)
		ret = 0;
	else if (rc != LDAP_SUCCESS)
		ret = fail(conn, rc, "search", err);
	else
		ret = ldap_internal_entries(conn->ld, chain, arena, entries,
		    count, err);
	ldap_msgfree(chain);
	return ret;
}

/* The changes in libldap's shape; everything in arena. */
static LDAPMod **
make_mods(const struct ldap_change *changes, size_t count, struct arena *arena)
{
	static const int ops[] = {
		[LDAP_CHANGE_ADD] = LDAP_MOD_ADD,
		[LDAP_CHANGE_DELETE] = LDAP_MOD_DELETE,
		[LDAP_CHANGE_SET] = LDAP_MOD_REPLACE,
	};
	LDAPMod **mods = arena_calloc(arena, count + 1, sizeof(*mods));

	for (size_t i = 0; mods != NULL && i < count; i++) {
		const struct ldap_change *change = &changes[i];
		struct berval *value;

		mods[i] = arena_calloc(arena, 1, sizeof(LDAPMod));
		if (mods[i] == NULL)
			return NULL;
		mods[i]->mod_op = ops[change->kind] | LDAP_MOD_BVALUES;
		mods[i]->mod_type = arena_cstr(arena, str_of(change->attr));
		if (change->count == 0)
			continue;
		mods[i]->mod_bvalues = arena_calloc(arena, change->count + 1,
		    sizeof(struct berval *));
		value = arena_calloc(arena, change->count, sizeof(*value));
		if (mods[i]->mod_bvalues == NULL || value == NULL)
			return NULL;
		for (size_t j = 0; j < change->count; j++) {
			value[j].bv_len = change->values[j].len;
			value[j].bv_val = arena_cstr(arena, change->values[j]);
			mods[i]->mod_bvalues[j] = &value[j];
		}
	}
	return mods;
}

int
ldap_conn_add(struct ldap_conn *conn, const char *dn,
    const struct ldap_change *attrs, size_t count, struct err *err)
{
	struct ldap_change set[CHANGES_MAX];
	struct arena *arena;
	LDAPMod **mods;
	int rc;

	if (count > CHANGES_MAX)
		return err_set(err, ERR_LIMIT, "%zu attributes", count);
	for (size_t i = 0; i < count; i++) {
		set[i] = attrs[i];
		set[i].kind = LDAP_CHANGE_ADD;
	}
	arena = arena_new(0);
	mods = make_mods(set, count, arena);
	rc = ldap_add_ext_s(conn->ld, dn, mods, NULL, NULL);
	arena_free(arena);
	return rc == LDAP_SUCCESS ? 0 : fail(conn, rc, "add", err);
}

int
ldap_conn_modify(struct ldap_conn *conn, const char *dn,
    const struct ldap_change *changes, size_t count, struct err *err)
{
	struct arena *arena = arena_new(0);
	LDAPMod **mods = make_mods(changes, count, arena);
	int rc;

	rc = ldap_modify_ext_s(conn->ld, dn, mods, NULL, NULL);
	arena_free(arena);
	return rc == LDAP_SUCCESS ? 0 : fail(conn, rc, "modify", err);
}

int
ldap_conn_delete(struct ldap_conn *conn, const char *dn, struct err *err)
{
	int rc = ldap_delete_ext_s(conn->ld, dn, NULL, NULL);

	return rc == LDAP_SUCCESS ? 0 : fail(conn, rc, "delete", err);
}
