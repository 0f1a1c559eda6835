/*
 * HELO and EHLO: RFC 5321 section 4.1.1.1. Their replies have no enhanced
 * status codes (RFC 2034 section 4).
 */
#include <stdio.h>

#include "smtpd/command.h"
#include "smtpd/xclient_attr.h"

enum { HELO_MAX = 255 };

/*
 * The name is taken as it comes, as many clients have none that the grammar
 * allows; only the restrictions judge it.
 */
static int
hello(struct session *s, struct str args, bool extended)
{
	struct str old;

	if (args.len == 0)
		return session_reply(s, 501, NULL, "Syntax: %s hostname",
		    extended ? "EHLO" : "HELO");
	session_reset(s);
	old = s->helo;
	s->helo = arena_str(s->arena, str_sub(args, 0, HELO_MAX));
	if (s->helo.p == NULL) /* said a thousand times over */
		s->helo = STR("unknown");
	s->extended = extended;
	if (access_helo(s) == 0)
		return 0;
	s->helo = old;
	return -1;
}

int
hello_helo(struct session *s, struct str args)
{
	if (hello(s, args, false) < 0)
		return -1;
	return session_reply(s, 250, NULL, "%s", s->conf->hostname);
}

int
hello_ehlo(struct session *s, struct str args)
{
	char size[40] = "SIZE";
	struct buf auth;
	int ret;

	if (hello(s, args, true) < 0)
		return -1;
	if (s->conf->message_limit > 0)
		(void)snprintf(size, sizeof(size), "SIZE %zu",
		    s->conf->message_limit);
	buf_init(&auth, 0);
	auth_list(s, &auth);
	ret = session_reply(s, 250, NULL,
	    "%s\nPIPELINING\n%s\n%s%sENHANCEDSTATUSCODES\n8BITMIME\n"
	    "DSN\nSMTPUTF8\nCHUNKING\nBINARYMIME\nLIMITS RCPTMAX=%d%s",
	    s->conf->hostname, size, session_offers_tls(s) ? "STARTTLS\n" : "",
	    buf_cstr(&auth), s->conf->rcpt_limit,
	    s->may_xclient ? "\n" XCLIENT_EHLO : "");
	buf_clear(&auth);
	return ret;
}
