/*
 * MAIL FROM: RFC 5321 section 4.1.1.2, with SIZE (RFC 1870), BODY (RFC 6152),
 * SMTPUTF8 (RFC 6531), AUTH (RFC 4954 section 5), RET and ENVID (RFC 3461).
 */
#include "base/log.h"
#include "smtpd/command.h"
#include "smtpd/rate.h"

enum {
	OFFERED = SMTP_PARAM_SIZE | SMTP_PARAM_BODY | SMTP_PARAM_BINARY |
	    SMTP_PARAM_UTF8 | SMTP_PARAM_DSN,
	/* Front ends send addresses without brackets, scanners for one. */
	FORMS = SMTP_PATH_NULL | SMTP_PATH_BARE,
};

static int
parse(struct session *s, struct str args, struct smtp_path *sender,
    struct smtp_mail_params *params)
{
	unsigned offered = OFFERED | (s->conf->sasl ? SMTP_PARAM_AUTH : 0);
	struct err err;

	if (!str_itake_str(&args, STR("FROM:")))
		return session_reply(s, 501, "5.5.4",
		    "Syntax: MAIL FROM:<address>");
	while (str_take(&args, ' '))
		;
	if (smtp_path_parse(sender, &args, FORMS, s->line, &err) < 0)
		return session_reply(s, 501, "5.1.7",
		    "Bad sender address syntax");
	if (smtp_mail_params_parse(params, &args, offered, &err) < 0)
		return err.kind == ERR_NOENT ?
		    session_reply(s, 555, "5.5.4", "Unsupported option") :
		    session_reply(s, 501, "5.5.4", "Bad option: %s", err.text);
	return 0;
}

/* A submission's sender must be one of the user's own addresses. */
static int
check_owner(struct session *s, const struct smtp_path *sender)
{
	bool allowed = false;
	struct err err;

	if (!s->conf->submission || sender->address.len == 0)
		return 0;
	if (s->peers->ops->sender(s->peers->ctx, s->user, sender->address,
		&allowed, s->line, &err) < 0) {
		log_warn("sender lookup: %s", err.text);
		return session_reply(s, 451, "4.3.0",
		    "<%" STR_F ">: Temporary lookup failure",
		    STR_A(sender->address));
	}
	if (!allowed)
		return session_reject(s, "MAIL", STR(""), 553, "5.7.1",
		    "<%" STR_F ">: Sender address rejected: not owned by "
		    "user %" STR_F,
		    STR_A(sender->address), STR_A(s->user));
	return 0;
}

static void
keep_sender(struct transaction *t, const struct smtp_path *sender,
    const struct smtp_mail_params *params)
{
	t->open = true;
	t->sender = *sender;
	t->sender.local = arena_str(t->arena, sender->local);
	t->sender.domain = arena_str(t->arena, sender->domain);
	t->sender.address = arena_str(t->arena, sender->address);
	t->mail = *params;
	/* Whom the client says it speaks for: nobody here asks. */
	t->mail.auth = STR("");
	t->mail.envid = arena_str(t->arena, params->envid);
}

int
mail_command(struct session *s, struct str args)
{
	struct smtp_mail_params params;
	struct smtp_path sender;

	if (s->conf->submission && s->user.len == 0)
		return session_reply(s, 530, "5.7.0",
		    "Authentication required");
	if (s->t.open || s->t.bdat != BDAT_NONE)
		return session_reply(s, 503, "5.5.1",
		    "Error: nested MAIL command");
	if (!rate_allows(s, HANDOVER_MESSAGE))
		return session_reject(s, "MAIL", STR(""), 450, "4.7.1",
		    "Error: too much mail from %" STR_F,
		    STR_A(s->facts.client_addr));
	if (parse(s, args, &sender, &params) < 0)
		return -1;
	if (sender.utf8 && !params.smtputf8)
		return session_reply(s, 553, "5.6.7",
		    "Must declare SMTPUTF8 to send unicode address");
	if (s->conf->message_limit > 0 && params.size > s->conf->message_limit)
		return session_reject(s, "MAIL", STR(""), 552, "5.3.4",
		    "Message size exceeds fixed limit");
	if (check_owner(s, &sender) < 0)
		return -1;
	keep_sender(&s->t, &sender, &params);
	if (access_mail(s) < 0) {
		session_reset(s);
		return -1;
	}
	return session_reply(s, 250, "2.1.0", "Ok");
}
