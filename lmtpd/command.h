/*
 * command - the commands of a session: a table, and those that need no file
 * of their own.
 */
#ifndef LMTPD_COMMAND_H
#define LMTPD_COMMAND_H

#include "lmtpd/session.h"

/* 0 where the answer was 2xx or 3xx. line lives until the next read. */
int command_run(struct session *s, struct str line);

/* Each answers. args is what stands behind the verb, without blanks. */
int mail_command(struct session *s, struct str args);
int rcpt_command(struct session *s, struct str args);
int data_command(struct session *s, struct str args);
int bdat_command(struct session *s, struct str args);

/* The message is in s->body: deliver it and answer for each recipient. */
int data_finish(struct session *s, enum dot_fault fault);

/*
 * Take the parameter XCHANCERY=value out of the parameters behind a path
 * (doc/architecture.md, "A message is delivered"), which are copied to the
 * arena for it. value is empty where there is none.
 */
struct str xchancery_take(struct arena *arena, struct str *params);

#endif
