#include "smtpd/command.h"

#include "base/log.h"

enum {
	CMD_GREETED = 1,    /* HELO or EHLO first, where smtpd_helo_required */
	CMD_BEFORE_TLS = 2, /* works where TLS is demanded and not there */
	CMD_LAST = 4,       /* nothing may be pipelined behind it */
	CMD_JUNK = 8,       /* does nothing for mail: counted */
};

static int
help_command(struct session *s, struct str args)
{
	(void)args;
	return session_reply(s, 214, "2.0.0",
	    "EHLO HELO MAIL RCPT DATA BDAT RSET NOOP QUIT VRFY HELP\n"
	    "See RFC 5321");
}

static int
not_done(struct session *s, struct str args)
{
	(void)args;
	return session_reply(s, 502, "5.5.1", "Error: command not implemented");
}

/* A browser that was talked into sending us a form, or a proxy's victim. */
static int
forbidden(struct session *s, struct str args)
{
	(void)args;
	log_info("warning: non-SMTP command from %s", session_client(s));
	s->server.closing = true;
	(void)session_reply(s, 221, "2.7.0",
	    "Error: I can break rules, too. Goodbye.");
	return -1;
}

/* clang-format off */
static const struct smtp_command table[] = {
	{ "HELO", .run = hello_helo, .flags = CMD_BEFORE_TLS | CMD_LAST },
	{ "EHLO", .run = hello_ehlo, .flags = CMD_BEFORE_TLS | CMD_LAST },
	{ "MAIL", .run = mail_command, .flags = CMD_GREETED },
	{ "RCPT", .run = rcpt_command },
	{ "DATA", .run = data_command, .flags = CMD_LAST },
	{ "BDAT", .run = bdat_command },
	{ "AUTH", .run = auth_command, .flags = CMD_LAST },
	{ "STARTTLS", .run = starttls_command, .flags = CMD_BEFORE_TLS },
	{ "XCLIENT", .run = xclient_command, .flags = CMD_BEFORE_TLS | CMD_LAST },
	{ "RSET", .common = smtp_server_rset, .flags = CMD_JUNK },
	{ "NOOP", .common = smtp_server_noop, .flags = CMD_BEFORE_TLS | CMD_JUNK },
	{ "VRFY", .common = smtp_server_vrfy, .flags = CMD_JUNK },
	{ "HELP", .run = help_command, .flags = CMD_JUNK },
	{ "QUIT", .common = smtp_server_quit, .flags = CMD_BEFORE_TLS },
	{ "EXPN", .run = not_done, .flags = CMD_JUNK },
	{ "ETRN", .run = not_done, .flags = CMD_JUNK },
	{ "TURN", .run = not_done, .flags = CMD_JUNK },
	{ "GET", .run = forbidden, .flags = CMD_BEFORE_TLS },
	{ "POST", .run = forbidden, .flags = CMD_BEFORE_TLS },
	{ "CONNECT", .run = forbidden, .flags = CMD_BEFORE_TLS },
};
/* clang-format on */

_Static_assert(sizeof(table) / sizeof(table[0]) < SESSION_COMMANDS_MAX,
    "room for each command's count");

const char *
command_name(size_t i)
{
	return i < NELEMS(table) ? table[i].name : NULL;
}

/* What keeps this command from being run now; it has been answered then. */
static int
before(struct session *s, const struct smtp_command *command)
{
	bool is_followed = stream_peek(s->server.stream).len > 0;

	s->last = command == NULL ? "UNKNOWN" : command->name;
	if (command == NULL)
		return 0;
	if (s->denied && command->common != smtp_server_quit)
		return session_reply(s, 503, "5.7.0",
		    "Error: access denied for %s", session_client(s));
	if ((command->flags & CMD_LAST || !s->extended) && is_followed)
		s->ill_pipelining = true;
	if (command->flags & CMD_LAST && s->conf->forbid_pipelining &&
	    is_followed) {
		log_info("improper command pipelining after %s from %s",
		    command->name, session_client(s));
		s->server.closing = true;
		return session_reply(s, 554, "5.5.0",
		    "Error: SMTP protocol synchronization");
	}
	if (!(command->flags & CMD_BEFORE_TLS) &&
	    s->conf->tls == SMTPD_TLS_ENCRYPT && s->facts.tls_version.len == 0)
		return session_reply(s, 530, "5.7.0",
		    "Must issue a STARTTLS command first");
	if (command->flags & CMD_GREETED && s->conf->helo_required &&
	    s->helo.len == 0)
		return session_reply(s, 503, "5.5.1",
		    "Error: send HELO/EHLO first");
	return 0;
}

static void
after(struct session *s, const struct smtp_command *command, int ret)
{
	size_t i;

	if (command == NULL) {
		s->unknown.all++;
		return;
	}
	i = (size_t)(command - table);
	s->count[i].all++;
	s->count[i].ok += ret == 0;
	if (command->flags & CMD_JUNK && ++s->junk > s->conf->junk_limit)
		s->server.errors++;
}

static void
give_up(struct session *s)
{
	log_info("too many errors after %s from %s", s->last,
	    session_client(s));
}

const struct smtp_server_ops command_ops = {
	.commands = table,
	.count = NELEMS(table),
	.wait = session_wait,
	.before = before,
	.after = after,
	.give_up = give_up,
	.reset = session_reset,
	.counts_refusals = true,
};
