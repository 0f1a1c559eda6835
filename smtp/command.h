/*
 * command - the commands of an LMTP session: a table, and those that need no
 * file of their own.
 */
#ifndef SMTP_COMMAND_H
#define SMTP_COMMAND_H

#include "smtp/session.h"

/* 0 where the answer was 2xx or 3xx, or comes later. */
int command_run(struct session *s, struct str line);

/* Take MAIL or RCPT down: envelope.h answers. args without blanks around. */
int mail_command(struct session *s, struct str args);
int rcpt_command(struct session *s, struct str args);
int data_command(struct session *s, struct str args);
int bdat_command(struct session *s, struct str args);

#endif
