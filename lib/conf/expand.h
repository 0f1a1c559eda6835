/*
 * expand - $name in values, as Postfix has it.
 *
 * $name, ${name}, $(name): that parameter's value, itself expanded.
 * ${name?text}, ${name?{text}}: text, expanded, if the value is not empty.
 * ${name:text}, ${name:{text}}: text, expanded, if it is empty.
 * ${name?{text}:{other}}: both. $$ is a dollar.
 */
#ifndef CONF_EXPAND_H
#define CONF_EXPAND_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* The value of name as written, NULL if it has none. */
typedef const char *expand_lookup_fn(const void *ctx, struct str name);

/*
 * Append text, expanded. ERR_SYNTAX: a brace missing, a dollar before no
 * name. ERR_LIMIT: a name that contains itself, or too much.
 */
int expand(struct buf *out, struct str text, expand_lookup_fn *lookup,
    const void *ctx, struct err *err);

/* Does text contain $name in one of its spellings? */
bool expand_mentions(struct str text, struct str name);

#endif
