#include "smtp/command.h"

#include "base/attr.h"

struct command {
	const char *name;
	int (*run)(struct session *s, struct str args);
	bool needs_lhlo;
	bool is_envelope; /* may be taken down behind what waits */
};

static int
lhlo_command(struct session *s, struct str args)
{
	if (args.len == 0)
		return session_reply(s, 501, "5.5.4", "Syntax: LHLO hostname");
	session_reset(s);
	s->greeted = true;
	return session_reply(s, 250, NULL,
	    "%s\nPIPELINING\nSIZE %zu\nENHANCEDSTATUSCODES\n8BITMIME\n"
	    "SMTPUTF8\nCHUNKING\nBINARYMIME\nDSN\nXCHANCERY",
	    s->smtp->conf.hostname,
	    s->smtp->conf.message_limit == 0 ?
		0 :
		s->smtp->conf.message_limit + SMTP_SIZE_SLACK);
}

/* RFC 2033 section 4.1: an LMTP server must not take HELO and EHLO. */
static int
helo_command(struct session *s, struct str args)
{
	(void)args;
	return session_reply(s, 500, "5.5.1", "Error: this is LMTP, say LHLO");
}

static int
rset_command(struct session *s, struct str args)
{
	if (args.len > 0)
		return session_reply(s, 501, "5.5.4", "Syntax: RSET");
	session_reset(s);
	return session_reply(s, 250, "2.0.0", "Ok");
}

static int
noop_command(struct session *s, struct str args)
{
	(void)args;
	return session_reply(s, 250, "2.0.0", "Ok");
}

static int
vrfy_command(struct session *s, struct str args)
{
	if (args.len == 0)
		return session_reply(s, 501, "5.5.4", "Syntax: VRFY address");
	return session_reply(s, 252, "2.0.0",
	    "Cannot VRFY user, but will pass mail on");
}

static int
quit_command(struct session *s, struct str args)
{
	if (args.len > 0)
		return session_reply(s, 501, "5.5.4", "Syntax: QUIT");
	s->closing = true;
	return session_reply(s, 221, "2.0.0", "Bye");
}

static const struct command table[] = {
	{ "LHLO", lhlo_command, false, false },
	{ "MAIL", mail_command, true, false },
	{ "RCPT", rcpt_command, true, true },
	{ "DATA", data_command, true, true },
	{ "BDAT", bdat_command, true, false },
	{ "RSET", rset_command, false, false },
	{ "NOOP", noop_command, false, false },
	{ "VRFY", vrfy_command, false, false },
	{ "QUIT", quit_command, false, false },
	{ "HELO", helo_command, false, false },
	{ "EHLO", helo_command, false, false },
};

int
command_run(struct session *s, struct str line)
{
	const struct command *command = NULL;
	struct str args = line, name;

	(void)str_split(&args, ' ', &name);
	args = str_trim(args);
	for (size_t i = 0; i < NELEMS(table) && command == NULL; i++) {
		if (str_ieqz(name, table[i].name))
			command = &table[i];
	}
	/* answers come in the order of the commands */
	if (command == NULL || !command->is_envelope)
		envelope_sync(s, false);
	if (command == NULL)
		return session_reply(s, 500, "5.5.2",
		    "Error: command not recognized");
	if (command->needs_lhlo && !s->greeted)
		return session_reply(s, 503, "5.5.1", "Error: send LHLO first");
	return command->run(s, args);
}
