#include "smtp/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "net/line.h"
#include "smtp/body.h"
#include "smtp/command.h"
#include "smtp/reuse.h"
#include "smtpproto/client.h"

enum {
	LINE_ARENA = 65536,
	TRANSACTION_ARENA = 8 << 20, /* 1,000 recipients */
	REPLY_TEXT = 1200,
};

static void
transaction_init(struct transaction *t)
{
	*t = (struct transaction){ .arena = arena_new(TRANSACTION_ARENA) };
	answer_init(&t->answer);
}

static void
transaction_clear(struct session *s)
{
	struct transaction *t = &s->t;

	body_drop(s);
	if (t->site != NULL)
		reuse_keep(s->smtp, t->site);
	answer_clear(&t->answer);
	free(t->rcpts);
	arena_free(t->arena);
}

void
session_reset(struct session *s)
{
	transaction_clear(s);
	transaction_init(&s->t);
}

void
session_init(struct session *s, struct smtp *smtp, struct stream *stream)
{
	*s = (struct session){
		.smtp = smtp,
		.stream = stream,
		.line = arena_new(LINE_ARENA),
	};
	transaction_init(&s->t);
	stream_set_timeout(stream, smtp->conf.timeout_qmgr * 1000);
}

void
session_clear(struct session *s)
{
	transaction_clear(s);
	reuse_clear(s->smtp);
	stream_free(s->stream);
	arena_free(s->line);
}

int
session_reply(struct session *s, int code, const char *status, const char *fmt,
    ...)
{
	char text[REPLY_TEXT];
	struct buf out;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_init(&out, 0);
	(void)smtp_reply_put(&out, code, status, str_of(text),
	    s->t.mail.smtputf8);
	stream_put(s->stream, buf_str(&out));
	buf_clear(&out);
	if (code == 500 || code == 501) /* not understood */
		s->errors++;
	return code >= 400 ? -1 : 0;
}

int
session_answer(struct session *s, bool is_dsn)
{
	struct buf out;

	buf_init(&out, 0);
	answer_put(&out, &s->t.answer, is_dsn, s->t.mail.smtputf8);
	stream_put(s->stream, buf_str(&out));
	buf_clear(&out);
	return s->t.answer.code >= 400 ? -1 : 0;
}

/*
 * Nothing is there to read: between transactions connections grow old, and
 * the daemon's end may come. -1: no command will come.
 */
static int
wait_for_command(struct session *s)
{
	const struct daemon *d = s->smtp->daemon;
	int64_t left = (int64_t)s->smtp->conf.timeout_qmgr * 1000;

	while (!s->t.open && stream_peek(s->stream).len == 0) {
		int stop_fd = d == NULL ? -1 : daemon_stop_fd(d);
		int next = reuse_expire(s->smtp), ready;

		if (next < 0 || next > left)
			next = (int)left;
		ready = stream_wait(s->stream, stop_fd, next);
		if (ready & 2 && ready > 0) {
			s->closing = true;
			return session_reply(s, 421, "4.3.2",
			    "%s Service is being stopped",
			    s->smtp->conf.hostname);
		}
		if (ready != 0 || (left -= next) <= 0)
			break;
	}
	return 0;
}

/* *line lives until the next read. -1: none, answered if there is a peer. */
static int
read_line(struct session *s, struct str *line)
{
	static const char *const troubles[] = {
		[LINE_BARE_CR] = "bare <CR> received",
		[LINE_BARE_LF] = "bare <LF> received",
		[LINE_LONG] = "line too long",
	};
	enum line_result result;

	if (wait_for_command(s) < 0)
		return -1;
	result = line_read(s->stream, SMTP_COMMAND_MAX, line);
	if (result == LINE_OK)
		return 0;
	if (result != LINE_MORE) {
		(void)session_reply(s, 500, "5.5.2", "Error: %s",
		    troubles[result]);
		(void)line_drop(s->stream);
	}
	return -1;
}

static void
serve_line(struct session *s)
{
	struct str line;

	if (envelope_is_waiting(s) && !stream_is_readable(s->stream))
		envelope_sync(s, false);
	if (read_line(s, &line) == 0)
		(void)command_run(s, line);
	if (s->errors >= s->smtp->conf.error_limit && !s->closing) {
		s->closing = true;
		(void)session_reply(s, 421, "4.7.0",
		    "%s Error: too many errors", s->smtp->conf.hostname);
	}
}

void
session_run(struct session *s)
{
	smtp_count(s->smtp, SMTP_SESSIONS, 1);
	(void)session_reply(s, 220, NULL, "%s LMTP %s", s->smtp->conf.hostname,
	    s->smtp->conf.mail_name);
	while (!s->closing && stream_state(s->stream) == STREAM_OK) {
		serve_line(s);
		arena_reset(s->line);
	}
	(void)stream_flush(s->stream);
}
