/*
 * MAIL and RCPT as qmgr says them: parsed and taken down. Parameters: SIZE
 * (RFC 1870), BODY (RFC 6152, RFC 3030), SMTPUTF8 (RFC 6531), DSN (RFC 3461),
 * and our own XCHANCERY, which must name the next hop.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "smtp/command.h"

enum {
	MAIL_OFFERED = SMTP_PARAM_SIZE | SMTP_PARAM_BODY | SMTP_PARAM_BINARY |
	    SMTP_PARAM_UTF8 | SMTP_PARAM_DSN,
	RCPT_OFFERED = SMTP_PARAM_DSN,
};

/* XCHANCERY=queue-id,next-hop */
static int
take_nexthop(struct session *s, struct str value)
{
	struct transaction *t = &s->t;
	struct queue_id id;
	struct str text;
	struct err err;

	(void)str_split(&value, ',', &text);
	if (!queue_id_parse(&id, text))
		return session_reply(s, 501, "5.5.4",
		    "XCHANCERY=queue-id,next-hop is missing or bad");
	(void)queue_id_short(t->id, &id);
	if (nexthop_parse(&t->hop, value, (uint16_t)s->smtp->conf.port, &err) <
	    0)
		return session_reply(s, 501, "5.4.0", "Bad %s", err.text);
	return 0;
}

static int
take_mail(struct session *s, struct str args)
{
	struct transaction *t = &s->t;
	struct str xchancery;
	struct err err;

	if (!str_itake_str(&args, STR("FROM:")))
		return session_reply(s, 501, "5.5.4",
		    "Syntax: MAIL FROM:<address>");
	if (smtp_path_parse(&t->sender, &args, SMTP_PATH_NULL, t->arena, &err) <
	    0)
		return session_reply(s, 501, "5.1.7",
		    "Bad sender address syntax");
	if (smtp_param_take(&args, STR("XCHANCERY="), t->arena, &xchancery) < 0)
		return session_reply(s, 452, "4.3.1", "Out of memory");
	if (smtp_mail_params_parse(&t->mail, &args, MAIL_OFFERED, &err) < 0)
		return err.kind == ERR_NOENT ?
		    session_reply(s, 555, "5.5.4", "Unsupported option") :
		    session_reply(s, 501, "5.5.4", "Bad option: %s", err.text);
	if (t->sender.utf8 && !t->mail.smtputf8)
		return session_reply(s, 553, "5.6.7", "SMTPUTF8 is required");
	return take_nexthop(s, xchancery);
}

int
mail_command(struct session *s, struct str args)
{
	if (s->t.open)
		return session_reply(s, 503, "5.5.1",
		    "Error: nested MAIL command");
	if (take_mail(s, args) < 0) {
		session_reset(s);
		return -1;
	}
	s->t.open = true;
	return 0;
}

static void
add(struct transaction *t, const struct recipient *rcpt)
{
	if (t->rcpt_len == t->rcpt_cap) {
		t->rcpt_cap = t->rcpt_cap * 2 + 4;
		t->rcpts =
		    xreallocarray(t->rcpts, t->rcpt_cap, sizeof(*t->rcpts));
	}
	t->rcpts[t->rcpt_len++] = *rcpt;
}

/* -1: the arguments make no recipient; code and text are what to say. */
static int
take_rcpt(struct session *s, struct str args, struct recipient *rcpt,
    struct answer *why)
{
	struct arena *arena = s->t.arena;
	struct smtp_path path;
	struct str number; /* of no use here: nothing is repeated by it */
	struct err err;

	if (!str_itake_str(&args, STR("TO:")))
		return answer_set(why, 501, "5.5.4",
		    "Syntax: RCPT TO:<address>");
	if (smtp_path_parse(&path, &args, SMTP_PATH_POSTMASTER, arena, &err) <
	    0)
		return answer_set(why, 501, "5.1.3",
		    "Bad recipient address syntax");
	if (path.utf8 && !s->t.mail.smtputf8)
		return answer_set(why, 553, "5.6.7", "SMTPUTF8 is required");
	if (smtp_param_take(&args, STR("XCHANCERY="), arena, &number) < 0)
		return answer_set(why, 452, "4.3.1", "Out of memory");
	if (smtp_rcpt_params_parse(&rcpt->params, &args, RCPT_OFFERED, &err) <
	    0)
		return answer_set(why, err.kind == ERR_NOENT ? 555 : 501,
		    "5.5.4", "Bad option: %s", err.text);
	rcpt->address = path.address;
	rcpt->utf8 = path.utf8;
	return 0;
}

int
rcpt_command(struct session *s, struct str args)
{
	struct recipient rcpt = { 0 };
	struct answer why;
	int ret = 0;

	answer_init(&why);
	if (!s->t.open || (s->t.mail_told && !s->t.mail_ok))
		ret =
		    answer_set(&why, 503, "5.5.1", "Error: need MAIL command");
	else if (s->t.rcpt_len >= (size_t)s->smtp->conf.rcpt_limit)
		ret = answer_set(&why, 452, "4.5.3",
		    "Error: too many recipients");
	else
		ret = take_rcpt(s, args, &rcpt, &why);
	if (ret == 0) {
		add(&s->t, &rcpt);
	} else {
		envelope_sync(s, false); /* those before it first */
		(void)session_reply(s, why.code, why.status, "%s",
		    buf_cstr(&why.text));
	}
	answer_clear(&why);
	return ret;
}
