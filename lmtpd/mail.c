/*
 * MAIL FROM: RFC 5321 section 4.1.1.2, with SIZE (RFC 1870), BODY (RFC 6152,
 * RFC 3030), SMTPUTF8 (RFC 6531) and our own XCHANCERY.
 */
#include "lmtpd/command.h"
#include "queue/id.h"

enum {
	OFFERED = SMTP_PARAM_SIZE | SMTP_PARAM_BODY | SMTP_PARAM_BINARY |
	    SMTP_PARAM_UTF8
};

/* XCHANCERY=queue-id[,next-hop]; the next hop of all our mail is the store. */
static int
take_queue_id(struct session *s, struct str value)
{
	struct queue_id id;
	struct str text;

	if (value.len == 0)
		return 0;
	(void)str_split(&value, ',', &text);
	if (!s->is_trusted || !queue_id_parse(&id, text))
		return session_reply(s, 501, "5.5.4", "Bad option: XCHANCERY");
	s->t.queue = id.queue;
	s->t.queue_id = arena_str(s->t.arena, text);
	return 0;
}

static int
take_params(struct session *s, struct str params)
{
	struct str xchancery;
	struct smtp_mail_params mail;
	struct err err;

	(void)smtp_param_take(&params, STR("XCHANCERY="), s->line, &xchancery);
	if (smtp_mail_params_parse(&mail, &params, OFFERED, &err) < 0)
		return err.kind == ERR_NOENT ?
		    session_reply(s, 555, "5.5.4", "Unsupported option") :
		    session_reply(s, 501, "5.5.4", "Bad option: %s", err.text);
	if (s->body.max > 0 && mail.size > s->body.max)
		return session_reply(s, 552, "5.3.4",
		    "Message size exceeds fixed limit");
	if (s->t.sender.utf8 && !mail.smtputf8)
		return session_reply(s, 553, "5.6.7", "SMTPUTF8 is required");
	mail.auth = mail.envid = STR("");
	s->t.mail = mail;
	return take_queue_id(s, xchancery);
}

int
mail_command(struct session *s, struct str args)
{
	struct err err;

	if (s->t.open)
		return session_reply(s, 503, "5.5.1",
		    "Error: nested MAIL command");
	if (!str_itake_str(&args, STR("FROM:")))
		return session_reply(s, 501, "5.5.4",
		    "Syntax: MAIL FROM:<address>");
	s->t.open = true; /* so that session_reset clears what is kept */
	if (smtp_path_parse(&s->t.sender, &args, SMTP_PATH_NULL, s->t.arena,
		&err) < 0) {
		session_reset(s);
		return session_reply(s, 501, "5.1.7",
		    "Bad sender address syntax");
	}
	if (take_params(s, args) < 0) {
		session_reset(s);
		return -1;
	}
	return session_reply(s, 250, "2.1.0", "Ok");
}
