#include "lmtpd/command.h"

#include "base/attr.h"

static int
lhlo_command(struct session *s, struct str args)
{
	return smtp_server_lhlo(&s->server, args, s->body.max,
	    s->is_trusted ? "\nXCHANCERY" : "");
}

/* clang-format off */
static const struct smtp_command table[] = {
	{ "LHLO", .run = lhlo_command },
	{ "MAIL", .run = mail_command, .needs_lhlo = true },
	{ "RCPT", .run = rcpt_command, .needs_lhlo = true },
	{ "DATA", .run = data_command, .needs_lhlo = true },
	{ "BDAT", .run = bdat_command, .needs_lhlo = true },
	{ "RSET", .common = smtp_server_rset },
	{ "NOOP", .common = smtp_server_noop },
	{ "VRFY", .common = smtp_server_vrfy },
	{ "QUIT", .common = smtp_server_quit },
	{ "HELO", .common = smtp_server_helo },
	{ "EHLO", .common = smtp_server_helo },
};
/* clang-format on */

const struct smtp_server_ops command_ops = {
	.commands = table,
	.count = NELEMS(table),
	.wait = session_wait,
	.reset = session_reset,
};
