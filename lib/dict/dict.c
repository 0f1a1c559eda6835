#include "dict/dict.h"

#include <stdlib.h>

#include "base/alloc.h"
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
	&dict_type_ldap,
};

struct dict *
dict_open(const char *name, struct err *err)
{
	struct str rest = str_of(name), type;
	struct dict *dict;

	if (str_chr(rest, ':') < 0) {
		(void)err_set(err, ERR_SYNTAX, "table \"%s\": type:name wanted",
		    name);
		return NULL;
	}
	(void)str_split(&rest, ':', &type);
	for (size_t i = 0; i < NELEMS(types); i++) {
		void *table;

		if (!str_eqz(type, types[i]->name))
			continue;
		table = types[i]->open(rest.p, err);
		if (table == NULL) {
			(void)err_prefix(err, "table %s", name);
			return NULL;
		}
		dict = xcalloc(1, sizeof(*dict));
		dict->type = types[i];
		dict->table = table;
		dict->name = xstrdup(name);
		return dict;
	}
	(void)err_set(err, ERR_SYNTAX, "table %s: unknown type", name);
	return NULL;
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

const char *
dict_name(const struct dict *dict)
{
	return dict->name;
}

static bool
is_between(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',';
}

/* The next name of a list; braces keep blanks and commas inside. */
static bool
take_name(struct str *in, struct str *name)
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

int
dict_list_open(struct dict_list *list, const char *text, struct err *err)
{
	struct str rest = str_of(text), name;

	*list = (struct dict_list){ 0 };
	while (take_name(&rest, &name)) {
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
