#include "conf/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/log.h"

void
problems_clear(struct problems *problems)
{
	for (size_t i = 0; i < problems->len; i++)
		free(problems->list[i].text);
	free(problems->list);
	*problems = (struct problems){ 0 };
}

static void add(struct problems *problems, bool is_warning, const char *file,
    int line, const char *fmt, va_list ap) PRINTFLIKE(5, 0);

static void
add(struct problems *problems, bool is_warning, const char *file, int line,
    const char *fmt, va_list ap)
{
	char text[500];
	int at = 0;

	if (is_warning)
		problems->warnings++;
	else
		problems->errors++;
	if (problems->len == PROBLEMS_MAX)
		return;
	if (file != NULL && line > 0)
		at = snprintf(text, sizeof(text), "%s:%d: ", file, line);
	else if (file != NULL)
		at = snprintf(text, sizeof(text), "%s: ", file);
	if (at > (int)sizeof(text) - 1)
		at = (int)sizeof(text) - 1;
	(void)vsnprintf(text + at, sizeof(text) - (size_t)at, fmt, ap);
	if (problems->list == NULL)
		problems->list = xcalloc(PROBLEMS_MAX, sizeof(struct problem));
	problems->list[problems->len++] =
	    (struct problem){ is_warning, xstrdup(text) };
}

void
problem_error(struct problems *problems, const char *file, int line,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(problems, false, file, line, fmt, ap);
	va_end(ap);
}

void
problem_warn(struct problems *problems, const char *file, int line,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(problems, true, file, line, fmt, ap);
	va_end(ap);
}

void
problems_log(const struct problems *problems)
{
	for (size_t i = 0; i < problems->len; i++) {
		if (problems->list[i].is_warning)
			log_warn("%s", problems->list[i].text);
		else
			log_error("%s", problems->list[i].text);
	}
}
