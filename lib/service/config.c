#include <stdio.h>
#include <stdlib.h>
#include <fcntl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "conf/common.h"
#include "service/impl.h"

/* A new struct main_cf from fd, else the path, with -o over it. */
static struct main_cf *
read_main_cf(struct daemon *d, int fd, struct problems *problems)
{
	struct main_cf *cf = main_cf_new();
	struct err err;
	int ret = 0;

	if (fd >= 0)
		ret = main_cf_read_fd(cf, "main.cf", fd, problems, &err);
	else if (d->main_cf_path != NULL)
		ret =
		    main_cf_read(cf, AT_FDCWD, d->main_cf_path, problems, &err);
	if (ret < 0)
		problem_error(problems, NULL, 0, "%s", err.text);
	for (size_t i = 0; i < d->overrides_len; i++) {
		if (main_cf_override(cf, "-o", str_of(d->overrides[i]), &err) <
		    0)
			problem_error(problems, "-o", 0, "%s: %s",
			    d->overrides[i], err.text);
	}
	conf_common_defaults(cf);
	return cf;
}

/* A check refused what the parameters hold already: they get the old again. */
static void
fill_again(struct daemon *d)
{
	struct problems none = { 0 };

	if (d->cf != NULL)
		(void)conf_fill(d->cf, d->ops->params, d->ctx, &none);
	problems_clear(&none);
}

/* Read and fill; on success cf becomes d->cf. */
static int
load(struct daemon *d, int fd, struct problems *problems)
{
	struct main_cf *cf = read_main_cf(d, fd, problems);

	/* Also after errors in the file: all of them are wanted at once. */
	if (problems->errors > 0)
		conf_check(cf, d->ops->params, problems);
	else if (conf_fill(cf, d->ops->params, d->ctx, problems) == 0 &&
	    d->ops->check != NULL) {
		d->ops->check(cf, d->ctx, problems);
		if (problems->errors > 0)
			fill_again(d);
	}
	if (problems->errors > 0) {
		main_cf_free(cf);
		return -1;
	}
	/* Whoever copied a string of the old one may use it for ever. */
	if (d->cf != NULL) {
		d->old = xreallocarray(d->old, d->old_len + 1,
		    sizeof(struct main_cf *));
		d->old[d->old_len++] = d->cf;
	}
	d->cf = cf;
	return 0;
}

static int
load_or_say(struct daemon *d, int fd, struct err *err)
{
	struct problems problems = { 0 };
	int ret = load(d, fd, &problems);

	for (size_t i = 0; ret < 0 && i < problems.len; i++) {
		if (!problems.list[i].is_warning)
			log_error("%s", problems.list[i].text);
	}
	if (ret < 0)
		err_set(err, ERR_SYNTAX, "%d errors in the configuration",
		    problems.errors);
	problems_clear(&problems);
	return ret;
}

int
config_load(struct daemon *d, struct err *err)
{
	return load_or_say(d, daemon_fd(d, "main.cf"), err);
}

int
config_reload(struct daemon *d, int fd, struct err *err)
{
	return load_or_say(d, fd, err);
}

static void
print_known(const struct conf_param *param, void *arg)
{
	(void)arg;
	(void)printf("known\t%s\n", param->name);
}

int
config_check(struct daemon *d)
{
	struct problems problems = { 0 };
	int ret = load(d, daemon_fd(d, "main.cf"), &problems);

	/* For master to read: a word, then the text. */
	conf_each(d->ops->params, print_known, NULL);
	for (size_t i = 0; d->cf != NULL && main_cf_known(d->cf, i) != NULL;
	     i++)
		(void)printf("known\t%s\n", main_cf_known(d->cf, i));
	for (size_t i = 0; i < problems.len; i++)
		(void)printf("%s\t%s\n",
		    problems.list[i].is_warning ? "warning" : "error",
		    problems.list[i].text);
	problems_clear(&problems);
	return ret < 0;
}

static void
print_param(const struct conf_param *param, void *arg)
{
	(void)arg;
	(void)printf("%s\t%s\t%s\n", param->name, conf_kind_name(param->kind),
	    param->value);
}

void
config_print(const struct daemon *d)
{
	conf_each(d->ops->params, print_param, NULL);
}

void
config_free(struct daemon *d)
{
	for (size_t i = 0; i < d->old_len; i++)
		main_cf_free(d->old[i]);
	free(d->old);
	main_cf_free(d->cf);
}
