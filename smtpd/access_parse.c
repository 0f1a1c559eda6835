#include "smtpd/access_parse.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "dict/dict.h"

void
access_steps_clear(struct access_steps *steps)
{
	for (size_t i = 0; i < steps->len; i++) {
		free(steps->step[i].argument);
		dict_close(steps->step[i].table);
	}
	free(steps->step);
	*steps = (struct access_steps){ 0 };
}

static const struct access_steps *
find_class(const struct access *access, struct str name)
{
	for (size_t i = 0; access != NULL && i < access->named_len; i++) {
		if (str_eqz(name, access->named[i].name))
			return &access->named[i].steps;
	}
	return NULL;
}

static struct access_step *
add_step(struct access_steps *steps)
{
	steps->step =
	    xreallocarray(steps->step, steps->len + 1, sizeof(*steps->step));
	steps->step[steps->len] = (struct access_step){ 0 };
	return &steps->step[steps->len++];
}

static int
take_argument(struct access_step *step, bool tables, struct str *in,
    struct err *err)
{
	struct str word;

	if (step->rule->argument == ARGUMENT_NONE)
		return 0;
	if (!dict_next_word(in, &word))
		return err_set(err, ERR_SYNTAX, "%s needs a %s",
		    step->rule->name,
		    step->rule->argument == ARGUMENT_TABLE ? "type:table" :
							     "domain");
	step->argument = xstrndup(word.p, word.len);
	if (step->rule->argument != ARGUMENT_TABLE)
		return 0;
	if (!tables)
		return err_set(err, ERR_SYNTAX, "%s in a table",
		    step->rule->name);
	step->table = dict_open(step->argument, err);
	return step->table == NULL ? err_prefix(err, "%s", step->rule->name) :
				     0;
}

static int
parse_word(struct access_steps *steps, const struct access *access, bool tables,
    struct str word, struct str *in, struct err *err)
{
	const struct access_rule *rule = access_rule_find(word);
	const struct access_steps *class = find_class(access, word);
	struct access_step *step;

	if (rule == NULL && class == NULL) {
		if (str_chr(word, ':') > 0)
			return err_set(err, ERR_SYNTAX,
			    "check_..._access expected before \"%" STR_F "\"",
			    STR_A(word));
		return err_set(err, ERR_SYNTAX,
		    "unknown restriction \"%" STR_F "\"", STR_A(word));
	}
	step = add_step(steps);
	step->rule = rule;
	step->class = class;
	return rule == NULL ? 0 : take_argument(step, tables, in, err);
}

int
access_parse(struct access_steps *steps, const struct access *access,
    bool tables, struct str text, struct err *err)
{
	struct str word;
	bool warn = false;
	int ret = 0;

	*steps = (struct access_steps){ 0 };
	while (ret == 0 && dict_next_word(&text, &word)) {
		if (str_eqz(word, "warn_if_reject")) {
			warn = true;
			continue;
		}
		ret = parse_word(steps, access, tables, word, &text, err);
		if (ret == 0)
			steps->step[steps->len - 1].warn = warn;
		warn = false;
	}
	if (ret == 0 && warn)
		ret = err_set(err, ERR_SYNTAX, "nothing behind warn_if_reject");
	if (ret < 0)
		access_steps_clear(steps);
	return ret;
}

struct access *
access_new(void)
{
	return xcalloc(1, sizeof(struct access));
}

void
access_free(struct access *access)
{
	if (access == NULL)
		return;
	for (size_t i = 0; i < ACCESS_LISTS; i++)
		access_steps_clear(&access->list[i]);
	for (size_t i = 0; i < access->named_len; i++) {
		free(access->named[i].name);
		access_steps_clear(&access->named[i].steps);
	}
	free(access->named);
	free(access);
}

int
access_class(struct access *access, struct str name, const char *text,
    struct err *err)
{
	struct access_steps steps;

	if (access_rule_find(name) != NULL)
		return err_set(err, ERR_SYNTAX,
		    "\"%" STR_F "\" is a restriction's name", STR_A(name));
	if (find_class(access, name) != NULL)
		return err_set(err, ERR_SYNTAX, "\"%" STR_F "\" is there twice",
		    STR_A(name));
	if (access->named_len == ACCESS_CLASSES_MAX)
		return err_set(err, ERR_LIMIT, "more than %d classes",
		    ACCESS_CLASSES_MAX);
	if (access_parse(&steps, access, true, str_of(text), err) < 0)
		return -1;
	/* In one piece from the first on: steps point to them. */
	if (access->named == NULL)
		access->named =
		    xcalloc(ACCESS_CLASSES_MAX, sizeof(*access->named));
	access->named[access->named_len++] =
	    (struct access_named){ xstrndup(name.p, name.len), steps };
	return 0;
}

int
access_set(struct access *access, enum access_list list, const char *text,
    struct err *err)
{
	access_steps_clear(&access->list[list]);
	return access_parse(&access->list[list], access, true, str_of(text),
	    err);
}

/* Does anything in the list stop a stranger, sooner or later? */
static bool
stops(const struct access_steps *steps)
{
	static const char *const names[] = { "reject", "defer",
		"defer_if_permit", "reject_unauth_destination",
		"defer_unauth_destination" };

	for (size_t i = 0; i < steps->len; i++) {
		const struct access_step *step = &steps->step[i];

		if (step->rule != NULL &&
		    strcmp(step->rule->name, "permit") == 0)
			return false;
		if (step->warn)
			continue;
		if (step->class != NULL && stops(step->class))
			return true;
		for (size_t n = 0; step->rule != NULL && n < NELEMS(names); n++)
			if (strcmp(step->rule->name, names[n]) == 0)
				return true;
	}
	return false;
}

int
access_check_relay(const struct access *access, struct err *err)
{
	if (stops(&access->list[ACCESS_RELAY]) ||
	    stops(&access->list[ACCESS_RECIPIENT]))
		return 0;
	return err_set(err, ERR_SYNTAX,
	    "here or in smtpd_recipient_restrictions one of "
	    "reject_unauth_destination, defer_unauth_destination, reject, "
	    "defer, defer_if_permit must stand: anybody could send anywhere");
}
