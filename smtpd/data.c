/*
 * DATA: RFC 5321 section 4.1.1.4; and the end of a message, which BDAT
 * shares.
 */
#include <stdio.h>

#include "base/log.h"
#include "base/time.h"
#include "smtpd/command.h"
#include "smtpd/content.h"
#include "smtpd/effects.h"
#include "smtpd/loop.h"
#include "smtpd/received.h"

int
data_need_id(struct session *s)
{
	struct transaction *t = &s->t;
	char sasl[600] = "";
	struct err err;

	if (t->id[0] != '\0')
		return 0;
	if (s->peers->ops->begin(s->peers->ctx, t->id, &err) < 0) {
		t->id[0] = '\0';
		log_warn("queue: %s", err.text);
		return session_reply(s, 451, "4.3.0",
		    "Error: queue file write error");
	}
	if (s->user.len > 0)
		(void)snprintf(sasl, sizeof(sasl),
		    ", sasl_method=%" STR_F ", sasl_username=%" STR_F,
		    STR_A(s->mech), STR_A(s->user));
	log_info("%s: client=%s%s", t->id, session_client(s), sasl);
	return 0;
}

/* What is wrong with the message, answered; 0: nothing. */
static int
refuse_message(struct session *s, const struct dot_reader *reader)
{
	static const struct {
		int code;
		const char *status, *text;
	} replies[] = {
		[BODY_TOO_LARGE] = { 552, "5.3.4",
		    "Error: message file too big" },
		[BODY_BAD_HEADER] = { 552, "5.3.4",
		    "Error: message header too large" },
		[BODY_BAD_LINES] = { 550, "5.6.0",
		    "Error: the header is not made of lines" },
		[BODY_HOPS] = { 554, "5.4.6", "Error: too many hops" },
		[BODY_NO_SPACE] = { 452, "4.3.1",
		    "Insufficient system storage" },
		[BODY_NO_QUEUE] = { 451, "4.3.0",
		    "Error: queue file write error" },
	};
	const struct body *body = &s->t.body;
	struct str looped;

	if (reader->fault != DOT_FAULT_NONE)
		return session_reject(s, "DATA", s->t.first_rcpt, 550, "5.5.2",
		    "Error: bare <%s> received",
		    reader->fault == DOT_FAULT_CR ? "CR" : "LF");
	if (body->trouble == BODY_FINE && s->t.rcpt_len > 0 &&
	    loop_mark(s, &looped) == s->t.rcpt_len)
		return session_reject(s, "DATA", s->t.first_rcpt, 554, "5.4.6",
		    "Error: mail forwarding loop for %" STR_F, STR_A(looped));
	if (body->trouble == BODY_FINE)
		return 0;
	if (body->err.text[0] != '\0')
		log_warn("%s: queue: %s", s->t.id, body->err.text);
	return session_reject(s, "DATA", s->t.first_rcpt,
	    replies[body->trouble].code, replies[body->trouble].status, "%s",
	    replies[body->trouble].text);
}

/* The promise is qmgr's: this returns 0 only once it has been given. */
static int
commit(struct session *s, const struct content *c, struct err *err)
{
	static const uint8_t types[] = {
		[SMTP_BODY_7BIT] = QUEUE_7BIT,
		[SMTP_BODY_8BIT] = QUEUE_8BITMIME,
		[SMTP_BODY_BINARY] = QUEUE_BINARYMIME,
	};
	struct transaction *t = &s->t;
	bool large = t->body.fd >= 0;
	struct queue_commit ask = {
		.sender = t->sender.address,
		.body_type = types[t->mail.body],
		.smtputf8 = t->mail.smtputf8,
		.ret = (uint8_t)t->mail.ret,
		.envid = t->mail.envid,
		.client_addr = s->facts.client_addr,
		.client_name = s->facts.client_name,
		.helo = s->helo,
		.protocol = str_of(session_protocol(s)),
		.sasl_user = s->user,
		.hold = c->hold[0] != '\0' ? str_of(c->hold) : effects_hold(s),
		.rcpts = { t->rcpts, t->rcpt_len },
		.header_len = t->body.header_len,
		.is_large = large,
		.large_len = large ? t->body.len : 0,
		.body = large ? STR("") : buf_str(&t->body.bytes),
	};
	int64_t began = time_mono();
	struct buf prefix;
	int ret;

	buf_init(&prefix, QUEUE_PREFIX_MAX);
	(void)buf_add_str(&prefix, buf_str(&c->fields));
	(void)buf_add_str(&prefix, c->prefix);
	ask.prefix = buf_str(&prefix);
	ret = s->peers->ops->commit(s->peers->ctx, &ask, err);
	buf_clear(&prefix);
	session_observe(s, SMTPD_COMMIT_TIME, time_mono() - began);
	if (ret == 0) {
		session_count(s, SMTPD_MESSAGES, 1);
		session_count(s, SMTPD_MESSAGE_BYTES, (int64_t)t->body.len);
	}
	return ret;
}

/*
 * Only once the message is safe in quarantine are its recipients told of it.
 * If that fails the client is told to come again, and the message is kept
 * twice rather than in secret.
 */
static int
keep(struct session *s, struct content *c, struct err *err)
{
	struct str looped;

	if (effects_recipients(s, err) < 0)
		return -1;
	(void)loop_mark(s, &looped); /* those too that were added */
	if (commit(s, c, err) < 0)
		return -1;
	if (c->action != CONTENT_QUARANTINE)
		return 0;
	session_count(s, SMTPD_QUARANTINED, 1);
	return s->conf->virus_notify ? notice_send(c, err) : 0;
}

/* Answer by what became of the message. The transaction is over. */
static int
answer(struct session *s, int ret, const struct err *err)
{
	char id[QUEUE_SHORT_SIZE];

	memcpy(id, s->t.id, sizeof(id));
	session_reset(s);
	if (ret == 0) {
		s->server.errors = 0; /* a client that delivers has made good */
		s->junk = 0;
		return session_reply(s, 250, "2.0.0", "Ok: queued as %s", id);
	}
	log_warn("%s: queue: %s", id, err->text);
	session_count(s, SMTPD_PUT_OFF, 1);
	if (err->kind == ERR_LIMIT)
		return session_reply(s, 452, "4.3.1",
		    "Insufficient system storage");
	return session_reply(s, 451, "4.3.0", "Error: queue file write error");
}

int
data_finish(struct session *s, const struct dot_reader *reader)
{
	struct content content;
	struct err err = { 0 };
	struct buf prefix;
	int ret;

	body_end(&s->t.body);
	if (refuse_message(s, reader) < 0) {
		session_reset(s);
		return -1;
	}
	if (s->t.body.has_message_id)
		log_info("%s: message-id=%s", s->t.id, s->t.body.message_id);
	if (effects_discard(s))
		return answer(s, 0, &err);
	buf_init(&prefix, QUEUE_PREFIX_MAX - CONTENT_FIELDS_MAX);
	received_write(&prefix, s, &s->t.body);
	effects_prefix(s, &prefix);
	content_init(&content, s, buf_str(&prefix));
	ret = content_run(&content);
	if (ret == 0)
		ret = answer(s, keep(s, &content, &err), &err);
	else
		session_reset(s);
	content_clear(&content);
	buf_clear(&prefix);
	return ret;
}

void
data_begin(struct session *s)
{
	struct transaction *t = &s->t;

	body_begin(&t->body, s->conf, s->peers, t->mail.size);
	t->body.is_binary = t->mail.body == SMTP_BODY_BINARY;
	t->body.drop_spam_fields = content_owns_spam_fields(s);
	t->body_open = true;
}

void
data_keep(struct session *s, struct str run)
{
	body_add(&s->t.body, run);
}

int
data_command(struct session *s, struct str args)
{
	struct transaction *t = &s->t;
	struct dot_reader reader;

	if (args.len > 0)
		return session_reply(s, 501, "5.5.4", "Syntax: DATA");
	if (t->bdat != BDAT_NONE)
		return session_reply(s, 503, "5.5.1", "Error: DATA after BDAT");
	if (t->accepted == 0 && t->refused > 0)
		return session_reply(s, 554, "5.5.1",
		    "Error: no valid recipients");
	if (t->accepted == 0)
		return session_reply(s, 503, "5.5.1",
		    "Error: need RCPT command");
	if (t->mail.body == SMTP_BODY_BINARY) /* RFC 3030 section 3 */
		return session_reply(s, 503, "5.5.1",
		    "Error: BODY=BINARYMIME goes with BDAT only");
	(void)session_reply(s, 354, NULL, "End data with <CR><LF>.<CR><LF>");
	data_begin(s);
	dot_reader_init(&reader);
	session_deadline(s, true);
	if (smtp_server_data(&s->server, &reader, data_keep) < 0)
		return -1;
	return data_finish(s, &reader);
}
