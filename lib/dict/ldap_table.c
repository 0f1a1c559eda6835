/*
 * ldap_table - ldap:PATH, a table in a directory. The file at PATH is in
 * main.cf's form and has Postfix's names, as far as they are needed here:
 *
 *	server_socket		path of the UNIX socket
 *	search_base		the DN to search under
 *	query_filter		with %s the key, %u its local part, %d its
 *domain result_attribute	whose values, joined by commas, are the value
 *	timeout			10s
 */
#include <fcntl.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "conf/conf.h"
#include "dict/dict_internal.h"
#include "dict/escape.h"
#include "dict/ldap_conn.h"

enum { FILTER_MAX = 8192, ANSWER_MAX = 1 << 20 };

struct ldap_table {
	const char *socket, *base, *filter, *attribute;
	int timeout;
	struct main_cf *cf;     /* owns the strings */
	struct ldap_conn *conn; /* NULL: not connected */
};

static const struct conf_param params[] = {
	CONF(STR, ldap_table, socket, "server_socket", "", 1, 107),
	CONF(STR, ldap_table, base, "search_base", "", 0, 1000),
	CONF(STR, ldap_table, filter, "query_filter", "(mail=%s)", 3, 1000),
	CONF(STR, ldap_table, attribute, "result_attribute",
	    "mailForwardingAddress", 1, 100),
	CONF(TIME, ldap_table, timeout, "timeout", "10s", 1, 600),
	{ 0 },
};

static void
ldap_close(void *arg)
{
	struct ldap_table *table = arg;

	ldap_conn_close(table->conn);
	main_cf_free(table->cf);
	free(table);
}

static void *
ldap_open(const char *name, struct err *err)
{
	struct ldap_table *table = xcalloc(1, sizeof(*table));
	struct problems problems = { 0 };
	int ret;

	table->cf = main_cf_new();
	ret = main_cf_read(table->cf, AT_FDCWD, name, &problems, err);
	if (ret == 0) {
		ret = conf_fill(table->cf, params, table, &problems);
		if (problems.errors > 0)
			ret = err_set(err, ERR_SYNTAX, "%s",
			    problems.list[0].text);
	}
	problems_clear(&problems);
	if (ret == 0)
		return table;
	ldap_close(table);
	return NULL;
}

/* query_filter with the key in its places, escaped. */
static int
make_filter(struct buf *out, const char *pattern, struct str key)
{
	ptrdiff_t at = str_rchr(key, '@');
	struct str user = at < 0 ? key : str_sub(key, 0, (size_t)at);
	struct str domain =
	    at < 0 ? STR("") : str_sub(key, (size_t)at + 1, key.len);

	for (const char *p = pattern; *p != '\0'; p++) {
		if (*p != '%' || p[1] == '\0') {
			(void)buf_addc(out, *p);
			continue;
		}
		p++;
		if (*p == 's')
			(void)escape_filter(out, key);
		else if (*p == 'u')
			(void)escape_filter(out, user);
		else if (*p == 'd')
			(void)escape_filter(out, domain);
		else
			(void)buf_addc(out, *p);
	}
	return out->full ? -1 : 0;
}

static int
add_values(struct buf *out, const struct ldap_entry *entries, size_t count,
    const char *attribute, struct err *err)
{
	size_t values = 0;

	for (size_t i = 0; i < count; i++) {
		const struct ldap_attr *attr =
		    ldap_entry_attr(&entries[i], attribute);

		for (size_t j = 0; attr != NULL && j < attr->count; j++) {
			if (values++ > 0)
				(void)buf_addz(out, ", ");
			(void)buf_add_str(out, attr->values[j]);
		}
	}
	if (out->full)
		return err_set(err, ERR_LIMIT, "value too long");
	if (values == 0)
		return err_set(err, ERR_NOENT, "no such key");
	return 0;
}

static int
search(struct ldap_table *table, const char *filter, struct buf *out,
    struct err *err)
{
	const char *attrs[] = { table->attribute, NULL };
	struct arena *arena = arena_new(ANSWER_MAX);
	struct ldap_entry *entries;
	size_t count;
	int ret = -1;

	if (table->conn == NULL)
		table->conn =
		    ldap_conn_open(table->socket, table->timeout * 1000, err);
	if (table->conn != NULL)
		ret = ldap_conn_search(table->conn, table->base, LDAP_CONN_SUB,
		    filter, attrs, arena, &entries, &count, err);
	if (ret == 0)
		ret = add_values(out, entries, count, table->attribute, err);
	arena_free(arena);
	return ret;
}

static int
ldap_lookup(void *arg, struct str key, struct buf *out, struct err *err)
{
	struct ldap_table *table = arg;
	struct buf filter;
	int ret = -1;

	buf_init(&filter, FILTER_MAX);
	if (make_filter(&filter, table->filter, key) < 0) {
		buf_clear(&filter);
		return err_set(err, ERR_NOENT, "key too long to be there");
	}
	/* Twice, because a directory that was restarted hangs up on us. */
	for (int i = 0; i < 2; i++) {
		ret = search(table, buf_cstr(&filter), out, err);
		if (ret == 0 || err->kind != ERR_TEMP)
			break;
		ldap_conn_close(table->conn);
		table->conn = NULL;
	}
	buf_clear(&filter);
	return ret;
}

const struct dict_type dict_type_ldap = {
	.name = "ldap",
	.open = ldap_open,
	.lookup = ldap_lookup,
	.close = ldap_close,
};
