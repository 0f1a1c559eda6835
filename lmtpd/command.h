/*
 * command - the commands of a session: a table, and those that need no file
 * of their own.
 */
#ifndef LMTPD_COMMAND_H
#define LMTPD_COMMAND_H

#include "lmtpd/session.h"

extern const struct smtp_server_ops command_ops;

/* Each answers. args is what stands behind the verb, without blanks. */
int mail_command(struct session *s, struct str args);
int rcpt_command(struct session *s, struct str args);
int data_command(struct session *s, struct str args);
int bdat_command(struct session *s, struct str args);

/* Bytes of the message: a smtp_server_sink. */
void data_keep(struct session *s, struct str run);
/* The message is in s->body: deliver it and answer for each recipient. */
int data_finish(struct session *s, enum dot_fault fault);

#endif
