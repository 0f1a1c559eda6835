#include "lmtpd/session.h"

#include <stdlib.h>

#include "base/log.h"
#include "lmtpd/command.h"
#include "smtpproto/client.h"

enum {
	LINE_ARENA = 65536,
	TRANSACTION_ARENA = 8 << 20, /* 1,000 recipients */
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
		.server = {
			.ops = &command_ops,
			.session = s,
			.stream = stream,
			.hostname = conf->hostname,
			.utf8 = &s->t.mail.smtputf8,
			.line_max = SMTP_COMMAND_MAX,
			.error_max = conf->error_limit,
		},
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
	stream_free(s->server.stream);
	arena_free(s->line);
}

void
session_count(struct session *s, enum lmtpd_stat stat, int64_t n)
{
	if (s->daemon != NULL)
		daemon_count(s->daemon, stat, n);
}

/*
 * Between transactions the daemon's end is waited for as well, so that a stop
 * need not wait for an idle client.
 */
int
session_wait(struct session *s)
{
	arena_reset(s->line);
	if (s->daemon == NULL || s->t.open ||
	    stream_peek(s->server.stream).len > 0)
		return 0;
	return smtp_server_wait(&s->server, daemon_stop_fd(s->daemon),
	    s->conf->timeout * 1000);
}

void
session_run(struct session *s)
{
	session_count(s, LMTPD_SESSIONS, 1);
	(void)session_reply(s, 220, NULL, "%s LMTP %s", s->conf->hostname,
	    s->conf->mail_name);
	smtp_server_run(&s->server);
	if (stream_state(s->server.stream) == STREAM_TIMEOUT)
		log_info("timeout: a client said nothing for %d s",
		    s->conf->timeout);
}
