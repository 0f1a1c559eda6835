#include "lmtpd/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "lmtpd/command.h"
#include "net/line.h"
#include "smtpproto/client.h"
#include "smtpproto/reply.h"

enum {
	LINE_ARENA = 65536,
	TRANSACTION_ARENA = 8 << 20, /* 1,000 recipients */
	REPLY_TEXT = 1200,           /* two addresses and words */
	BODY_KEEP = 1 << 20,         /* more room than this is given back */
};

static void
transaction_init(struct transaction *t)
{
	*t = (struct transaction){ .arena = arena_new(TRANSACTION_ARENA) };
}

static void
transaction_clear(struct transaction *t)
{
	free(t->rcpts);
	arena_free(t->arena);
}

void
session_reset(struct session *s)
{
	if (!s->t.open)
		return;
	transaction_clear(&s->t);
	transaction_init(&s->t);
	if (s->body.cap > BODY_KEEP)
		buf_clear(&s->body);
	else
		buf_reset(&s->body);
}

void
session_init(struct session *s, const struct lmtpd_conf *conf,
    const struct peers *peers, struct stream *stream, bool is_trusted)
{
	*s = (struct session){
		.conf = conf,
		.peers = peers,
		.stream = stream,
		.is_trusted = is_trusted,
		.line = arena_new(LINE_ARENA),
	};
	transaction_init(&s->t);
	buf_init(&s->body,
	    conf->message_limit == 0 ? 0 :
				       conf->message_limit + LMTPD_SIZE_SLACK);
	stream_set_timeout(stream, conf->timeout * 1000);
}

void
session_clear(struct session *s)
{
	transaction_clear(&s->t);
	buf_clear(&s->body);
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

void
session_count(struct session *s, enum lmtpd_stat stat, int64_t n)
{
	if (s->daemon != NULL)
		daemon_count(s->daemon, stat, n);
}

/*
 * Between transactions the daemon's end is waited for as well, so that a stop
 * need not wait for an idle client. -1: it came, and the client was told.
 */
static int
wait_for_command(struct session *s)
{
	int ready = 0;

	if (s->daemon != NULL && !s->t.open && stream_peek(s->stream).len == 0)
		ready = stream_wait(s->stream, daemon_stop_fd(s->daemon),
		    s->conf->timeout * 1000);
	if (ready <= 0 || !(ready & 2))
		return 0;
	s->closing = true;
	return session_reply(s, 421, "4.3.2", "%s Service is being stopped",
	    s->conf->hostname);
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

	if (read_line(s, &line) == 0)
		(void)command_run(s, line);
	if (s->errors >= s->conf->error_limit && !s->closing) {
		s->closing = true;
		(void)session_reply(s, 421, "4.7.0",
		    "%s Error: too many errors", s->conf->hostname);
	}
}

void
session_run(struct session *s)
{
	session_count(s, LMTPD_SESSIONS, 1);
	(void)session_reply(s, 220, NULL, "%s LMTP %s", s->conf->hostname,
	    s->conf->mail_name);
	while (!s->closing && stream_state(s->stream) == STREAM_OK) {
		serve_line(s);
		arena_reset(s->line);
	}
	if (stream_state(s->stream) == STREAM_TIMEOUT)
		log_info("timeout: a client said nothing for %d s",
		    s->conf->timeout);
	(void)stream_flush(s->stream);
}
