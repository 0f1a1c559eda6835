/*
 * Lists being asked: in which order, at which command, and what becomes of
 * their verdicts.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "smtpd/access_parse.h"

/* What a list is about: the word in the answer, and when it is asked. */
static const struct {
	enum access_subject subject;
	const char *command;
} lists[ACCESS_LISTS] = {
	[ACCESS_CLIENT] = { SUBJECT_CLIENT, "CONNECT" },
	[ACCESS_HELO] = { SUBJECT_HELO, "HELO" },
	[ACCESS_SENDER] = { SUBJECT_SENDER, "MAIL" },
	[ACCESS_RELAY] = { SUBJECT_RCPT, "RCPT" },
	[ACCESS_RECIPIENT] = { SUBJECT_RCPT, "RCPT" },
};

enum access_subject
access_list_subject(enum access_list list)
{
	return lists[list].subject;
}

bool
access_value(const struct access_run *run, enum access_subject subject,
    struct str *value)
{
	const struct session *s = run->s;

	*value = STR("");
	switch (subject) {
	case SUBJECT_CLIENT:
		*value = s->facts.client_name;
		return true;
	case SUBJECT_REVERSE:
		*value = s->facts.reverse_name;
		return true;
	case SUBJECT_HELO:
		*value = s->helo;
		return s->helo.len > 0;
	case SUBJECT_SENDER:
		*value = s->t.sender.address;
		return s->t.open;
	case SUBJECT_RCPT:
		if (run->rcpt == NULL)
			return false;
		*value = run->rcpt->path.address;
		return true;
	case SUBJECT_USER:
		*value = s->user;
		return s->user.len > 0;
	case SUBJECT_NONE:
		break;
	}
	return false;
}

struct str
access_domain(const struct access_run *run, enum access_subject subject)
{
	struct str value;

	if (!access_value(run, subject, &value))
		return STR("");
	if (subject == SUBJECT_SENDER)
		return run->s->t.sender.domain;
	if (subject == SUBJECT_RCPT)
		return run->rcpt->path.domain;
	if (str_eqz(value, "unknown"))
		return STR("");
	if (value.len > 0 && value.p[value.len - 1] == '.')
		value.len--;
	return value;
}

static void
fill(struct access_run *run, struct access_reply *reply,
    enum access_subject subject, int code, const char *status, const char *text)
{
	static const char *const words[] = {
		[SUBJECT_NONE] = "Client host",
		[SUBJECT_CLIENT] = "Client host",
		[SUBJECT_REVERSE] = "Client host",
		[SUBJECT_HELO] = "Helo command",
		[SUBJECT_SENDER] = "Sender address",
		[SUBJECT_RCPT] = "Recipient address",
		[SUBJECT_USER] = "Client host",
	};
	struct str what;

	reply->code = code;
	(void)snprintf(reply->status, sizeof(reply->status), "%d%s", code / 100,
	    status + 1);
	if (subject < SUBJECT_HELO || subject == SUBJECT_USER ||
	    !access_value(run, subject, &what))
		what = str_of(session_client(run->s));
	(void)snprintf(reply->text, sizeof(reply->text),
	    "<%" STR_F ">: %s rejected: %s", STR_A(what), words[subject], text);
}

#define FORMAT(text)                                                           \
	do {                                                                   \
		va_list ap;                                                    \
		va_start(ap, fmt);                                             \
		(void)vsnprintf((text), sizeof(text), fmt, ap);                \
		va_end(ap);                                                    \
	} while (0)

enum access_verdict
access_reject(struct access_run *run, enum access_subject subject, int code,
    const char *status, const char *fmt, ...)
{
	char text[ACCESS_TEXT_MAX];

	FORMAT(text);
	fill(run, run->reply, subject, code, status, text);
	return ACCESS_REJECT;
}

enum access_verdict
access_reject_plain(struct access_run *run, int code, const char *status,
    const char *fmt, ...)
{
	run->reply->code = code;
	(void)snprintf(run->reply->status, sizeof(run->reply->status), "%d%s",
	    code / 100, status + 1);
	FORMAT(run->reply->text);
	return ACCESS_REJECT;
}

/* To be kept until the end; behind warn_if_reject only logged. */
static enum access_verdict
defer(struct access_run *run, struct access_reply *kept,
    const struct access_reply *reply)
{
	if (run->step != NULL && run->step->warn)
		session_log_reject(run->s, "reject_warning",
		    lists[run->list].command,
		    run->rcpt == NULL ? STR("") : run->rcpt->path.address,
		    reply->code, reply->status, reply->text);
	else if (kept->code == 0)
		*kept = *reply;
	return ACCESS_DUNNO;
}

enum access_verdict
access_defer_if_permit(struct access_run *run, enum access_subject subject,
    int code, const char *status, const char *fmt, ...)
{
	char text[ACCESS_TEXT_MAX];
	struct access_reply reply;

	FORMAT(text);
	fill(run, &reply, subject, code, status, text);
	return defer(run, &run->s->access.if_permit[run->list], &reply);
}

enum access_verdict
access_defer_if_reject(struct access_run *run, enum access_subject subject,
    int code, const char *status, const char *fmt, ...)
{
	char text[ACCESS_TEXT_MAX];
	struct access_reply reply;

	FORMAT(text);
	fill(run, &reply, subject, code, status, text);
	return defer(run, &run->s->access.if_reject, &reply);
}

enum access_verdict
access_trouble(struct access_run *run, enum access_subject subject,
    const struct err *err)
{
	log_warn("%s: %s",
	    run->step != NULL && run->step->rule != NULL ?
		run->step->rule->name :
		"restrictions",
	    err->text);
	return access_reject(run, subject, 451, "4.3.0",
	    "Temporary lookup failure");
}

static enum access_verdict
run_steps(struct access_run *run, const struct access_steps *steps)
{
	enum access_verdict verdict = ACCESS_DUNNO;

	run->depth++;
	for (size_t i = 0; verdict == ACCESS_DUNNO && i < steps->len; i++) {
		const struct access_step *step = &steps->step[i];

		run->step = step;
		verdict = step->class != NULL ? run_steps(run, step->class) :
						step->rule->fn(run, step);
		if (verdict != ACCESS_REJECT || !step->warn)
			continue;
		session_log_reject(run->s, "reject_warning",
		    lists[run->list].command,
		    run->rcpt == NULL ? STR("") : run->rcpt->path.address,
		    run->reply->code, run->reply->status, run->reply->text);
		verdict = ACCESS_DUNNO;
	}
	run->depth--;
	return verdict;
}

int
access_run_text(struct access_run *run, struct str text,
    enum access_verdict *verdict, struct err *err)
{
	const struct access_step *step = run->step;
	struct access_steps steps;

	if (run->depth >= ACCESS_DEPTH_MAX)
		return err_set(err, ERR_LIMIT, "lists in lists too deep");
	if (access_parse(&steps, run->s->conf->access, false, text, err) < 0)
		return -1;
	if (steps.len == 0)
		return err_set(err, ERR_SYNTAX, "empty value");
	*verdict = run_steps(run, &steps);
	access_steps_clear(&steps);
	run->step = step;
	return 0;
}

/* 0, or -1: refused and answered. */
static int
answer(struct access_run *run, const struct access_reply *reply)
{
	struct session *s = run->s;
	struct str rcpt = run->rcpt == NULL ? STR("") : run->rcpt->path.address;
	const char *command =
	    run->rcpt == NULL ? lists[run->list].command : "RCPT";

	if (reply->code == 421 || reply->code == 521)
		s->server.closing = true;
	return session_reject(s, command, rcpt, reply->code, reply->status,
	    "%s", reply->text);
}

static int
run_list(struct access_run *run, enum access_list list)
{
	struct session *s = run->s;
	struct access_step step = {
		.rule = access_rule_find(STR("reject_unlisted_sender")),
	};
	struct access_steps unlisted_sender = { &step, 1 };
	struct access_reply reply = { 0 };
	enum access_verdict verdict;

	run->list = list;
	run->reply = &reply;
	s->access.if_permit[list].code = 0;
	verdict = run_steps(run, &s->conf->access->list[list]);
	if (verdict == ACCESS_DUNNO && list == ACCESS_SENDER &&
	    s->conf->unlisted_sender)
		verdict = run_steps(run, &unlisted_sender);
	if (verdict != ACCESS_REJECT)
		return 0;
	if (reply.code >= 500 && s->access.if_reject.code != 0)
		reply = s->access.if_reject;
	return answer(run, &reply);
}

static int
run_one(struct session *s, enum access_list list)
{
	struct access_run run = { .s = s };

	if (s->conf->access == NULL || s->conf->delay_reject)
		return 0;
	return run_list(&run, list);
}

int
access_connect(struct session *s)
{
	return run_one(s, ACCESS_CLIENT);
}

int
access_helo(struct session *s)
{
	return run_one(s, ACCESS_HELO);
}

int
access_mail(struct session *s)
{
	return run_one(s, ACCESS_SENDER);
}

int
access_rcpt(struct session *s, struct access_rcpt *rcpt)
{
	struct access_run run = { .s = s, .rcpt = rcpt };
	int list = s->conf->delay_reject ? ACCESS_CLIENT : ACCESS_RELAY;

	if (s->conf->access == NULL)
		return 0;
	s->access.if_reject.code = 0;
	for (; list < ACCESS_LISTS; list++) {
		if (run_list(&run, (enum access_list)list) < 0)
			return -1;
	}
	for (list = 0; list < ACCESS_LISTS; list++) {
		if (s->access.if_permit[list].code != 0)
			return answer(&run, &s->access.if_permit[list]);
	}
	return 0;
}

int
access_rcpt_ask(struct session *s, struct access_rcpt *rcpt)
{
	if (rcpt->asked)
		return rcpt->ret;
	rcpt->asked = true;
	rcpt->ret = s->peers->ops->rcpt(s->peers->ctx, rcpt->path.address,
	    s->t.sender.address, &rcpt->answer, s->line, &rcpt->err);
	return rcpt->ret;
}

struct access_effects *
access_effects_of(struct session *s, struct arena **arena)
{
	*arena = s->t.open ? s->t.arena : s->arena;
	return s->t.open ? &s->t.effects : &s->access.effects;
}

void
check_dns(struct access_run *run, struct str name, uint16_t type,
    struct dns_answer *out)
{
	const struct session *s = run->s;

	s->peers->ops->dns(s->peers->ctx, name, type, out, s->line);
}
