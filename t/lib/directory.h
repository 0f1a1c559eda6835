/*
 * directory - a directory inside the process, for tests of daemons
 * that ask one: dict/ldap_client.h over a table, in place of the library's.
 *
 * What is searched for must be a filter as RFC 4515 has it, with every value
 * escaped: anything else is a panic, for somebody's name has then become part
 * of the filter. A directory may be away; a target says so, and what it holds,
 * in `directory`. Answers come from the loop, as the true ones do.
 */
#ifndef LIB_DIRECTORY_H
#define LIB_DIRECTORY_H

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hex.h"
#include "base/list.h"
#include "base/log.h"
#include "dict/ldap_client.h"

/* One entry: attributes and values in turn, ending with NULL. */
struct directory_entry {
	const char *dn, *password;
	const char *const *word;
};

enum { DIRECTORY_ENTRIES = 32, DIRECTORY_VALUES = 40, DIRECTORY_DEPTH = 8 };

struct directory {
	const struct directory_entry *entry; /* ends with dn NULL */
	bool is_away;
	size_t most; /* entries that an answer may hold; 0: all */
};

static struct directory directory;

struct directory_question {
	struct list link;
	ldap_client_fn *fn;
	void *ctx;
	char *filter, *dn; /* one of them */
	char *password;
};

struct ldap_client {
	struct event *wake;
	struct list questions;
	size_t open;
};

/* ---- filters ---- */

static inline bool
directory_entry_matches(const struct directory_entry *entry, struct str name,
    struct str value, char how)
{
	for (const char *const *word = entry->word; *word != NULL; word += 2) {
		if (!str_ieqz(name, word[0]))
			continue;
		if (how == '*' || (how == '>' && strcmp(word[1], "2") > 0) ||
		    str_ieqz(value, word[1]))
			return true;
	}
	return false;
}

/* attr=value, attr>=value or attr=*, the value escaped. */
static inline bool
directory_filter_item(const struct directory_entry *entry, struct str item)
{
	char bytes[8192];
	struct str name, value = item;
	size_t len = 0;
	char how = '=';

	if (!str_split(&value, '=', &name) || name.len == 0)
		panic("directory: filter %" STR_F, STR_A(item));
	if (name.p[name.len - 1] == '>') {
		name.len--;
		how = '>';
	}
	if (str_eqz(value, "*"))
		return directory_entry_matches(entry, name, value, '*');
	while (value.len > 0) {
		if (len == sizeof(bytes))
			panic("directory: a long value");
		bytes[len] = value.p[0];
		str_skip(&value, 1);
		if (bytes[len] == '*' || bytes[len] == '\0')
			panic("directory: filter %" STR_F, STR_A(item));
		if (bytes[len++] != '\\')
			continue;
		if (value.len < 2 ||
		    hex_decode((unsigned char *)&bytes[len - 1], 1,
			str_sub(value, 0, 2)) < 0)
			panic("directory: filter %" STR_F, STR_A(item));
		str_skip(&value, 2);
	}
	return directory_entry_matches(entry, name, str_make(bytes, len), how);
}

/* "(" ("&" / "|" / "!") 1*filter ")", or "(" item ")"; in moves past it. */
static inline bool
directory_filter_take(const struct directory_entry *entry, struct str *in,
    int depth)
{
	bool all = true, any = false;
	ptrdiff_t end;
	char op;

	if (depth == 0 || !str_take(in, '(') || in->len == 0)
		panic("directory: no filter: %" STR_F, STR_A(*in));
	op = in->p[0];
	if (op != '&' && op != '|' && op != '!') {
		end = str_chr(*in, ')');
		if (end < 0 || str_chr(str_sub(*in, 0, (size_t)end), '(') >= 0)
			panic("directory: no filter: %" STR_F, STR_A(*in));
		any =
		    directory_filter_item(entry, str_sub(*in, 0, (size_t)end));
		str_skip(in, (size_t)end + 1);
		return any;
	}
	str_skip(in, 1);
	do {
		bool one = directory_filter_take(entry, in, depth - 1);

		all = all && one;
		any = any || one;
	} while (!str_take(in, ')'));
	return op == '&' ? all : op == '|' ? any : !any;
}

/* ---- answers ---- */

struct directory_found {
	struct ldap_entry entry[DIRECTORY_ENTRIES];
	struct ldap_attr attr[DIRECTORY_ENTRIES][DIRECTORY_VALUES];
	struct str value[DIRECTORY_ENTRIES][DIRECTORY_VALUES];
	size_t count;
};

/* The words of an entry, in which an attribute's values stand together. */
static inline void
directory_found_add(struct directory_found *found,
    const struct directory_entry *entry)
{
	struct ldap_entry *out = &found->entry[found->count];
	struct ldap_attr *attr = found->attr[found->count];
	struct str *value = found->value[found->count++];

	*out = (struct ldap_entry){ str_of(entry->dn), attr, 0 };
	for (const char *const *word = entry->word; *word != NULL; word += 2) {
		if (out->count == 0 ||
		    !str_eqz(attr[out->count - 1].name, word[0]))
			attr[out->count++] =
			    (struct ldap_attr){ str_of(word[0]), value, 0 };
		*value++ = str_of(word[1]);
		attr[out->count - 1].count++;
	}
}

static inline void
directory_answer_search(const struct directory_question *q)
{
	struct directory_found *found = xcalloc(1, sizeof(*found));
	struct err err;

	for (size_t i = 0; directory.entry[i].dn != NULL; i++) {
		struct str filter = str_of(q->filter);

		if (directory_filter_take(&directory.entry[i], &filter,
			DIRECTORY_DEPTH))
			directory_found_add(found, &directory.entry[i]);
		if (filter.len > 0)
			panic("directory: behind the filter: %s", q->filter);
	}
	if (directory.most > 0 && found->count > directory.most) {
		(void)err_set(&err, ERR_LIMIT, "directory: answer too large");
		q->fn(q->ctx, NULL, 0, &err);
	} else {
		q->fn(q->ctx, found->entry, found->count, NULL);
	}
	free(found);
}

static inline void
directory_answer_bind(const struct directory_question *q)
{
	struct err err;

	for (size_t i = 0; directory.entry[i].dn != NULL; i++) {
		const char *password = directory.entry[i].password;

		if (strcmp(directory.entry[i].dn, q->dn) == 0 &&
		    password != NULL && strcmp(password, q->password) == 0) {
			q->fn(q->ctx, NULL, 0, NULL);
			return;
		}
	}
	(void)err_set(&err, ERR_DENIED, "wrong password");
	q->fn(q->ctx, NULL, 0, &err);
}

static inline void
directory_question_free(struct directory_question *q)
{
	free(q->filter);
	free(q->dn);
	free(q->password);
	free(q);
}

static inline void
directory_on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct ldap_client *client = arg;
	struct list *link = list_pop(&client->questions);
	struct directory_question *q;
	struct err err;

	(void)fd;
	(void)what;
	if (link == NULL)
		return;
	q = LIST_ITEM(link, struct directory_question, link);
	client->open--;
	event_active(client->wake, EV_TIMEOUT, 0);
	if (directory.is_away) {
		(void)err_set(&err, ERR_TEMP, "directory: away");
		q->fn(q->ctx, NULL, 0, &err);
	} else if (q->filter != NULL) {
		directory_answer_search(q);
	} else {
		directory_answer_bind(q);
	}
	directory_question_free(q);
}

/* ---- dict/ldap_client.h ---- */

void
ldap_client_prepare(void)
{
}

struct ldap_client *
ldap_client_new(struct event_base *base, const struct ldap_client_conf *conf)
{
	struct ldap_client *client = xcalloc(1, sizeof(*client));

	(void)conf;
	list_init(&client->questions);
	client->wake = event_new(base, -1, 0, directory_on_wake, client);
	if (client->wake == NULL)
		panic("event_new");
	return client;
}

void
ldap_client_free(struct ldap_client *client)
{
	struct list *link;

	while ((link = list_pop(&client->questions)) != NULL)
		directory_question_free(
		    LIST_ITEM(link, struct directory_question, link));
	event_free(client->wake);
	free(client);
}

static inline struct directory_question *
directory_ask(struct ldap_client *client, ldap_client_fn *fn, void *ctx)
{
	struct directory_question *q = xcalloc(1, sizeof(*q));

	q->fn = fn;
	q->ctx = ctx;
	list_push(&client->questions, &q->link);
	client->open++;
	event_active(client->wake, EV_TIMEOUT, 0);
	return q;
}

void
ldap_client_search(struct ldap_client *client, const char *base,
    const char *filter, const char *const *attrs, ldap_client_fn *fn, void *ctx)
{
	(void)base;
	(void)attrs;
	directory_ask(client, fn, ctx)->filter = xstrdup(filter);
}

void
ldap_client_bind(struct ldap_client *client, const char *dn,
    struct str password, ldap_client_fn *fn, void *ctx)
{
	struct directory_question *q = directory_ask(client, fn, ctx);

	q->dn = xstrdup(dn);
	q->password = xstrndup(password.p, password.len);
}

size_t
ldap_client_open(const struct ldap_client *client)
{
	return client->open;
}

#endif
