/*
 * simple - the tables that are in memory: static, inline and texthash.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "conf/lines.h"
#include "dict/dict_internal.h"

enum { KEY_MAX = 1024 };

/* ---- static ---- */

static void *
static_open(const char *name, struct err *err)
{
	struct str value = str_trim(str_of(name));

	(void)err;
	if (value.len >= 2 && value.p[0] == '{' &&
	    value.p[value.len - 1] == '}')
		value = str_trim(str_sub(value, 1, value.len - 1));
	return xstrndup(value.p, value.len);
}

static int
static_lookup(void *table, struct str key, struct buf *out, struct err *err)
{
	(void)key;
	if (buf_addz(out, table) < 0)
		return err_set(err, ERR_LIMIT, "value too long");
	return 0;
}

const struct dict_type dict_type_static = {
	.name = "static",
	.whole = true,
	.open = static_open,
	.lookup = static_lookup,
	.close = free,
};

/* ---- a table of strings, keys in lower case ---- */

static bool
fold(char out[KEY_MAX], struct str key)
{
	if (key.len > KEY_MAX)
		return false;
	for (size_t i = 0; i < key.len; i++)
		out[i] = lower(key.p[i]);
	return true;
}

/* ERR_EXISTS: the key stands there twice. */
static int
add(struct hash *table, struct str key, struct str value, struct err *err)
{
	char folded[KEY_MAX];
	char *old;

	if (key.len == 0 || !fold(folded, key))
		return err_set(err, ERR_SYNTAX, "empty or very long key");
	old = hash_put(table, str_make(folded, key.len),
	    xstrndup(value.p, value.len));
	free(old);
	if (old != NULL)
		return err_set(err, ERR_EXISTS, "key \"%" STR_F "\" is twice",
		    STR_A(key));
	return 0;
}

static int
strings_lookup(void *table, struct str key, struct buf *out, struct err *err)
{
	char folded[KEY_MAX];
	const char *value = NULL;

	if (fold(folded, key))
		value = hash_get(table, str_make(folded, key.len));
	if (value == NULL)
		return err_set(err, ERR_NOENT, "no such key");
	if (buf_addz(out, value) < 0)
		return err_set(err, ERR_LIMIT, "value too long");
	return 0;
}

static void
strings_close(void *table)
{
	struct str key;
	void *value;

	for (size_t it = 0; hash_next(table, &it, &key, &value);)
		free(value);
	hash_free(table);
}

/* ---- inline ---- */

/* "{ key = value }" without its braces, or key=value. */
static int
inline_pair(struct hash *table, struct str pair, struct err *err)
{
	ptrdiff_t at = str_chr(pair, '=');

	if (at < 0)
		return err_set(err, ERR_SYNTAX, "key=value wanted");
	return add(table, str_trim(str_sub(pair, 0, (size_t)at)),
	    str_trim(str_sub(pair, (size_t)at + 1, pair.len)), err);
}

static int
inline_parse(struct hash *table, struct str in, struct err *err)
{
	if (in.len < 2 || in.p[0] != '{' || in.p[in.len - 1] != '}')
		return err_set(err, ERR_SYNTAX, "{ } wanted around the table");
	in = str_trim(str_sub(in, 1, in.len - 1));
	while (in.len > 0) {
		bool braced = str_take(&in, '{');
		size_t len = 0;

		while (len < in.len && in.p[len] != (braced ? '}' : ',') &&
		    (braced || (in.p[len] != ' ' && in.p[len] != '\t')))
			len++;
		if (braced && len == in.len)
			return err_set(err, ERR_SYNTAX, "} missing");
		if (inline_pair(table, str_make(in.p, len), err) < 0)
			return -1;
		str_skip(&in, len + (braced ? 1 : 0));
		while (in.len > 0 &&
		    (in.p[0] == ',' || in.p[0] == ' ' || in.p[0] == '\t'))
			str_skip(&in, 1);
	}
	return 0;
}

static void *
inline_open(const char *name, struct err *err)
{
	struct hash *table = hash_new();

	if (inline_parse(table, str_trim(str_of(name)), err) < 0) {
		strings_close(table);
		return NULL;
	}
	return table;
}

const struct dict_type dict_type_inline = {
	.name = "inline",
	.open = inline_open,
	.lookup = strings_lookup,
	.close = strings_close,
};

/* ---- texthash ---- */

static int
texthash_line(struct hash *table, struct str line, struct err *err)
{
	size_t len = 0;

	while (len < line.len && line.p[len] != ' ' && line.p[len] != '\t')
		len++;
	if (len == line.len)
		return err_set(err, ERR_SYNTAX, "key and value wanted");
	return add(table, str_sub(line, 0, len),
	    str_trim(str_sub(line, len, line.len)), err);
}

static void *
texthash_parse(struct str text, struct err *err)
{
	struct lines lines = { .rest = text };
	struct hash *table = hash_new();
	struct buf line;
	int number, ret = 0;

	buf_init(&line, DICT_LINE_MAX);
	while (ret == 0 && lines_next(&lines, &line, &number)) {
		if (line.full)
			ret = err_set(err, ERR_LIMIT, "line too long");
		else
			ret = texthash_line(table, buf_str(&line), err);
		if (ret < 0)
			(void)err_prefix(err, "line %d", number);
	}
	buf_clear(&line);
	if (ret == 0)
		return table;
	strings_close(table);
	return NULL;
}

const struct dict_type dict_type_texthash = {
	.name = "texthash",
	.parse = texthash_parse,
	.lookup = strings_lookup,
	.close = strings_close,
};
