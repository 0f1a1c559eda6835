#include "conf/conf.h"

#include <string.h>

#include "base/attr.h"
#include "base/buf.h"
#include "conf/value.h"

/* One parameter's value, before any of them is stored. */
union value {
	int number;
	size_t size;
	bool flag;
	const char *text;
};

const char *
conf_kind_name(enum conf_kind kind)
{
	static const char *const names[] = {
		[CONF_END] = "end",
		[CONF_INT] = "number",
		[CONF_SIZE] = "size",
		[CONF_TIME] = "time",
		[CONF_BOOL] = "yes/no",
		[CONF_STR] = "text",
		[CONF_WORD] = "word",
		[CONF_SUBTABLE] = "table",
	};

	return (size_t)kind < NELEMS(names) ? names[kind] : "unknown";
}

static int
check_text(const struct conf_param *param, const char *text, union value *out,
    struct err *err)
{
	size_t len = strlen(text);

	if (param->max > 0 && len > (size_t)param->max)
		return err_set(err, ERR_LIMIT, "longer than %lld bytes",
		    (long long)param->max);
	if (param->min > 0 && len < (size_t)param->min)
		return err_set(err, ERR_LIMIT, "must not be empty");
	out->text = text;
	return 0;
}

/* text must be one of the words; their list is the error. */
static int
check_word(const struct conf_param *param, struct str text, union value *out,
    struct err *err)
{
	struct buf list;

	for (out->number = 0; param->words[out->number] != NULL; out->number++)
		if (str_ieqz(text, param->words[out->number]))
			return 0;
	buf_init(&list, sizeof(err->text));
	for (size_t i = 0; param->words[i] != NULL; i++)
		(void)buf_addf(&list, "%s%s", i > 0 ? ", " : "",
		    param->words[i]);
	err_set(err, ERR_SYNTAX, "one of %s expected", buf_cstr(&list));
	buf_clear(&list);
	return -1;
}

static int
get(struct main_cf *cf, const struct conf_param *param, union value *out,
    struct err *err)
{
	const char *text = main_cf_get(cf, param->name, err);
	struct str s = str_of(text);

	if (text == NULL)
		return -1;
	switch (param->kind) {
	case CONF_INT:
		return value_int(s, param->min, param->max, &out->number, err);
	case CONF_SIZE:
		return value_size(s, param->min, param->max, &out->size, err);
	case CONF_TIME:
		return value_time(s, param->min, param->max, &out->number, err);
	case CONF_BOOL:
		return value_bool(s, &out->flag, err);
	case CONF_STR:
		return check_text(param, text, out, err);
	case CONF_WORD:
		return check_word(param, s, out, err);
	case CONF_END:
	case CONF_SUBTABLE:
		break;
	}
	return err_set(err, ERR_CORRUPT, "no such kind of parameter");
}

static void
store(const struct conf_param *param, char *base, const union value *value)
{
	void *member = base + param->offset;

	switch (param->kind) {
	case CONF_INT:
	case CONF_TIME:
	case CONF_WORD:
		memcpy(member, &value->number, sizeof(value->number));
		break;
	case CONF_SIZE:
		memcpy(member, &value->size, sizeof(value->size));
		break;
	case CONF_BOOL:
		memcpy(member, &value->flag, sizeof(value->flag));
		break;
	case CONF_STR:
		memcpy(member, &value->text, sizeof(value->text));
		break;
	case CONF_END:
	case CONF_SUBTABLE:
		break;
	}
}

void
conf_report(struct main_cf *cf, const char *name, const struct err *err,
    struct problems *problems)
{
	const struct main_cf_entry *entry = main_cf_find(cf, name);
	struct err unused;

	problem_error(problems, entry == NULL ? "default" : entry->file,
	    entry == NULL ? 0 : entry->line, "%s = %s: %s", name,
	    entry == NULL ? main_cf_get(cf, name, &unused) : entry->value,
	    err->text);
}

/* base NULL: only check. */
static void
walk(struct main_cf *cf, const struct conf_param *table, char *base,
    struct problems *problems)
{
	union value value;
	struct err err;

	for (; table->kind != CONF_END; table++) {
		if (table->kind == CONF_SUBTABLE)
			walk(cf, table->table,
			    base == NULL ? NULL : base + table->offset,
			    problems);
		else if (get(cf, table, &value, &err) < 0)
			conf_report(cf, table->name, &err, problems);
		else if (base != NULL)
			store(table, base, &value);
	}
}

/* So that $name finds it. */
static void
give_default(const struct conf_param *param, void *arg)
{
	main_cf_default(arg, param->name, param->value);
}

void
conf_check(struct main_cf *cf, const struct conf_param *table,
    struct problems *problems)
{
	if (table == NULL)
		return;
	conf_each(table, give_default, cf);
	walk(cf, table, NULL, problems);
}

int
conf_fill(struct main_cf *cf, const struct conf_param *table, void *base,
    struct problems *problems)
{
	int before = problems->errors;

	if (table == NULL)
		return 0;
	conf_check(cf, table, problems);
	if (problems->errors > before)
		return -1;
	walk(cf, table, base, problems);
	return 0;
}

void
conf_each(const struct conf_param *table, conf_each_fn *fn, void *arg)
{
	for (; table != NULL && table->kind != CONF_END; table++) {
		if (table->kind == CONF_SUBTABLE)
			conf_each(table->table, fn, arg);
		else
			fn(table, arg);
	}
}
