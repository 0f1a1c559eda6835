/*
 * Checks that look at who the client is and where the mail goes.
 */
#include "smtpd/check.h"

enum access_verdict
check_permit(struct access_run *run, const struct access_step *step)
{
	(void)run, (void)step;
	return ACCESS_OK;
}

enum access_verdict
check_reject(struct access_run *run, const struct access_step *step)
{
	(void)step;
	return access_reject(run, access_list_subject(run->list),
	    run->s->conf->codes.reject, "5.7.1", "Access denied");
}

enum access_verdict
check_defer(struct access_run *run, const struct access_step *step)
{
	(void)step;
	return access_reject(run, access_list_subject(run->list),
	    run->s->conf->codes.defer, "4.3.2", "Try again later");
}

enum access_verdict
check_defer_if_permit(struct access_run *run, const struct access_step *step)
{
	(void)step;
	return access_defer_if_permit(run, access_list_subject(run->list), 450,
	    "4.7.0", "defer_if_permit requested");
}

enum access_verdict
check_mynetworks(struct access_run *run, const struct access_step *step)
{
	(void)step;
	return run->s->facts.trusted ? ACCESS_OK : ACCESS_DUNNO;
}

enum access_verdict
check_sasl(struct access_run *run, const struct access_step *step)
{
	(void)step;
	return run->s->user.len > 0 ? ACCESS_OK : ACCESS_DUNNO;
}

/* 1: a domain of ours, 0: not, -1: answered with trouble. */
static int
is_ours(struct access_run *run, const struct access_step *step)
{
	if (access_rcpt_ask(run->s, run->rcpt) < 0) {
		(void)access_trouble(run, step->rule->subject, &run->rcpt->err);
		return -1;
	}
	return run->rcpt->answer.status != REWRITE_FOREIGN;
}

enum access_verdict
check_auth_destination(struct access_run *run, const struct access_step *step)
{
	int ours;

	if (run->rcpt == NULL)
		return ACCESS_DUNNO;
	ours = is_ours(run, step);
	if (ours < 0)
		return ACCESS_REJECT;
	return ours ? ACCESS_OK : ACCESS_DUNNO;
}

enum access_verdict
check_unauth_destination(struct access_run *run, const struct access_step *step)
{
	int ours;

	if (run->rcpt == NULL)
		return ACCESS_DUNNO;
	ours = is_ours(run, step);
	if (ours != 0)
		return ours < 0 ? ACCESS_REJECT : ACCESS_DUNNO;
	return access_reject_plain(run,
	    step->rule->detail ? run->s->conf->codes.defer :
				 run->s->conf->codes.relay_domains,
	    "5.7.1", "<%" STR_F ">: Relay access denied",
	    STR_A(run->rcpt->path.address));
}

enum access_verdict
check_pipelining(struct access_run *run, const struct access_step *step)
{
	(void)step;
	if (!run->s->ill_pipelining)
		return ACCESS_DUNNO;
	return access_reject(run, access_list_subject(run->list), 503, "5.5.0",
	    "Improper use of SMTP command pipelining");
}

enum access_verdict
check_plaintext(struct access_run *run, const struct access_step *step)
{
	(void)step;
	if (run->s->facts.tls_version.len > 0)
		return ACCESS_DUNNO;
	return access_reject(run, access_list_subject(run->list),
	    run->s->conf->codes.plaintext, "4.7.1",
	    "Session encryption is required");
}
