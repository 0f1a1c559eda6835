/*
 * rules - tables that are a list of patterns, asked from the top down: what
 * regexp, pcre and cidr have in common (Postfix's regexp_table(5),
 * pcre_table(5), cidr_table(5)).
 *
 *	PATTERN result		the first that matches is the answer
 *	!PATTERN result		matches where PATTERN does not
 *	if PATTERN ... endif	the rules between count only if it matches
 *	if !PATTERN ... endif
 *
 * In results of types that have groups, $1, ${1} and $(1) stand for what a
 * parenthesis matched ($0: for all), $$ for a dollar. Only this folder's.
 *
 * Bounds: a lookup runs each pattern at most once. RULES_NEST_MAX blocks in
 * one another, RULES_GROUPS_MAX groups, keys of RULES_KEY_MAX bytes (a longer
 * one matches nothing).
 */
#ifndef DICT_RULES_H
#define DICT_RULES_H

#include "dict/dict_internal.h"

enum { RULES_NEST_MAX = 100, RULES_GROUPS_MAX = 100, RULES_KEY_MAX = 65536 };

struct rules_match {
	struct str group[RULES_GROUPS_MAX]; /* p NULL: took no part */
};

struct rules_ops {
	/* Take a pattern off the front of a line. NULL with err set. */
	void *(*parse)(struct str *in, struct err *err);
	void (*free)(void *pattern);
	/* How many groups it has; NULL: the type has none, nor any "$". */
	unsigned (*groups)(const void *pattern);
	/* 1 it matches (match is filled as far as there are groups), 0, -1. */
	int (*match)(const void *pattern, struct str key,
	    struct rules_match *match, struct err *err);
};

/* The text of a file. NULL with err set, the line in front. */
void *rules_parse(const struct rules_ops *ops, struct str text,
    struct err *err);
/* As a struct dict_type has them. */
int rules_lookup(void *table, struct str key, struct buf *out, struct err *err);
void rules_close(void *table);

/*
 * A pattern between delimiters with flags behind, "/text/flags", off the
 * front of in: a backslash keeps the next byte from ending it.
 */
int rules_delimited(struct str *in, struct str *text, struct str *flags,
    struct err *err);

/* A letter behind a pattern, and the option that it turns over. */
struct rules_flag {
	char letter;
	uint32_t option;
};

/* ERR_SYNTAX: a letter that is not known. */
int rules_flags(struct str flags, const struct rules_flag *known, size_t count,
    uint32_t *options, struct err *err);

#endif
