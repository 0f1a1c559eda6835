#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "verb/control.h"
#include "verb/families.h"
#include "verb/run.h"
#include "verb/status.h"

static int
start(struct verb_call *call, struct err *err)
{
	char master[4096];
	const char *argv[] = { master, "-d", "-C", call->env->dir, NULL, NULL };
	int status;

	/* Lets "probe" try the jails from inside: for the test of them. */
	if (getenv("CHANCERY_JAIL_TEST") != NULL)
		argv[4] = "-j";

	(void)snprintf(master, sizeof(master), "%s/master", call->env->libexec);
	status = run_program(argv, NULL, err);
	if (status < 0)
		return -1;
	if (status != 0) /* master has said why, on standard error */
		return err_set(err, ERR_TEMP, "the server did not start");
	print_line(call->print, "started");
	return 0;
}

static int
stop(struct verb_call *call, struct err *err)
{
	if (control_ask(call->env, "stop", NULL, NULL, err) < 0)
		return -1;
	print_line(call->print, "stopped");
	return 0;
}

/* master says so where the service is not up again in time. */
static int
restart_one(struct verb_call *call, struct err *err)
{
	char request[CONTROL_REQUEST_MAX];
	struct str rest, line;
	struct buf answer;
	int ret;

	(void)snprintf(request, sizeof(request), "restart %s", call->args[0]);
	buf_init(&answer, CONTROL_ANSWER_MAX);
	ret = control_ask(call->env, request, &answer, NULL, err);
	rest = buf_str(&answer);
	while (ret == 0 && str_split(&rest, '\n', &line)) {
		if (str_starts(line, STR("not every service")))
			ret = err_set(err, ERR_TEMP, "%" STR_F, STR_A(line));
	}
	buf_clear(&answer);
	return ret;
}

static int
restart(struct verb_call *call, struct err *err)
{
	if (call->args_len > 0)
		return restart_one(call, err);
	if (control_ask(call->env, "stop", NULL, NULL, err) < 0 &&
	    err->kind != ERR_NOENT)
		return -1;
	return start(call, err);
}

static int
reload(struct verb_call *call, struct err *err)
{
	struct buf answer;
	struct str rest, line;
	int ret;

	buf_init(&answer, CONTROL_ANSWER_MAX);
	ret = control_ask(call->env, "reload", &answer, NULL, err);
	rest = buf_str(&answer);
	while (ret == 0 && str_split(&rest, '\n', &line)) {
		if (line.len > 0)
			print_line(call->print, "%" STR_F, STR_A(line));
	}
	buf_clear(&answer);
	return ret;
}

static int
status(struct verb_call *call, struct err *err)
{
	struct buf answer;
	int ret;

	buf_init(&answer, CONTROL_ANSWER_MAX);
	ret = control_ask(call->env, "status", &answer, NULL, err);
	if (ret == 0)
		ret = status_print(call->print, buf_str(&answer),
		    verb_option(call, "--counters") != NULL, err);
	buf_clear(&answer);
	return ret;
}

/* Not in the manual: for the jail test, where master was told to allow it. */
static int
probe(struct verb_call *call, struct err *err)
{
	char request[CONTROL_REQUEST_MAX];
	struct buf answer;
	int ret;

	buf_init(&answer, CONTROL_ANSWER_MAX);
	(void)snprintf(request, sizeof(request), "probe %s %s", call->args[0],
	    call->args[1]);
	ret = control_ask(call->env, request, &answer, NULL, err);
	if (ret == 0)
		print_line(call->print, "%s", buf_cstr(&answer));
	buf_clear(&answer);
	return ret;
}

const struct verb service_verbs[] = {
	{ VERB_OPERATOR, "start", "", "", "start the server", .run = start },
	{ VERB_OPERATOR, "stop", "", "", "stop it, in order", .run = stop },
	{ VERB_OPERATOR, "restart", "[SERVICE]", "",
	    "stop and start the server, or one service of it", .run = restart },
	{ VERB_OPERATOR, "reload", "", "",
	    "take the new configuration and certificate", .run = reload },
	{ VERB_OPERATOR, "status", "", "--counters",
	    "show the services, their jails and counters", .run = status },
	{ VERB_OPERATOR, "probe", "SERVICE WHAT", "", NULL, .run = probe },
	{ .who = VERB_END },
};
