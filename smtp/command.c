#include "smtp/command.h"

#include "base/attr.h"

enum { CMD_ENVELOPE = 1 /* may be taken down behind what waits */ };

static int
lhlo_command(struct session *s, struct str args)
{
	size_t limit = s->smtp->conf.message_limit;

	return smtp_server_lhlo(&s->server, args,
	    limit == 0 ? 0 : limit + SMTP_SIZE_SLACK, "\nDSN\nXCHANCERY");
}

/* clang-format off */
static const struct smtp_command table[] = {
	{ "LHLO", .run = lhlo_command },
	{ "MAIL", .run = mail_command, .needs_lhlo = true },
	{ "RCPT", .run = rcpt_command, .needs_lhlo = true, .flags = CMD_ENVELOPE },
	{ "DATA", .run = data_command, .needs_lhlo = true, .flags = CMD_ENVELOPE },
	{ "BDAT", .run = bdat_command, .needs_lhlo = true },
	{ "RSET", .common = smtp_server_rset },
	{ "NOOP", .common = smtp_server_noop },
	{ "VRFY", .common = smtp_server_vrfy },
	{ "QUIT", .common = smtp_server_quit },
	{ "HELO", .common = smtp_server_helo },
	{ "EHLO", .common = smtp_server_helo },
};
/* clang-format on */

/* Answers come in the order of the commands. */
static int
before(struct session *s, const struct smtp_command *command)
{
	if (command == NULL || !(command->flags & CMD_ENVELOPE))
		envelope_sync(s, false);
	return 0;
}

const struct smtp_server_ops command_ops = {
	.commands = table,
	.count = NELEMS(table),
	.wait = session_wait,
	.before = before,
	.reset = session_reset,
};
