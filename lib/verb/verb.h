/*
 * verb - what an operator can ask for: one table of verbs.
 *
 * Each verb is one function in a row of a family's table ("user add"), with
 * its arguments and who may call it, so that the command line and later the
 * web offer the same by the same code. It prints through lib/verb/print,
 * which makes text or JSON of it.
 *
 * A family is a file: user.c defines user_verbs[], declared in
 * verb/families.h and listed in verb.c.
 */
#ifndef VERB_VERB_H
#define VERB_VERB_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "conf/main_cf.h"
#include "verb/print.h"

enum verb_who {
	VERB_END,      /* of a table */
	VERB_ANYONE,   /* whoever can run the command */
	VERB_OPERATOR, /* root, group chancery, the owner of DIR */
};

enum { VERB_OPTIONS_MAX = 16, VERB_ARGS_MAX = 1024 };

struct verb_call;
struct people;

typedef int people_fn(struct people *people, struct verb_call *call,
    struct err *err);

struct verb {
	enum verb_who who;
	const char *name; /* one or two words: "user add" */
	/*
	 * Positional arguments as people read them, in order: "ADDRESS
	 * TARGET...". In brackets: may be left out; dots: one or more.
	 */
	const char *args;
	/*
	 * Options: "--quota SIZE --purge": a word in capitals behind one
	 * means that it takes a value. --json and --help are everybody's.
	 */
	const char *options;
	const char *help; /* one line */
	/* 0, or -1 with err set. verb_usage() for arguments that are wrong. */
	int (*run)(struct verb_call *call, struct err *err);
	/* Where run is people_verb: what it calls, with the directory. */
	people_fn *people;
};

struct verb_option {
	const char *name;  /* "--quota" */
	const char *value; /* "" for one without */
};

/* Where a verb acts: one instance. */
struct verb_env {
	const char *dir;     /* DIR, absolute */
	const char *libexec; /* the folder of the daemons, absolute */
	const char *share;   /* the folder of schema files */
	int dirfd;           /* DIR, opened; -1 before setup made it */
	struct main_cf *cf;  /* NULL until verb_main_cf() */
};

struct verb_call {
	const struct verb *verb;
	struct verb_env *env;
	struct print *print;
	const char *const *args; /* NULL behind the last */
	size_t args_len;
	struct verb_option options[VERB_OPTIONS_MAX];
	size_t options_len;
	bool is_usage; /* set by verb_usage() */
	void *work;    /* of the verb's own functions */
};

/* The value of "--name", "" if it takes none, NULL if it was not given. */
const char *verb_option(const struct verb_call *call, const char *name);

/* The arguments are wrong: exit status 2. Returns -1. */
int verb_usage(struct verb_call *call, struct err *err, const char *fmt, ...)
    PRINTFLIKE(3, 4);

/* The instance's main.cf with the common defaults; NULL with err set. */
struct main_cf *verb_main_cf(struct verb_call *call, struct err *err);

/*
 * A connection to the service of this name ("qmgr", "stored") as the role
 * "ctl", by way of master. The caller's to close. ERR_NOENT: the server does
 * not run; ERR_DENIED: master refuses, for this user may not, say.
 */
int verb_connect(struct verb_call *call, const char *service, struct err *err);

/* The row that argv begins with, *words set to how many of it; else NULL. */
const struct verb *verb_find(int argc, char **argv, int *words);
/*
 * Sort what stands behind the verb's words into call. ERR_SYNTAX: unknown
 * option, too few or many arguments.
 */
int verb_parse(struct verb_call *call, int argc, char **argv, struct err *err);
/* The i-th verb of all families, NULL behind the last. */
const struct verb *verb_at(size_t i);

#endif
