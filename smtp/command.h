/*
 * command - the commands of an LMTP session: a table, and those that need no
 * file of their own.
 */
#ifndef SMTP_COMMAND_H
#define SMTP_COMMAND_H

#include "smtp/session.h"

extern const struct smtp_server_ops command_ops;

/* Take MAIL or RCPT down: envelope.h answers. args without blanks around. */
int mail_command(struct session *s, struct str args);
int rcpt_command(struct session *s, struct str args);
int data_command(struct session *s, struct str args);
int bdat_command(struct session *s, struct str args);

#endif
