/*
 * DATA: RFC 5321 section 4.1.1.4, and RFC 2033 section 4.2 for its end: one
 * reply for each recipient that was accepted, in their order.
 */
#include "lmtpd/command.h"
#include "lmtpd/deliver.h"

void
data_keep(struct session *s, struct str run)
{
	(void)buf_add_str(&s->body, run);
}

static void
refuse_all(struct session *s, int code, const char *status, const char *text)
{
	for (size_t i = 0; i < s->t.rcpt_len; i++)
		s->t.rcpts[i].outcome =
		    (struct outcome){ code, status, str_of(text) };
}

static void
answer(struct session *s)
{
	for (size_t i = 0; i < s->t.rcpt_len; i++) {
		const struct outcome *o = &s->t.rcpts[i].outcome;

		(void)session_reply(s, o->code, o->status, "%" STR_F,
		    STR_A(o->text));
		if (o->code >= 500)
			session_count(s, LMTPD_REFUSED, 1);
		else if (o->code >= 400)
			session_count(s, LMTPD_DEFERRED, 1);
	}
}

/*
 * What is here whole may be long forgotten: the qmgr that sent it was killed
 * meanwhile, another one delivered it, or the operator had it deleted. Then
 * its connection is closed, nothing is delivered, and whoever still has the
 * message will come again.
 */
int
data_finish(struct session *s, enum dot_fault fault)
{
	session_count(s, LMTPD_MESSAGES, 1);
	session_count(s, LMTPD_BYTES, (int64_t)s->body.len);
	if (fault != DOT_FAULT_NONE)
		refuse_all(s, 550, "5.6.0", "Error: bare CR or LF received");
	else if (s->body.full)
		refuse_all(s, 552, "5.3.4", "Error: message file too big");
	else if (stream_is_gone(s->server.stream))
		refuse_all(s, 451, "4.4.2", "Error: nobody waits for this");
	else
		deliver(s);
	answer(s);
	session_reset(s);
	s->server.errors = 0;
	return 0;
}

int
data_command(struct session *s, struct str args)
{
	struct dot_reader reader;

	if (args.len > 0)
		return session_reply(s, 501, "5.5.4", "Syntax: DATA");
	if (!s->t.open)
		return session_reply(s, 503, "5.5.1",
		    "Error: need MAIL command");
	if (s->t.rcpt_len == 0) /* RFC 2033 section 4.2 */
		return session_reply(s, 503, "5.5.1",
		    "Error: no valid recipients");
	if (s->t.chunks || s->t.mail.body == SMTP_BODY_BINARY)
		return session_reply(s, 503, "5.5.1",
		    "Error: BDAT and BINARYMIME go without DATA");
	(void)session_reply(s, 354, NULL, "End data with <CR><LF>.<CR><LF>");
	buf_reset(&s->body);
	dot_reader_init(&reader);
	if (smtp_server_data(&s->server, &reader, data_keep) < 0)
		return -1;
	return data_finish(s, reader.fault);
}
