/*
 * result - what became of the recipients of a job.
 *
 * The log line of each, in Postfix's form; then delivered, put off, sent
 * back, or held because it can be neither.
 */
#ifndef QMGR_RESULT_H
#define QMGR_RESULT_H

#include "qmgr/dest.h"

/*
 * The verdict of a reply. status is NULL or "" when the reply had none; text
 * is a peer's.
 */
void result_set(struct outcome *outcome, enum verdict verdict, int code,
    const char *status, struct str text);

/* Act on all outcomes; relay is for the log. Ends the job. */
void result_finish(struct qmgr *q, struct job *job, const char *relay);

/* Never tried, since its site fails. Ends the job. */
void result_suspended(struct qmgr *q, struct job *job, const char *reason);

/*
 * A delivery or a notice of this message has ended: when it was the last one
 * under way, put the message off or let it rest. quick: soon again.
 */
void result_job_ended(struct qmgr *q, struct message *message, bool quick);

/* Keep it until the operator decides. */
void result_hold(struct qmgr *q, struct message *message, const char *why);

#endif
