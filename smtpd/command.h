/*
 * command - the table of SMTP commands.
 *
 * Each is counted, for the line that is logged in the end.
 */
#ifndef SMTPD_COMMAND_H
#define SMTPD_COMMAND_H

#include "smtpd/session.h"

extern const struct smtp_server_ops command_ops;
/* The i-th command's name, NULL behind the last. */
const char *command_name(size_t i);

int hello_helo(struct session *s, struct str args);
int hello_ehlo(struct session *s, struct str args);
int mail_command(struct session *s, struct str args);
int rcpt_command(struct session *s, struct str args);
int data_command(struct session *s, struct str args);
int bdat_command(struct session *s, struct str args);
int auth_command(struct session *s, struct str args);
/* "AUTH ...\n" of EHLO's answer: what is usable here; or nothing. */
void auth_list(const struct session *s, struct buf *out);
int starttls_command(struct session *s, struct str args);
int xclient_command(struct session *s, struct str args);

/* All of an answer's targets or, with -1, none: there is no room. */
int rcpt_add_targets(struct transaction *t,
    const struct rewrite_rcpt_answer *answer, struct str address,
    const struct smtp_rcpt_params *params);
/* Take back all recipients but the first so many. */
void rcpt_take_back(struct transaction *t, size_t left);

/* The queue's id, or -1 after a 451. */
int data_need_id(struct session *s);
/* Its first byte is about to come. */
void data_begin(struct session *s);
/* Bytes of the message: a smtp_server_sink. */
void data_keep(struct session *s, struct str run);
/* The message is all there: refuse it, or give it to qmgr; then reply. */
int data_finish(struct session *s, const struct dot_reader *reader);

#endif
