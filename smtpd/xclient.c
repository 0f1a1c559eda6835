/*
 * XCLIENT (Postfix's XCLIENT_README): a proxy or a test that is authorised by
 * smtpd_authorized_xclient_hosts says for whom it speaks. After it everything
 * is as if that client had just connected, but for the authorisation, which
 * stays with the connection.
 */
#include "base/log.h"
#include "smtpd/command.h"
#include "smtpd/xclient_attr.h"

static bool
is_given(const struct xclient_attr *attr)
{
	return attr->state != XCLIENT_ABSENT;
}

/* The value, or what stands for none. */
static struct str
text_of(struct session *s, const struct xclient_attr *attr)
{
	return attr->state == XCLIENT_VALUE ? arena_str(s->arena, attr->value) :
					      STR("unknown");
}

static struct str
ip_of(struct session *s, const struct xclient_attr *attr)
{
	char text[ADDR_IP_SIZE];

	return attr->state == XCLIENT_VALUE ?
	    arena_str(s->arena, str_of(addr_format_ip(text, &attr->addr))) :
	    STR("unknown");
}

static void
set_login(struct session *s, const struct xclient_attr *attr)
{
	session_forget_user(s);
	if (attr->state != XCLIENT_VALUE)
		return;
	s->user = arena_str(s->arena, attr->value);
	s->mech = STR("XCLIENT");
	s->is_user_told = true;
}

static enum dns_status
status_of(const struct xclient_attr *attr)
{
	if (attr->state == XCLIENT_VALUE)
		return DNS_FOUND;
	return attr->state == XCLIENT_TEMPUNAVAIL ? DNS_TEMP : DNS_NO_NAME;
}

/* Whoever has a new address has no name until one is told. */
static void
set_facts(struct session *s, const struct xclient *x)
{
	const struct xclient_attr *attr = x->attr;

	if (is_given(&attr[XCLIENT_ADDR]))
		facts_set_client(&s->facts, s->conf,
		    ip_of(s, &attr[XCLIENT_ADDR]));
	if (is_given(&attr[XCLIENT_NAME]))
		facts_set_name(&s->facts, text_of(s, &attr[XCLIENT_NAME]),
		    status_of(&attr[XCLIENT_NAME]));
	if (is_given(&attr[XCLIENT_REVERSE_NAME])) {
		s->facts.reverse_name = text_of(s, &attr[XCLIENT_REVERSE_NAME]);
		s->facts.reverse_status =
		    status_of(&attr[XCLIENT_REVERSE_NAME]);
	}
	if (is_given(&attr[XCLIENT_DESTADDR]))
		s->facts.local_addr = ip_of(s, &attr[XCLIENT_DESTADDR]);
	if (is_given(&attr[XCLIENT_LOGIN]))
		set_login(s, &attr[XCLIENT_LOGIN]);
}

int
xclient_command(struct session *s, struct str args)
{
	struct xclient x;
	struct err err;

	if (!s->may_xclient)
		return session_reply(s, 550, "5.7.0",
		    "Error: insufficient authorization");
	if (s->t.open || s->t.bdat != BDAT_NONE)
		return session_reply(s, 503, "5.5.1",
		    "Error: MAIL transaction in progress");
	if (xclient_parse(&x, args, s->line, &err) < 0)
		return session_reply(s, 501, "5.5.4", "%s", err.text);
	log_info("xclient from %s: %" STR_F, session_client(s), STR_A(args));
	set_facts(s, &x);
	s->helo = x.attr[XCLIENT_HELO].state == XCLIENT_VALUE ?
	    arena_str(s->arena, x.attr[XCLIENT_HELO].value) :
	    STR("");
	s->extended = x.attr[XCLIENT_PROTO].esmtp;
	if (s->facts.client_addr.p == NULL || s->facts.client_name.p == NULL ||
	    s->facts.local_addr.p == NULL ||
	    (s->is_user_told && s->user.p == NULL) || s->helo.p == NULL) {
		s->server.closing = true; /* said a thousand times over */
		return session_reply(s, 421, "4.7.0", "%s Error: too many",
		    s->conf->hostname);
	}
	return session_greet(s);
}
