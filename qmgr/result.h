/*
 * result - what became of the recipients of a job.
 *
 * The log line of each, in Postfix's form; then delivered, put off, sent
 * back, or held because it can be neither.
 */
#ifndef QMGR_RESULT_H
#define QMGR_RESULT_H

#include "qmgr/dest.h"
#include "qmgr/words.h"

/*
 * The verdict of a reply. status is NULL or "" when the reply had none; text
 * is a peer's.
 */
void result_set(struct outcome *outcome, enum verdict verdict, int code,
    const char *status, struct str text);

/* The same of a reply with an agent's words. */
void result_said(struct outcome *outcome, enum verdict verdict, int code,
    const char *status, const struct words *words);

/*
 * Has the message waited so long that it is to be given up, or its sender to
 * be told, whatever rests?
 */
bool result_is_due(const struct qmgr *q, const struct message *message);

/* Act on all outcomes; relay is for the log. Ends the job. */
void result_finish(struct qmgr *q, struct job *job, const char *relay);

/* Never tried, since its site fails. Ends the job. */
void result_suspended(struct qmgr *q, struct job *job, const char *reason);

/* This recipient is put off without being tried: says so in the log. */
void result_put_off(struct message *message, size_t rcpt, const char *reason);

/*
 * A delivery or a notice of this message has ended: when it was the last one
 * under way, put the message off or let it rest. quick: soon again.
 */
void result_job_ended(struct qmgr *q, struct message *message, bool quick);

/* Keep it until the operator decides. */
void result_hold(struct qmgr *q, struct message *message, const char *why);

#endif
