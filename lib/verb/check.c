#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "verb/checkup.h"
#include "verb/control.h"
#include "verb/families.h"
#include "verb/run.h"

enum { PROBLEM_MAX = 1000 };

static void
add(struct checkup *c, const char *level, struct str text)
{
	print_open_record(c->call->print, NULL);
	print_strz(c->call->print, "level", level);
	print_str(c->call->print, "text", text);
	print_close(c->call->print);
	c->count++;
	c->errors += strcmp(level, "error") == 0;
}

void
checkup_say(struct checkup *c, const char *level, const char *fmt, ...)
{
	char text[PROBLEM_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	add(c, level, str_of(text));
}

/*
 * If the server runs: what in the files it could not take by a reload. Those
 * who may not ask it, or where it does not run, look at the files alone.
 */
static void
add_changes(struct checkup *c, struct str known)
{
	struct str rest, line;
	struct buf answer;
	struct err err;

	buf_init(&answer, CONTROL_ANSWER_MAX);
	if (control_ask(c->call->env, "changes", &answer, NULL, &err) == 0) {
		rest = buf_str(&answer);
		while (str_split(&rest, '\n', &line)) {
			if (line.len > 0 && str_find(known, line) < 0)
				add(c, "restart", line);
		}
	}
	buf_clear(&answer);
}

/* master's report: lines of "error TAB text" or "warning TAB text". */
static void
add_report(struct checkup *c, struct str report)
{
	struct str line, level;

	while (str_split(&report, '\n', &line)) {
		if (str_split(&line, '\t', &level) && line.p != NULL)
			add(c, str_eqz(level, "error") ? "error" : "warning",
			    line);
	}
}

static int
check(struct verb_call *call, struct err *err)
{
	struct checkup c = { .call = call };
	struct buf report;
	int status = run_master(call->env, "-T", &report, err);

	print_open_list(call->print, "problems");
	if (status >= 0)
		add_report(&c, buf_str(&report));
	if (status >= 0 && (c.cf = verb_main_cf(call, err)) != NULL) {
		if (status == 0)
			add_changes(&c, buf_str(&report));
		checkup_files(&c);
		checkup_tls(&c);
		checkup_reach(&c);
	}
	print_close(call->print);
	buf_clear(&report);
	if (status < 0 || (status == 0 && c.cf == NULL))
		return -1;
	if (status > 0 && c.errors == 0)
		return err_set(err, ERR_TEMP, "the check could not be made");
	if (c.count == 0)
		print_line(call->print, "no problems found");
	return c.errors > 0 ? err_set(err, ERR_SYNTAX, "%zu error%s", c.errors,
				  c.errors == 1 ? "" : "s") :
			      0;
}

const struct verb check_verbs[] = {
	{ VERB_ANYONE, "check", "", "--dns",
	    "look for mistakes: files, certificate, ports, directory, DNS",
	    .run = check },
	{ .who = VERB_END },
};
