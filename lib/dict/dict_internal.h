/*
 * dict_internal - what a type of table provides. Only this folder's.
 */
#ifndef DICT_DICT_INTERNAL_H
#define DICT_DICT_INTERNAL_H

#include "dict/dict.h"

struct dict_type {
	const char *name;
	bool whole; /* see dict_is_whole() */
	/*
	 * The table's own state, not NULL; NULL with err set. A type whose
	 * tables are text files has parse() instead of open().
	 */
	void *(*open)(const char *name, struct err *err);
	void *(*parse)(struct str text, struct err *err);
	int (*lookup)(void *table, struct str key, struct buf *out,
	    struct err *err);
	void (*close)(void *table);
};

extern const struct dict_type dict_type_static, dict_type_inline,
    dict_type_texthash, dict_type_regexp, dict_type_pcre, dict_type_cidr,
    dict_type_lmdb, dict_type_ldap;

#endif
