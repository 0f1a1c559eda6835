/*
 * Checks that ask the directory whose an address is.
 */
#include "smtpd/check.h"

enum access_verdict
check_unlisted(struct access_run *run, const struct access_step *step)
{
	enum access_subject subject = step->rule->subject;
	struct access_rcpt sender = { .path = run->s->t.sender };
	struct access_rcpt *asked = &sender;
	struct str value;

	if (!access_value(run, subject, &value) || value.len == 0)
		return ACCESS_DUNNO;
	if (subject == SUBJECT_RCPT)
		asked = run->rcpt;
	if (access_rcpt_ask(run->s, asked) < 0)
		return access_trouble(run, subject, &asked->err);
	if (asked->answer.status != REWRITE_UNKNOWN)
		return ACCESS_DUNNO;
	return access_reject(run, subject,
	    run->s->conf->codes.unknown_local_recipient,
	    subject == SUBJECT_RCPT ? "5.1.1" : "5.1.0", "User unknown");
}

/* 1: the sender's address is one of our users', 0: not, -1: trouble. */
static int
is_known(struct access_run *run, struct err *err)
{
	struct access_rcpt sender = { .path = run->s->t.sender };

	if (access_rcpt_ask(run->s, &sender) < 0) {
		*err = sender.err;
		return -1;
	}
	return sender.answer.status == REWRITE_OK ||
	    sender.answer.status == REWRITE_DISABLED;
}

static enum access_verdict
check_stranger(struct access_run *run)
{
	struct err err;
	int known = is_known(run, &err);

	if (known < 0)
		return access_trouble(run, SUBJECT_SENDER, &err);
	if (known == 0)
		return ACCESS_DUNNO;
	return access_reject(run, SUBJECT_SENDER, 553, "5.7.1",
	    "not logged in");
}

static enum access_verdict
check_user(struct access_run *run, int detail)
{
	struct session *s = run->s;
	bool allowed = false;
	struct err err;
	int known;

	if (s->peers->ops->sender(s->peers->ctx, s->user, s->t.sender.address,
		&allowed, s->line, &err) < 0)
		return access_trouble(run, SUBJECT_SENDER, &err);
	if (allowed)
		return ACCESS_DUNNO;
	if (detail & MISMATCH_KNOWN) {
		known = is_known(run, &err);
		if (known < 0)
			return access_trouble(run, SUBJECT_SENDER, &err);
		if (known == 0)
			return ACCESS_DUNNO;
	}
	return access_reject(run, SUBJECT_SENDER, 553, "5.7.1",
	    "not owned by user %" STR_F, STR_A(s->user));
}

enum access_verdict
check_login_mismatch(struct access_run *run, const struct access_step *step)
{
	int detail = step->rule->detail;

	if (!run->s->t.open || run->s->t.sender.address.len == 0)
		return ACCESS_DUNNO;
	if (run->s->user.len > 0)
		return detail & MISMATCH_AUTHENTICATED ?
		    check_user(run, detail) :
		    ACCESS_DUNNO;
	return detail & MISMATCH_UNAUTHENTICATED ? check_stranger(run) :
						   ACCESS_DUNNO;
}
