#include "smtpd/command.h"

#include "base/log.h"

enum {
	CMD_GREETED = 1,    /* HELO or EHLO first, where smtpd_helo_required */
	CMD_BEFORE_TLS = 2, /* works where TLS is demanded and not there */
	CMD_LAST = 4,       /* nothing may be pipelined behind it */
	CMD_JUNK = 8,       /* does nothing for mail: counted */
};

struct command {
	const char *name;
	int (*run)(struct session *s, struct str args);
	unsigned flags;
	const char *lower;
};

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
quit_command(struct session *s, struct str args)
{
	if (args.len > 0)
		return session_reply(s, 501, "5.5.4", "Syntax: QUIT");
	s->closing = true;
	return session_reply(s, 221, "2.0.0", "Bye");
}

/* Says nothing about who exists (RFC 5321 section 7.3). */
static int
vrfy_command(struct session *s, struct str args)
{
	if (args.len == 0)
		return session_reply(s, 501, "5.5.4", "Syntax: VRFY address");
	return session_reply(s, 252, "2.0.0",
	    "Cannot VRFY user, but will take mail for those who exist");
}

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
	s->closing = true;
	(void)session_reply(s, 221, "2.7.0",
	    "Error: I can break rules, too. Goodbye.");
	return -1;
}

/* clang-format off */
static const struct command table[] = {
	{ "HELO", hello_helo, CMD_BEFORE_TLS | CMD_LAST, "helo" },
	{ "EHLO", hello_ehlo, CMD_BEFORE_TLS | CMD_LAST, "ehlo" },
	{ "MAIL", mail_command, CMD_GREETED, "mail" },
	{ "RCPT", rcpt_command, 0, "rcpt" },
	{ "DATA", data_command, CMD_LAST, "data" },
	{ "BDAT", bdat_command, 0, "bdat" },
	{ "AUTH", auth_command, CMD_LAST, "auth" },
	{ "STARTTLS", starttls_command, CMD_BEFORE_TLS, "starttls" },
	{ "XCLIENT", xclient_command, CMD_BEFORE_TLS | CMD_LAST, "xclient" },
	{ "RSET", rset_command, CMD_JUNK, "rset" },
	{ "NOOP", noop_command, CMD_BEFORE_TLS | CMD_JUNK, "noop" },
	{ "VRFY", vrfy_command, CMD_JUNK, "vrfy" },
	{ "HELP", help_command, CMD_JUNK, "help" },
	{ "QUIT", quit_command, CMD_BEFORE_TLS, "quit" },
	{ "EXPN", not_done, CMD_JUNK, "expn" },
	{ "ETRN", not_done, CMD_JUNK, "etrn" },
	{ "TURN", not_done, CMD_JUNK, "turn" },
	{ "GET", forbidden, CMD_BEFORE_TLS, "get" },
	{ "POST", forbidden, CMD_BEFORE_TLS, "post" },
	{ "CONNECT", forbidden, CMD_BEFORE_TLS, "connect" },
};
/* clang-format on */

_Static_assert(sizeof(table) / sizeof(table[0]) < SESSION_COMMANDS_MAX,
    "room for each command's count");

const char *
command_name(size_t i)
{
	return i < NELEMS(table) ? table[i].lower : NULL;
}

static const struct command *
find(struct str name)
{
	for (size_t i = 0; i < NELEMS(table); i++)
		if (str_ieqz(name, table[i].name))
			return &table[i];
	return NULL;
}

/* What keeps this command from being run now; it has been answered then. */
static int
refuse_early(struct session *s, const struct command *command)
{
	if (s->denied && command->run != quit_command)
		return session_reply(s, 503, "5.7.0",
		    "Error: access denied for %s", session_client(s));
	if ((command->flags & CMD_LAST || !s->extended) &&
	    stream_peek(s->stream).len > 0)
		s->ill_pipelining = true;
	if (command->flags & CMD_LAST && s->conf->forbid_pipelining &&
	    stream_peek(s->stream).len > 0) {
		log_info("improper command pipelining after %s from %s",
		    command->name, session_client(s));
		s->closing = true;
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

void
command_run(struct session *s, struct str line)
{
	const struct command *command;
	struct str args = line, name = STR("");
	size_t i;

	(void)str_split(&args, ' ', &name);
	args = str_trim(args);
	command = find(name);
	if (command == NULL) {
		s->last = "UNKNOWN";
		s->unknown.all++;
		s->errors++;
		(void)session_reply(s, 500, "5.5.2",
		    "Error: command not recognized");
		return;
	}
	s->last = command->name;
	i = (size_t)(command - table);
	s->count[i].all++;
	if (refuse_early(s, command) < 0 || command->run(s, args) < 0)
		s->errors++;
	else
		s->count[i].ok++;
	if (command->flags & CMD_JUNK && ++s->junk > s->conf->junk_limit)
		s->errors++;
}
