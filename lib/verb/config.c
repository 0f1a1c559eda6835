#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/hash.h"
#include "verb/families.h"
#include "verb/run.h"

/* One parameter: "NAME TAB KIND TAB DEFAULT". */
static int
print_parameter(struct verb_call *call, struct main_cf *cf, struct str line,
    struct err *err)
{
	struct str field[3] = { { 0 } };
	const struct main_cf_entry *set;
	const char *value;
	char name[256];

	for (size_t i = 0; i < NELEMS(field); i++) {
		if (!str_split(&line, '\t', &field[i]))
			return 0;
	}
	if (field[0].len >= sizeof(name))
		return 0;
	(void)snprintf(name, sizeof(name), "%" STR_F, STR_A(field[0]));
	set = main_cf_find(cf, name);
	main_cf_default(cf, main_cf_keep(cf, name),
	    main_cf_keep_str(cf, field[2]));
	value = main_cf_get(cf, name, err);
	if (value == NULL)
		return err_prefix(err, "%s", name);
	print_open_record(call->print, NULL);
	print_str(call->print, "name", field[0]);
	print_bool(call->print, "set", set != NULL);
	print_strz(call->print, "value", value);
	print_close(call->print);
	return 0;
}

static struct str
name_of(struct str line)
{
	ptrdiff_t tab = str_chr(line, '\t');

	return str_sub(line, 0, tab < 0 ? 0 : (size_t)tab);
}

/* Is this line's parameter one that was asked for? */
static bool
is_wanted(const struct verb_call *call, struct main_cf *cf, struct str line)
{
	struct str name = name_of(line);
	char text[256];

	if (name.len == 0 || name.len >= sizeof(text))
		return false;
	(void)snprintf(text, sizeof(text), "%" STR_F, STR_A(name));
	if (call->args_len == 0)
		return verb_option(call, "--all") != NULL ||
		    main_cf_find(cf, text) != NULL;
	for (size_t i = 0; i < call->args_len; i++) {
		if (strcmp(call->args[i], text) == 0)
			return true;
	}
	return false;
}

static int
config(struct verb_call *call, struct err *err)
{
	struct main_cf *cf = verb_main_cf(call, err);
	struct str rest, line;
	struct buf report;
	struct hash *seen;
	size_t found = 0;
	int ret;

	if (cf == NULL)
		return -1;
	seen = hash_new();
	ret = run_master(call->env, "-P", &report, err);
	rest = buf_str(&report);
	print_open_list(call->print, "parameters");
	while (ret == 0 && str_split(&rest, '\n', &line)) {
		/* Several programs know it: the first says it for all. */
		if (!is_wanted(call, cf, line) ||
		    hash_put(seen, name_of(line), call) != NULL)
			continue;
		found++;
		ret = print_parameter(call, cf, line, err);
	}
	print_close(call->print);
	buf_clear(&report);
	hash_free(seen);
	if (ret > 0)
		return err_set(err, ERR_TEMP, "no list of parameters");
	if (ret == 0 && found < call->args_len)
		return err_set(err, ERR_NOENT, "no such parameter");
	return ret;
}

const struct verb config_verbs[] = {
	{ VERB_ANYONE, "config", "[NAME...]", "--all",
	    "show parameters and their values", .run = config },
	{ .who = VERB_END },
};
