#include "smtp/session.h"

#include <stdlib.h>

#include "base/log.h"
#include "smtp/body.h"
#include "smtp/command.h"
#include "smtp/reuse.h"
#include "smtpproto/client.h"

enum {
	LINE_ARENA = 65536,
	TRANSACTION_ARENA = 8 << 20, /* 1,000 recipients */
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
		.server = {
			.ops = &command_ops,
			.session = s,
			.stream = stream,
			.hostname = smtp->conf.hostname,
			.utf8 = &s->t.mail.smtputf8,
			.line_max = SMTP_COMMAND_MAX,
			.error_max = smtp->conf.error_limit,
		},
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
	stream_free(s->server.stream);
	arena_free(s->line);
}

int
session_answer(struct session *s, bool is_dsn)
{
	struct buf out;

	buf_init(&out, 0);
	answer_put(&out, &s->t.answer, is_dsn, s->t.mail.smtputf8);
	stream_put(s->server.stream, buf_str(&out));
	buf_clear(&out);
	return s->t.answer.code >= 400 ? -1 : 0;
}

int
session_wait(struct session *s)
{
	const struct daemon *d = s->smtp->daemon;
	int64_t left = (int64_t)s->smtp->conf.timeout_qmgr * 1000;

	arena_reset(s->line);
	if (envelope_is_waiting(s) && !stream_is_readable(s->server.stream))
		envelope_sync(s, false);
	while (!s->t.open && stream_peek(s->server.stream).len == 0) {
		int next = reuse_expire(s->smtp), ret;

		if (next < 0 || next > left)
			next = (int)left;
		ret = smtp_server_wait(&s->server,
		    d == NULL ? -1 : daemon_stop_fd(d), next);
		if (ret < 0)
			return -1;
		if (ret > 0 || stream_state(s->server.stream) != STREAM_OK ||
		    (left -= next) <= 0)
			break;
	}
	return 0;
}

void
session_run(struct session *s)
{
	smtp_count(s->smtp, SMTP_SESSIONS, 1);
	(void)session_reply(s, 220, NULL, "%s LMTP %s", s->smtp->conf.hostname,
	    s->smtp->conf.mail_name);
	smtp_server_run(&s->server);
}
