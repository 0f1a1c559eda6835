#include "lmtpd/command.h"

#include "base/attr.h"

struct command {
	const char *name;
	int (*run)(struct session *s, struct str args);
	bool needs_lhlo;
};

/*
 * RFC 2033 section 4.1, with what section 5 demands: PIPELINING (RFC 2920)
 * and ENHANCEDSTATUSCODES (RFC 2034).
 */
static int
lhlo_command(struct session *s, struct str args)
{
	if (args.len == 0)
		return session_reply(s, 501, "5.5.4", "Syntax: LHLO hostname");
	session_reset(s);
	s->greeted = true;
	return session_reply(s, 250, NULL,
	    "%s\nPIPELINING\nSIZE %zu\nENHANCEDSTATUSCODES\n8BITMIME\n"
	    "SMTPUTF8\nCHUNKING\nBINARYMIME%s",
	    s->conf->hostname, s->body.max, s->is_trusted ? "\nXCHANCERY" : "");
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
	    "Cannot VRFY user, but will take mail for those who exist");
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
	{ "LHLO", lhlo_command, false },
	{ "MAIL", mail_command, true },
	{ "RCPT", rcpt_command, true },
	{ "DATA", data_command, true },
	{ "BDAT", bdat_command, true },
	{ "RSET", rset_command, false },
	{ "NOOP", noop_command, false },
	{ "VRFY", vrfy_command, false },
	{ "QUIT", quit_command, false },
	{ "HELO", helo_command, false },
	{ "EHLO", helo_command, false },
};

int
command_run(struct session *s, struct str line)
{
	struct str args = line, name;

	(void)str_split(&args, ' ', &name);
	args = str_trim(args);
	for (size_t i = 0; i < NELEMS(table); i++) {
		if (!str_ieqz(name, table[i].name))
			continue;
		if (table[i].needs_lhlo && !s->greeted)
			return session_reply(s, 503, "5.5.1",
			    "Error: send LHLO first");
		return table[i].run(s, args);
	}
	return session_reply(s, 500, "5.5.2", "Error: command not recognized");
}

struct str
xchancery_take(struct arena *arena, struct str *params)
{
	struct str rest = *params, word, value = STR("");
	char *copy = arena_alloc(arena, params->len + 1);
	size_t len = 0;

	if (copy == NULL)
		return value;
	while (str_split(&rest, ' ', &word)) {
		if (str_itake_str(&word, STR("XCHANCERY="))) {
			value = word;
		} else if (word.len > 0) {
			copy[len++] = ' ';
			memcpy(copy + len, word.p, word.len);
			len += word.len;
		}
	}
	*params = str_make(copy, len);
	return value;
}
