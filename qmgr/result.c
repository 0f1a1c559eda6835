#include "qmgr/result.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/time.h"
#include "qmgr/batch.h"
#include "qmgr/defer.h"
#include "qmgr/notify.h"
#include "qmgr/retire.h"
#include "qmgr/words.h"

enum { TEXT_MAX = 1000 };

void
result_said(struct outcome *outcome, enum verdict verdict, int code,
    const char *status, const struct words *words)
{
	struct buf text;

	outcome->verdict = verdict;
	if (status != NULL && status[0] != '\0')
		(void)snprintf(outcome->status, sizeof(outcome->status), "%s",
		    status);
	else
		(void)snprintf(outcome->status, sizeof(outcome->status),
		    "%d.0.0",
		    verdict == VERDICT_SENT         ? 2 :
			verdict == VERDICT_DEFERRED ? 4 :
						      5);
	outcome->dsn = words->dsn;
	outcome->remote = words->relay.len > 0;
	buf_init(&text, TEXT_MAX);
	words_tell(&text, words, code, status == NULL ? "" : status);
	free(outcome->text);
	outcome->text = xstrdup(buf_cstr(&text));
	buf_clear(&text);
}

void
result_set(struct outcome *outcome, enum verdict verdict, int code,
    const char *status, struct str text)
{
	struct words words = { .text = text };

	result_said(outcome, verdict, code, status, &words);
}

/* "0.03", "12", as Postfix rounds its delays. */
static void
put_delay(char *out, size_t size, int64_t us)
{
	if (us < 0)
		us = 0;
	if (us >= 100 * (int64_t)TIME_SECOND)
		(void)snprintf(out, size, "%lld",
		    (long long)(us / TIME_SECOND));
	else if (us >= 10 * (int64_t)TIME_SECOND)
		(void)snprintf(out, size, "%.1f", (double)us / TIME_SECOND);
	else if (us < 10000)
		(void)snprintf(out, size, "%.2g",
		    us < 100 ? 0.0 : (double)us / TIME_SECOND);
	else
		(void)snprintf(out, size, "%.2f", (double)us / TIME_SECOND);
}

static const char *
status_word(const struct outcome *outcome, bool expired)
{
	switch (outcome->verdict) {
	case VERDICT_SENT:
		return "sent";
	case VERDICT_FAILED:
		return expired ? "expired" : "bounced";
	default:
		return "deferred";
	}
}

/*
 * delays=a/b/c/d: before the queue manager, in the queue, setting up the
 * connection, transmission (Postfix's postconf(5), delay_logging_resolution).
 */
static void
log_outcome(const struct job *job, size_t i, const char *relay, bool expired)
{
	const struct message *message = job->message;
	const struct queue_recipient *rcpt =
	    message_rcpt(message, job->rcpt[i]);
	const struct outcome *outcome = &job->outcome[i];
	int64_t now = time_mono(),
		total = time_real() - message->record.arrival;
	int64_t queued = job->begun - message->active;
	int64_t setup = job->connected == 0 ? 0 : job->connected - job->begun;
	int64_t sent = now - job->begun - setup;
	char id[QUEUE_SHORT_SIZE], to[400], original[420] = "", word[400];
	char delay[5][24];
	struct str text = str_of(outcome->text), host;

	/* of a success the reply alone, as Postfix logs it */
	if (outcome->verdict == VERDICT_SENT)
		words_untell(text, &host, &text);
	put_delay(delay[0], sizeof(delay[0]), total);
	put_delay(delay[1], sizeof(delay[1]), total - queued - setup - sent);
	put_delay(delay[2], sizeof(delay[2]), queued);
	put_delay(delay[3], sizeof(delay[3]), setup);
	put_delay(delay[4], sizeof(delay[4]), sent);
	if (rcpt->original.len > 0 && !str_eq(rcpt->original, rcpt->address))
		(void)snprintf(original, sizeof(original), " orig_to=<%s>,",
		    log_escape(word, sizeof(word), rcpt->original));
	log_info("%s: to=<%s>,%s relay=%s, delay=%s, delays=%s/%s/%s/%s, "
		 "dsn=%s, status=%s (%" STR_F ")",
	    queue_id_short(id, &message->id),
	    log_escape(to, sizeof(to), rcpt->address), original, relay,
	    delay[0], delay[1], delay[2], delay[3], delay[4], outcome->status,
	    status_word(outcome, expired), STR_A(text));
}

void
result_put_off(struct message *message, size_t rcpt, const char *reason)
{
	char id[QUEUE_SHORT_SIZE], to[400], delay[24];

	put_delay(delay, sizeof(delay), time_real() - message->record.arrival);
	message_set_reason(message, rcpt, reason);
	log_info("%s: to=<%s>, relay=none, delay=%s, delays=%s/0/0/0, "
		 "dsn=4.4.1, status=deferred (delivery temporarily "
		 "suspended: %s)",
	    queue_id_short(id, &message->id),
	    log_escape(to, sizeof(to), message_rcpt(message, rcpt)->address),
	    delay, delay, reason);
}

void
result_hold(struct qmgr *q, struct message *message, const char *why)
{
	char id[QUEUE_SHORT_SIZE];

	if (message->record.held || message->dying)
		return;
	log_warn("%s: placed on hold: %s", queue_id_short(id, &message->id),
	    why);
	qmgr_set_held(q, message, true);
}

void
result_job_ended(struct qmgr *q, struct message *message, bool quick)
{
	if (--message->jobs > 0 || message->live == 0)
		return;
	if (message->removed) {
		retire_all(q, message);
	} else if (!message->record.held) {
		if (notify_delay_is_due(q, message))
			notify_delayed(q, message);
		defer_message(q, message, quick);
	}
}

static bool
is_expired(const struct qmgr *q, const struct message *message)
{
	int64_t age = time_real() - message->record.arrival;
	int lifetime = message->record.sender.len == 0 ?
	    q->conf.bounce_lifetime :
	    q->conf.lifetime;

	return age > (int64_t)lifetime * TIME_SECOND;
}

bool
result_is_due(const struct qmgr *q, const struct message *message)
{
	return is_expired(q, message) || notify_delay_is_due(q, message);
}

/* Recipients of a job that somebody is told of. */
struct told {
	uint32_t *failed, *expired, *sent;
	enum bounce_action *action; /* of those sent */
	size_t fails, expires, sents;
};

/*
 * Delivered: retired, at once unless the sender wants to hear of it from us
 * (RFC 3461 sections 5.2.2 and 5.2.3).
 */
static void
note_sent(struct qmgr *q, struct job *job, size_t i, struct told *told)
{
	const struct outcome *outcome = &job->outcome[i];
	struct message *message = job->message;
	uint32_t number = job->rcpt[i];

	daemon_count(q->daemon, QMGR_DELIVERED, 1);
	daemon_observe(q->daemon, QMGR_DELIVERY_TIME,
	    time_real() - message->record.arrival);
	if (outcome->dsn || message->record.sender.len == 0 ||
	    !(message_rcpt(message, number)->notify & QUEUE_NOTIFY_SUCCESS)) {
		retire_rcpt(q, message, number, QUEUE_DELIVERED);
		return;
	}
	message_set_reason(message, number, outcome->text);
	told->sent[told->sents] = number;
	told->action[told->sents++] =
	    outcome->remote ? BOUNCE_RELAYED : BOUNCE_DELIVERED;
}

static void
tell(struct qmgr *q, struct message *message, const struct told *told)
{
	if (told->sents > 0)
		notify_sent(q, message, told->sent, told->action, told->sents);
	daemon_count(q->daemon, QMGR_BOUNCED,
	    (int64_t)(told->fails + told->expires));
	if (told->fails > 0)
		notify_failed(q, message, told->failed, told->fails,
		    QUEUE_BOUNCED);
	if (told->expires > 0)
		notify_failed(q, message, told->expired, told->expires,
		    QUEUE_EXPIRED);
}

/* Our own directory gave no answer (RFC 3463 section 3.5): that passes. */
static bool
is_own_trouble(const struct job *job, const struct outcome *outcome)
{
	return !job->dest->transport->remote &&
	    strcmp(outcome->status, "4.4.3") == 0;
}

void
result_finish(struct qmgr *q, struct job *job, const char *relay)
{
	struct message *message = job->message;
	struct told told = {
		.failed = xcalloc(job->count, sizeof(*told.failed)),
		.expired = xcalloc(job->count, sizeof(*told.expired)),
		.sent = xcalloc(job->count, sizeof(*told.sent)),
		.action = xcalloc(job->count, sizeof(*told.action)),
	};
	bool old = is_expired(q, message), quick = job->lost > 0;

	message->jobs++; /* it stays while we speak of it */
	for (size_t i = 0; i < job->count; i++) {
		struct outcome *outcome = &job->outcome[i];
		bool gone;

		if (outcome->verdict == VERDICT_NONE)
			result_set(outcome, VERDICT_DEFERRED, 0, "4.4.2",
			    str_of("no answer"));
		gone = outcome->verdict == VERDICT_DEFERRED && old;
		if (gone)
			outcome->verdict = VERDICT_FAILED;
		log_outcome(job, i, relay, gone);
		if (outcome->verdict == VERDICT_SENT) {
			note_sent(q, job, i, &told);
			continue;
		}
		message_set_reason(message, job->rcpt[i], outcome->text);
		quick |= is_own_trouble(job, outcome);
		if (gone)
			told.expired[told.expires++] = job->rcpt[i];
		else if (outcome->verdict == VERDICT_FAILED)
			told.failed[told.fails++] = job->rcpt[i];
		else
			daemon_count(q->daemon, QMGR_DEFERRED, 1);
	}
	tell(q, message, &told);
	message->jobs--;
	free(told.failed);
	free(told.expired);
	free(told.sent);
	free(told.action);
	result_job_ended(q, message, quick);
	dest_done(job);
}

void
result_suspended(struct qmgr *q, struct job *job, const char *reason)
{
	char text[300];

	(void)snprintf(text, sizeof(text), "delivery temporarily suspended: %s",
	    reason);
	for (size_t i = 0; i < job->count; i++)
		result_set(&job->outcome[i], VERDICT_DEFERRED, 0, "4.4.1",
		    str_of(text));
	/* what is here comes back soon */
	job->lost += !job->dest->transport->remote;
	result_finish(q, job, "none");
}
