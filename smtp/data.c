/*
 * DATA (RFC 5321 section 4.1.1.4) and BDAT (RFC 3030) of the client, and RFC
 * 2033 section 4.2 for their end: one reply for each recipient that was
 * accepted, in their order.
 */
#include "smtp/body.h"
#include "smtp/command.h"

static int
no_transaction(struct session *s)
{
	if (!s->t.open || !s->t.mail_ok)
		return session_reply(s, 503, "5.5.1",
		    "Error: need MAIL command");
	if (s->t.accepted == 0)
		return session_reply(s, 503, "5.5.1",
		    "Error: no valid recipients");
	return 0;
}

int
data_command(struct session *s, struct str args)
{
	bool is_late = s->t.pass != NULL ||
	    (s->t.open && s->t.mail.body == SMTP_BODY_BINARY);

	if (args.len > 0 || is_late) {
		envelope_sync(s, false);
		return session_reply(s, is_late ? 503 : 501,
		    is_late ? "5.5.1" : "5.5.4",
		    is_late ? "Error: BDAT and BINARYMIME go without DATA" :
			      "Syntax: DATA");
	}
	envelope_sync(s, true);
	if (no_transaction(s) < 0)
		return -1;
	body_pass(s);
	session_reset(s);
	s->server.errors = 0;
	return 0;
}

int
bdat_command(struct session *s, struct str args)
{
	struct smtp_chunk chunk;
	int ret;

	if (smtp_server_bdat(&s->server, args, &chunk) < 0)
		return -1;
	if (!s->t.open || !s->t.mail_ok || s->t.accepted == 0)
		return smtp_server_skip(&s->server, &chunk) < 0 ?
		    -1 :
		    no_transaction(s);
	ret = body_chunk(s, &chunk);
	if (ret <= 0)
		return ret;
	session_reset(s);
	s->server.errors = 0;
	return 0;
}
