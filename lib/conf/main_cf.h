/*
 * main_cf - main.cf: "name = value" lines in Postfix's syntax.
 *
 * Values are kept as written and expanded when asked for: $name, ${name} and
 * $(name) stand for that parameter's value, ${name?text} for text if it is
 * not empty, ${name:text} for text if it is, $$ for a dollar. A name set
 * nowhere has the default that a table gave it (main_cf_default), else it is
 * empty.
 *
 * Ownership: everything returned is borrowed from the struct main_cf and
 * lives as long as it does. Bounds: MAIN_CF_MAX bytes of file, values of
 * MAIN_CF_VALUE_MAX bytes, expansions MAIN_CF_DEPTH_MAX deep.
 */
#ifndef CONF_MAIN_CF_H
#define CONF_MAIN_CF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "conf/problem.h"

enum {
	MAIN_CF_MAX = 1 << 20,
	MAIN_CF_VALUE_MAX = 65536,
	MAIN_CF_DEPTH_MAX = 20
};

struct main_cf;

struct main_cf_entry {
	const char *name;
	const char *value; /* as written */
	const char *file;  /* "main.cf", or where an override came from */
	int line;          /* 0: not from a file */
};

struct main_cf *main_cf_new(void);
void main_cf_free(struct main_cf *cf);

/* Read the text of a file that messages call file (copied). */
void main_cf_parse(struct main_cf *cf, const char *file, struct str text,
    struct problems *problems);
/* The file behind fd, from its start, or at path. -1: not readable at all. */
int main_cf_read_fd(struct main_cf *cf, const char *file, int fd,
    struct problems *problems, struct err *err);
int main_cf_read(struct main_cf *cf, int dirfd, const char *path,
    struct problems *problems, struct err *err);

/* "name=value" or "name = value", as -o has it: it beats what was read. */
int main_cf_override(struct main_cf *cf, const char *origin,
    struct str assignment, struct err *err);
/*
 * What name is when set nowhere. Both strings are borrowed: table entries.
 * The first default given is the one that counts.
 */
void main_cf_default(struct main_cf *cf, const char *name, const char *value);

/* NULL if name is set nowhere (it may have a default). */
const struct main_cf_entry *main_cf_find(const struct main_cf *cf,
    const char *name);
/* The value or default with all its $names expanded; NULL with err set. */
const char *main_cf_get(struct main_cf *cf, const char *name, struct err *err);

/* Walk all that is set, in the order of the file. */
size_t main_cf_len(const struct main_cf *cf);
const struct main_cf_entry *main_cf_at(const struct main_cf *cf, size_t i);
/* Is name used as $name in another value? (Then it is not unknown.) */
bool main_cf_is_used(const struct main_cf *cf, const char *name);

/*
 * Names that main.cf gives a meaning itself, as by a list of names: not
 * unknown either. main_cf_known() walks them, NULL behind the last.
 */
void main_cf_know(struct main_cf *cf, const char *name);
const char *main_cf_known(const struct main_cf *cf, size_t i);

/* A copy of text that lives as long as cf. */
const char *main_cf_keep(struct main_cf *cf, const char *text);
const char *main_cf_keep_str(struct main_cf *cf, struct str text);

/* Is s a name that a parameter can have? */
bool main_cf_is_name(struct str s);

#endif
