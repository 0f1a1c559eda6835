#include "dict/dict.h"

#include <fcntl.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/fsutil.h"
#include "dict/dict_internal.h"

struct dict {
	const struct dict_type *type;
	void *table;
	char *name;
};

static const struct dict_type *const types[] = {
	&dict_type_static,
	&dict_type_inline,
	&dict_type_texthash,
	&dict_type_regexp,
	&dict_type_pcre,
	&dict_type_cidr,
	&dict_type_lmdb,
	&dict_type_ldap,
};

static bool
is_between(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',';
}

bool
dict_next_word(struct str *in, struct str *name)
{
	size_t len = 0;
	int depth = 0;

	while (in->len > 0 && is_between(in->p[0]))
		str_skip(in, 1);
	while (len < in->len && (depth > 0 || !is_between(in->p[len]))) {
		if (in->p[len] == '{')
			depth++;
		else if (in->p[len] == '}')
			depth--;
		len++;
	}
	*name = str_make(in->p, len);
	str_skip(in, len);
	return len > 0;
}

static const struct dict_type *
find_type(struct str name, struct err *err)
{
	for (size_t i = 0; i < NELEMS(types); i++) {
		if (str_eqz(name, types[i]->name))
			return types[i];
	}
	(void)err_set(err, ERR_SYNTAX, "unknown type of table");
	return NULL;
}

static struct dict *
make(const struct dict_type *type, void *table, const char *name)
{
	struct dict *dict = xcalloc(1, sizeof(*dict));

	dict->type = type;
	dict->table = table;
	dict->name = xstrdup(name);
	return dict;
}

struct dict *
dict_parse(const char *name, struct str text, struct err *err)
{
	const struct dict_type *type = find_type(str_of(name), err);
	void *table;

	if (type == NULL)
		return NULL;
	if (type->parse == NULL) {
		(void)err_set(err, ERR_SYNTAX, "no type of text files");
		return NULL;
	}
	table = type->parse(text, err);
	return table == NULL ? NULL : make(type, table, name);
}

static void *
parse_file(const struct dict_type *type, const char *path, struct err *err)
{
	void *table = NULL;
	struct buf text;

	buf_init(&text, DICT_FILE_MAX);
	if (fs_read_file(AT_FDCWD, path, &text, err) == 0)
		table = type->parse(buf_str(&text), err);
	buf_clear(&text);
	return table;
}

/* "{{rule}, {rule}}": each becomes a line. */
static void *
parse_rules(const struct dict_type *type, struct str in, struct err *err)
{
	void *table = NULL;
	struct str rule;
	struct buf text;

	if (in.p[in.len - 1] != '}') {
		(void)err_set(err, ERR_SYNTAX, "} missing");
		return NULL;
	}
	in = str_sub(in, 1, in.len - 1);
	buf_init(&text, DICT_LINE_MAX);
	while (dict_next_word(&in, &rule)) {
		if (rule.len >= 2 && rule.p[0] == '{' &&
		    rule.p[rule.len - 1] == '}')
			rule = str_trim(str_sub(rule, 1, rule.len - 1));
		(void)buf_add_str(&text, rule);
		(void)buf_addc(&text, '\n');
	}
	if (text.full)
		(void)err_set(err, ERR_LIMIT, "table too long");
	else
		table = type->parse(buf_str(&text), err);
	buf_clear(&text);
	return table;
}

static void *
open_table(const struct dict_type *type, const char *name, struct err *err)
{
	if (type->open != NULL)
		return type->open(name, err);
	if (*name == '{')
		return parse_rules(type, str_trim(str_of(name)), err);
	return parse_file(type, name, err);
}

struct dict *
dict_open(const char *name, struct err *err)
{
	struct str rest = str_of(name), word;
	const struct dict_type *type;
	void *table = NULL;

	if (str_chr(rest, ':') < 0) {
		(void)err_set(err, ERR_SYNTAX, "table \"%s\": type:name wanted",
		    name);
		return NULL;
	}
	(void)str_split(&rest, ':', &word);
	type = find_type(word, err);
	if (type != NULL)
		table = open_table(type, rest.p, err);
	if (table == NULL) {
		(void)err_prefix(err, "table %s", name);
		return NULL;
	}
	return make(type, table, name);
}

void
dict_close(struct dict *dict)
{
	if (dict == NULL)
		return;
	dict->type->close(dict->table);
	free(dict->name);
	free(dict);
}

int
dict_lookup(struct dict *dict, struct str key, struct buf *out, struct err *err)
{
	return dict->type->lookup(dict->table, key, out, err);
}

bool
dict_is_whole(const struct dict *dict)
{
	return dict->type->whole;
}

const char *
dict_name(const struct dict *dict)
{
	return dict->name;
}

int
dict_list_open(struct dict_list *list, const char *text, struct err *err)
{
	struct str rest = str_of(text), name;

	*list = (struct dict_list){ 0 };
	while (dict_next_word(&rest, &name)) {
		char *copy = xstrndup(name.p, name.len);
		struct dict *dict = dict_open(copy, err);

		free(copy);
		if (dict == NULL) {
			dict_list_close(list);
			return -1;
		}
		list->table = xreallocarray(list->table, list->len + 1,
		    sizeof(struct dict *));
		list->table[list->len++] = dict;
	}
	return 0;
}

void
dict_list_close(struct dict_list *list)
{
	for (size_t i = 0; i < list->len; i++)
		dict_close(list->table[i]);
	free(list->table);
	*list = (struct dict_list){ 0 };
}

int
dict_list_lookup(struct dict_list *list, struct str key, struct buf *out,
    struct err *err)
{
	for (size_t i = 0; i < list->len; i++) {
		if (dict_lookup(list->table[i], key, out, err) == 0)
			return 0;
		if (err->kind != ERR_NOENT)
			return -1;
	}
	return err_set(err, ERR_NOENT, "not in the tables");
}
