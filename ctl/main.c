/*
 * chancery - the operator's command: words to a verb, a verb to its function.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "ctl/sendmail.h"
#include "verb/verb.h"

enum { EXIT_OK, EXIT_TROUBLE, EXIT_USAGE };

static const char default_dir[] = "/var/lib/chancery";

struct paths {
	char libexec[PATH_MAX], share[PATH_MAX], dir[PATH_MAX];
};

/*
 * Installed we are PREFIX/sbin/chancery, with PREFIX/libexec/chancery and
 * PREFIX/share/chancery; in a build, bin/chancery with libexec beside bin
 * and the schema in the source's etc.
 */
static void
find_paths(struct paths *paths)
{
	char self[PATH_MAX - 64], probe[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (len <= 0)
		fatal("/proc/self/exe: %s", strerror(errno));
	self[len] = '\0';
	for (int i = 0; i < 2; i++) {
		char *slash = strrchr(self, '/');

		if (slash != NULL)
			*slash = '\0';
	}
	(void)snprintf(probe, sizeof(probe), "%s/libexec/chancery", self);
	if (access(probe, X_OK) == 0) {
		(void)snprintf(paths->libexec, sizeof(paths->libexec),
		    "%s/libexec/chancery", self);
		(void)snprintf(paths->share, sizeof(paths->share),
		    "%s/share/chancery", self);
	} else {
		(void)snprintf(paths->libexec, sizeof(paths->libexec),
		    "%s/libexec", self);
		(void)snprintf(paths->share, sizeof(paths->share), "%s/../etc",
		    self);
	}
}

static void
find_dir(struct paths *paths, const char *dir)
{
	char real[PATH_MAX];

	/* Absolute, as verbs and master may change folders. */
	if (realpath(dir, real) != NULL)
		dir = real;
	if (dir[0] == '/') {
		(void)snprintf(paths->dir, sizeof(paths->dir), "%s", dir);
		return;
	}
	if (getcwd(real, sizeof(real)) == NULL)
		fatal("current folder: %s", strerror(errno));
	if (snprintf(paths->dir, sizeof(paths->dir), "%s/%s", real, dir) >=
	    (int)sizeof(paths->dir))
		fatal("%s: name too long", dir);
}

static void
list_verbs(FILE *out)
{
	const struct verb *verb;

	(void)fprintf(out, "usage: chancery [-C DIR] [--json] VERB ...\n\n");
	for (size_t i = 0; (verb = verb_at(i)) != NULL; i++) {
		if (verb->help != NULL)
			(void)fprintf(out, "  %-18s %s\n", verb->name,
			    verb->help);
	}
	(void)fprintf(out, "\n\"chancery VERB --help\" says more.\n");
}

static void
explain(FILE *out, const struct verb *verb)
{
	(void)fprintf(out, "usage: chancery [-C DIR] [--json] %s%s%s%s%s\n",
	    verb->name, verb->args != NULL && *verb->args != '\0' ? " " : "",
	    verb->args != NULL ? verb->args : "",
	    verb->options != NULL && *verb->options != '\0' ? " " : "",
	    verb->options != NULL ? verb->options : "");
}

/* The last part of the name we were called by. */
static const char *
called_as(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash == NULL ? name : slash + 1;
}

/* Take everybody's options out of argv, wherever they stand. */
static int
take_common(int argc, char **argv, bool *json, bool *help)
{
	int kept = 0;

	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0) {
			while (i < argc)
				argv[kept++] = argv[i++];
			break;
		}
		if (strcmp(argv[i], "--json") == 0)
			*json = true;
		else if (strcmp(argv[i], "--help") == 0)
			*help = true;
		else
			argv[kept++] = argv[i];
	}
	argv[kept] = NULL;
	return kept;
}

static int
run(const struct verb *verb, struct verb_env *env, int argc, char **argv,
    bool json)
{
	struct verb_call call = { .verb = verb, .env = env };
	struct err err = { 0 };
	int ret;

	if (verb_parse(&call, argc, argv, &err) < 0) {
		(void)fprintf(stderr, "chancery: %s\n", err.text);
		explain(stderr, verb);
		return EXIT_USAGE;
	}
	call.print = print_new(stdout, json);
	ret = verb->run(&call, &err);
	if (print_free(call.print) < 0 && ret == 0)
		ret = err_set(&err, ERR_TEMP, "could not write everything");
	if (ret == 0)
		return EXIT_OK;
	(void)fprintf(stderr, "chancery: %s\n", err.text);
	return call.is_usage ? EXIT_USAGE : EXIT_TROUBLE;
}

/* "-C DIR" in front of the words. */
static void
take_dir(int *argc, char ***argv, const char **dir)
{
	if (*argc < 2 || strcmp((*argv)[0], "-C") != 0)
		return;
	*dir = (*argv)[1];
	*argc -= 2;
	*argv += 2;
}

static int
run_in(const char *dir, const struct verb *verb, int argc, char **argv,
    bool json)
{
	struct verb_env env = { 0 };
	struct paths paths;
	int status;

	find_paths(&paths);
	find_dir(&paths, dir);
	env.dir = paths.dir;
	env.libexec = paths.libexec;
	env.share = paths.share;
	env.dirfd = open(paths.dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (env.dirfd < 0 && strcmp(verb->name, "setup") != 0) {
		(void)fprintf(stderr,
		    "chancery: %s: %s (\"chancery setup\" makes an "
		    "instance)\n",
		    paths.dir, strerror(errno));
		return EXIT_TROUBLE;
	}
	status = run(verb, &env, argc, argv, json);
	main_cf_free(env.cf);
	if (env.dirfd >= 0)
		(void)close(env.dirfd);
	return status;
}

/* Programs that changed /etc/aliases call it and look at the exit status. */
static int
newaliases(void)
{
	(void)printf("aliases live in the directory: see \"chancery alias "
		     "list\"; there is nothing to rebuild\n");
	return EXIT_OK;
}

int
main(int argc, char **argv)
{
	char mailq_option[] = "--mailq";
	char *queue_list[] = { argv[0], "queue", "list", mailq_option, NULL };
	bool json = false, help = false;
	const char *dir = default_dir;
	const struct verb *verb;
	int words;

	log_init("chancery", LOG_LEVEL_INFO);
	if (strcmp(called_as(argv[0]), "sendmail") == 0)
		return sendmail(dir, argc, argv);
	if (strcmp(called_as(argv[0]), "newaliases") == 0)
		return newaliases();
	if (strcmp(called_as(argv[0]), "mailq") == 0) {
		argc = 4;
		argv = queue_list;
	}
	argc--;
	argv++;
	take_dir(&argc, &argv, &dir);
	/* Its words are sendmail's own, not a verb's. */
	if (argc >= 1 && strcmp(argv[0], "sendmail") == 0)
		return sendmail(dir, argc, argv);
	argc = take_common(argc, argv, &json, &help);
	take_dir(&argc, &argv, &dir);
	verb = verb_find(argc, argv, &words);
	if (verb == NULL) {
		list_verbs(help || argc == 0 ? stdout : stderr);
		return help ? EXIT_OK : EXIT_USAGE;
	}
	if (help) {
		explain(stdout, verb);
		return EXIT_OK;
	}
	return run_in(dir, verb, argc - words, argv + words, json);
}
