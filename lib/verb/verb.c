#include "verb/verb.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf/common.h"
#include "verb/families.h"

static const struct verb *const families[] = {
	setup_verbs,
	service_verbs,
	config_verbs,
	check_verbs,
	tls_verbs,
	queue_verbs,
	quarantine_verbs,
	mailbox_verbs,
	undelete_verbs,
	share_verbs,
	export_verbs,
	import_verbs,
	domain_verbs,
	user_verbs,
	group_verbs,
	quota_verbs,
	alias_verbs,
};

const struct verb *
verb_at(size_t i)
{
	for (size_t f = 0; f < NELEMS(families); f++) {
		for (const struct verb *v = families[f]; v->who != VERB_END;
		     v++) {
			if (i-- == 0)
				return v;
		}
	}
	return NULL;
}

/* How many words of name argv begins with; 0 if not all of them. */
static int
match(const char *name, int argc, char **argv)
{
	struct str rest = str_of(name), word;
	int words = 0;

	while (str_split(&rest, ' ', &word)) {
		if (words == argc || !str_eqz(word, argv[words]))
			return 0;
		words++;
	}
	return words;
}

const struct verb *
verb_find(int argc, char **argv, int *words)
{
	const struct verb *verb, *best = NULL;

	*words = 0;
	for (size_t i = 0; (verb = verb_at(i)) != NULL; i++) {
		int count = match(verb->name, argc, argv);

		if (count > *words) {
			*words = count;
			best = verb;
		}
	}
	return best;
}

/* Does the verb know this option, and does it take a value? */
static bool
knows(const struct verb *verb, const char *name, bool *takes_value)
{
	struct str rest = str_of(verb->options == NULL ? "" : verb->options);
	struct str word;
	bool found = false;

	*takes_value = false;
	while (str_split(&rest, ' ', &word)) {
		if (found) {
			*takes_value = word.len > 0 && word.p[0] != '-';
			return true;
		}
		found = str_eqz(word, name);
	}
	return found;
}

/* From "ADDRESS [NAME] TARGET...": how many there may be. */
static void
count_args(const char *args, size_t *min, size_t *max)
{
	struct str rest = str_of(args == NULL ? "" : args), word;

	*min = *max = 0;
	while (str_split(&rest, ' ', &word)) {
		bool many = str_find(word, STR("...")) >= 0;

		if (word.len == 0)
			continue;
		if (word.p[0] != '[')
			++*min;
		*max = many ? VERB_ARGS_MAX : *max + 1;
	}
}

/* "--name", "--name=value" or "--name value". Returns how many were taken. */
static int
take_option(struct verb_call *call, int argc, char **argv, struct err *err)
{
	struct verb_option *option = &call->options[call->options_len];
	char *equals = strchr(argv[0], '=');
	bool takes_value;
	int taken = 1;

	if (equals != NULL)
		*equals = '\0';
	if (!knows(call->verb, argv[0], &takes_value))
		return verb_usage(call, err, "unknown option %s", argv[0]);
	if (call->options_len == VERB_OPTIONS_MAX)
		return verb_usage(call, err, "too many options");
	option->name = argv[0];
	option->value = equals != NULL ? equals + 1 : "";
	if (takes_value && equals == NULL) {
		if (argc < 2)
			return verb_usage(call, err, "%s needs a value",
			    argv[0]);
		option->value = argv[1];
		taken = 2;
	} else if (!takes_value && equals != NULL) {
		return verb_usage(call, err, "%s takes no value", argv[0]);
	}
	call->options_len++;
	return taken;
}

int
verb_parse(struct verb_call *call, int argc, char **argv, struct err *err)
{
	size_t min, max;
	bool only_args = false;
	int taken;

	/* Positional arguments are moved to the front of argv. */
	call->args = (const char *const *)argv;
	call->args_len = 0;
	for (int i = 0; i < argc; i += taken) {
		taken = 1;
		if (!only_args && strcmp(argv[i], "--") == 0) {
			only_args = true;
		} else if (!only_args && strncmp(argv[i], "--", 2) == 0) {
			taken = take_option(call, argc - i, argv + i, err);
			if (taken < 0)
				return -1;
		} else {
			argv[call->args_len++] = argv[i];
		}
	}
	if (call->args_len < (size_t)argc)
		argv[call->args_len] = NULL;
	count_args(call->verb->args, &min, &max);
	if (call->args_len < min)
		return verb_usage(call, err, "an argument is missing");
	if (call->args_len > max)
		return verb_usage(call, err, "too many arguments");
	return 0;
}

const char *
verb_option(const struct verb_call *call, const char *name)
{
	for (size_t i = 0; i < call->options_len; i++) {
		if (strcmp(call->options[i].name, name) == 0)
			return call->options[i].value;
	}
	return NULL;
}

int
verb_usage(struct verb_call *call, struct err *err, const char *fmt, ...)
{
	char text[sizeof(err->text)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	call->is_usage = true;
	return err_set(err, ERR_SYNTAX, "%s", text);
}

struct main_cf *
verb_main_cf(struct verb_call *call, struct err *err)
{
	struct problems problems = { 0 };
	struct main_cf *cf;

	if (call->env->cf != NULL)
		return call->env->cf;
	cf = main_cf_new();
	if (main_cf_read(cf, call->env->dirfd, "etc/main.cf", &problems, err) <
	    0) {
		main_cf_free(cf);
		return NULL;
	}
	/* Wrong lines are the matter of "check"; the others count here. */
	problems_clear(&problems);
	conf_common_defaults(cf);
	return call->env->cf = cf;
}
