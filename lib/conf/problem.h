/*
 * problem - what is wrong with the configuration: every error at once.
 *
 * Reading a configuration never stops at the first mistake. Each is added
 * here with its file and line, and the caller looks at the count at the end.
 */
#ifndef CONF_PROBLEM_H
#define CONF_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

enum { PROBLEMS_MAX = 200 }; /* more are counted, not kept */

struct problem {
	bool is_warning;
	char *text; /* "main.cf:12: what is wrong" */
};

struct problems {
	struct problem *list;
	size_t len;
	int errors, warnings; /* all of them, kept or not */
};

void problems_clear(struct problems *problems);

/* line 0: the file as a whole. file NULL: no file to name. */
void problem_error(struct problems *problems, const char *file, int line,
    const char *fmt, ...) PRINTFLIKE(4, 5);
void problem_warn(struct problems *problems, const char *file, int line,
    const char *fmt, ...) PRINTFLIKE(4, 5);

/* Each as a line of the log, by its level. */
void problems_log(const struct problems *problems);

#endif
