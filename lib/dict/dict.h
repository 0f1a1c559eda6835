/*
 * dict - lookup tables by "type:name", as Postfix has them.
 *
 *	static:value		every key has that value; static:{v w}
 *	inline:{k=v, {k = v w}}	the table is the name
 *	texthash:path		a text file: key, white space, value
 *	regexp:path, pcre:path	a text file of patterns: see dict/rules.h
 *	cidr:path		a text file of networks
 *	lmdb:path		path.lmdb, made by Postfix's postmap(1)
 *	ldap:path		a directory; path is a file in main.cf's form
 *
 * Of the last three files the rules may stand in the name instead, as in
 * cidr:{{192.0.2.0/24 OK}, {!192.0.2.0/23 REJECT}}. A file's errors name its
 * line.
 *
 * Keys compare without case (ASCII). A text file is read when opened, so it
 * must be opened before the jail; ldap tables connect when asked and again
 * after trouble, and every lookup in them ends within their timeout.
 * Ownership: the caller owns the table. Bounds: DICT_FILE_MAX bytes of text.
 */
#ifndef DICT_DICT_H
#define DICT_DICT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum { DICT_FILE_MAX = 64 << 20, DICT_LINE_MAX = 65536 };

struct dict;

/* NULL with ERR_SYNTAX (unknown type, bad table) or what the file gave. */
struct dict *dict_open(const char *name, struct err *err);
/* The same of a text that came from elsewhere, for types of text files. */
struct dict *dict_parse(const char *type, struct str text, struct err *err);
void dict_close(struct dict *dict); /* NULL is fine */

/*
 * Append the value of key to out. ERR_NOENT: there is none; ERR_TEMP: the
 * table cannot be asked now; ERR_LIMIT: out is full.
 */
int dict_lookup(struct dict *dict, struct str key, struct buf *out,
    struct err *err);

/*
 * Does it look at keys as a whole (patterns, networks, static), so that parts
 * of a key, as a domain's parents, are not to be asked for?
 */
bool dict_is_whole(const struct dict *dict);

/* As it was opened, for the log. */
const char *dict_name(const struct dict *dict);

/*
 * A configured list of tables, separated by white space or commas (braces
 * keep what is inside together), asked in turn until one has the key.
 */
struct dict_list {
	struct dict **table;
	size_t len;
};

/* The next name of such a list, off the front of *in; false: none is left. */
bool dict_next_word(struct str *in, struct str *name);
/* On failure the list is empty. An empty text is an empty list. */
int dict_list_open(struct dict_list *list, const char *text, struct err *err);
void dict_list_close(struct dict_list *list);
int dict_list_lookup(struct dict_list *list, struct str key, struct buf *out,
    struct err *err);

#endif
