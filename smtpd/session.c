#include "smtpd/session.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/time.h"
#include "smtpd/client.h"
#include "smtpd/command.h"

enum {
	SESSION_ARENA = 65536,
	LINE_ARENA = 1 << 20,         /* an alias's thousand targets */
	TRANSACTION_ARENA = 32 << 20, /* 50,000 recipients */
	REPLY_TEXT = 1200,            /* two addresses and words */
};

static void
transaction_clear(struct transaction *t)
{
	if (t->body_open)
		body_clear(&t->body);
	free(t->rcpts);
	hash_free(t->seen);
	arena_free(t->arena);
}

void
session_reset(struct session *s)
{
	struct transaction *t = &s->t;
	struct arena *arena = t->arena;

	/* Nothing was said in it: nothing to forget. */
	if (!t->open && t->bdat == BDAT_NONE)
		return;
	t->arena = NULL;
	transaction_clear(t);
	arena_reset(arena);
	*t = (struct transaction){ .arena = arena };
}

/* Who really is at the other end, not whom it speaks for. */
static bool
may_xclient(const struct session *s)
{
	struct addr addr;
	struct err err;

	return addr_parse_ip(&addr, s->facts.client_addr, &err) == 0 &&
	    addr_nets_have(s->conf->xclient.net, s->conf->xclient.len, &addr);
}

void
session_init(struct session *s, const struct smtpd_conf *conf,
    const struct peers *peers, struct stream *stream,
    const struct session_facts *facts)
{
	struct str *const strings[] = {
		&s->facts.service,
		&s->facts.client_addr,
		&s->facts.client_name,
		&s->facts.reverse_name,
		&s->facts.local_addr,
		&s->facts.session,
		&s->facts.tls_version,
		&s->facts.tls_cipher,
		&s->facts.tls_binding,
		&s->facts.tls_unique,
		&s->facts.tls_client,
	};

	*s = (struct session){
		.conf = conf,
		.peers = peers,
		.server = {
			.ops = &command_ops,
			.session = s,
			.stream = stream,
			.hostname = conf->hostname,
			.utf8 = &s->t.mail.smtputf8,
			.line_max = (size_t)conf->line_limit,
			.error_max = conf->hard_error_limit,
		},
		.arena = arena_new(SESSION_ARENA),
		.line = arena_new(LINE_ARENA),
		.facts = *facts,
		.last = "CONNECT",
	};
	if (s->facts.reverse_name.len == 0)
		s->facts.reverse_name = s->facts.client_name;
	for (size_t i = 0; i < NELEMS(strings); i++)
		*strings[i] = arena_str(s->arena, *strings[i]);
	s->may_xclient = may_xclient(s);
	s->t.arena = arena_new(TRANSACTION_ARENA);
	stream_set_timeout(stream, conf->timeout * 1000);
}

void
facts_set_name(struct session_facts *facts, struct str name,
    enum dns_status status)
{
	facts->client_name = name;
	facts->name_status = status;
	if (str_eqz(facts->reverse_name, "unknown")) {
		facts->reverse_name = name;
		facts->reverse_status = status;
	}
}

void
facts_set_client(struct session_facts *facts, const struct smtpd_conf *conf,
    struct str text)
{
	struct addr addr;
	struct err err;

	facts->client_addr = text;
	facts->loopback = facts->trusted = false;
	facts->client_name = facts->reverse_name = STR("unknown");
	facts->name_status = facts->reverse_status = DNS_NO_NAME;
	if (addr_parse_ip(&addr, text, &err) < 0)
		return;
	facts->loopback = addr_is_loopback(&addr);
	facts->trusted =
	    addr_nets_have(conf->trusted.net, conf->trusted.len, &addr);
	/* Other addresses of this host may have names to be looked up. */
	if (str_eqz(text, "127.0.0.1") || str_eqz(text, "::1"))
		facts_set_name(facts, STR("localhost"), DNS_FOUND);
}

void
session_forget_user(struct session *s)
{
	if (s->user.len > 0 && !s->is_user_told)
		s->peers->ops->auth_end(s->peers->ctx, s->facts.session,
		    s->user);
	s->user = s->mech = STR("");
	s->is_user_told = false;
}

int
session_greet(struct session *s)
{
	s->access = (struct access_state){ .effects = { .discard = false } };
	s->denied = access_connect(s) < 0;
	if (s->denied)
		return -1;
	return session_reply(s, 220, NULL, "%s", s->conf->banner);
}

void
session_clear(struct session *s)
{
	session_forget_user(s);
	transaction_clear(&s->t);
	stream_free(s->server.stream);
	arena_free(s->line);
	arena_free(s->arena);
}

void
session_count(struct session *s, enum smtpd_stat stat, int64_t n)
{
	if (s->daemon != NULL)
		daemon_count(s->daemon, (int)stat, n);
}

void
session_observe(struct session *s, enum smtpd_stat stat, int64_t n)
{
	if (s->daemon != NULL)
		daemon_observe(s->daemon, (int)stat, n);
}

void
session_log_reject(struct session *s, const char *kind, const char *what,
    struct str rcpt, int code, const char *status, const char *text)
{
	char to[SMTP_PATH_MAX + 8] = "";

	if (rcpt.len > 0)
		(void)snprintf(to, sizeof(to), " to=<%" STR_F ">", STR_A(rcpt));
	log_info("%s: %s: %s from %s: %d %s %s; from=<%" STR_F
		 ">%s proto=%s helo=<%" STR_F ">",
	    s->t.id[0] != '\0' ? s->t.id : "NOQUEUE", kind, what,
	    session_client(s), code, status, text, STR_A(s->t.sender.address),
	    to, session_protocol(s), STR_A(s->helo));
}

int
session_reject(struct session *s, const char *what, struct str rcpt, int code,
    const char *status, const char *fmt, ...)
{
	char text[REPLY_TEXT];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	session_log_reject(s, "reject", what, rcpt, code, status, text);
	session_count(s, code < 500 ? SMTPD_PUT_OFF : SMTPD_REJECTS, 1);
	return session_reply(s, code, status, "%s", text);
}

const char *
session_client(struct session *s)
{
	const char *text = arena_printf(s->line, "%" STR_F "[%" STR_F "]",
	    STR_A(s->facts.client_name), STR_A(s->facts.client_addr));

	return text == NULL ? "unknown" : text;
}

/* A after a login, S with TLS: RFC 3848; UTF8SMTP...: RFC 6531 4.3. */
const char *
session_protocol(const struct session *s)
{
	static const char *const names[2][2][2] = {
		{ { "ESMTP", "ESMTPA" }, { "ESMTPS", "ESMTPSA" } },
		{ { "UTF8SMTP", "UTF8SMTPA" }, { "UTF8SMTPS", "UTF8SMTPSA" } },
	};

	if (!s->extended)
		return "SMTP";
	return names[s->t.mail.smtputf8][s->facts.tls_version.len > 0]
		    [s->user.len > 0];
}

bool
session_may_auth(const struct session *s)
{
	if (!s->conf->sasl || s->facts.tls_version.len > 0)
		return s->conf->sasl;
	return s->conf->tls != SMTPD_TLS_ENCRYPT &&
	    (s->facts.loopback || !s->conf->tls_auth_only);
}

bool
session_offers_tls(const struct session *s)
{
	return s->handover != NULL && s->conf->tls != SMTPD_TLS_NONE &&
	    s->facts.tls_version.len == 0;
}

/* The stream is sticky about its end; a last word may still go out. */
static void
last_word(struct session *s, const char *text)
{
	char line[400];
	int len = snprintf(line, sizeof(line), "421 4.4.2 %s Error: %s\r\n",
	    s->conf->hostname, text);

	(void)send(stream_fd(s->server.stream), line, (size_t)len,
	    MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* " name=ok/all", or " name=all" where all were. */
static void
put_count(struct buf *text, const char *name, int all, int ok)
{
	if (all == 0)
		return;
	(void)buf_addc(text, ' ');
	while (*name != '\0')
		(void)buf_addc(text, lower(*name++));
	(void)buf_addf(text, "=%d", ok);
	if (ok != all)
		(void)buf_addf(text, "/%d", all);
}

/* What was done, in Postfix's form. */
static void
log_disconnect(struct session *s)
{
	int all = s->unknown.all, ok = 0;
	struct buf text;

	buf_init(&text, 1000);
	for (size_t i = 0; command_name(i) != NULL; i++) {
		put_count(&text, command_name(i), s->count[i].all,
		    s->count[i].ok);
		all += s->count[i].all;
		ok += s->count[i].ok;
	}
	put_count(&text, "unknown", s->unknown.all, 0);
	if (all == 0)
		(void)buf_addz(&text, " commands=0");
	put_count(&text, "commands", all, ok);
	log_info("disconnect from %s%s", session_client(s), buf_cstr(&text));
	buf_clear(&text);
}

static void
log_end(struct session *s)
{
	switch (stream_state(s->server.stream)) {
	case STREAM_TIMEOUT:
		log_info("timeout after %s from %s", s->last,
		    session_client(s));
		last_word(s, "timeout exceeded");
		break;
	case STREAM_OK:
		break;
	default:
		if (!s->server.closing)
			log_info("lost connection after %s from %s", s->last,
			    session_client(s));
	}
	log_disconnect(s);
}

/* Who makes many errors waits for each answer. */
static void
slow_down(struct session *s)
{
	struct pollfd stop = { .fd = -1, .events = POLLIN };

	if (s->server.errors <= s->conf->soft_error_limit ||
	    s->conf->error_sleep == 0)
		return;
	if (stream_flush(s->server.stream) < 0)
		return;
	if (s->daemon != NULL)
		stop.fd = daemon_stop_fd(s->daemon);
	(void)poll(&stop, 1, s->conf->error_sleep * 1000);
}

void
session_deadline(struct session *s, bool is_data)
{
	if (s->conf->request_deadline)
		stream_set_deadline(s->server.stream, s->conf->timeout * 1000,
		    is_data ? (unsigned)s->conf->min_data_rate : 0);
}

/* -1: the daemon ends, and the client was told. */
static int
wait_for_client(struct session *s)
{
	int64_t end = time_mono() + (int64_t)s->conf->timeout * TIME_SECOND;

	while (s->daemon != NULL && stream_peek(s->server.stream).len == 0) {
		int64_t left = (end - time_mono()) / 1000;
		int ready;

		if (left < 0) { /* the next read finds that out */
			stream_set_timeout(s->server.stream, 0);
			break;
		}
		ready = stream_wait(s->server.stream, daemon_stop_fd(s->daemon),
		    (int)left);
		if (ready < 0 || ready & 1)
			break;
		if (!daemon_is_stopping(s->daemon))
			continue;
		s->server.closing = true;
		return session_reply(s, 421, "4.3.2", "%s Error: shutting down",
		    s->conf->hostname);
	}
	return 0;
}

int
session_wait(struct session *s)
{
	arena_reset(s->line);
	session_deadline(s, false);
	if (wait_for_client(s) < 0)
		return -1;
	slow_down(s);
	return 0;
}

void
session_run(struct session *s)
{
	client_look_up(s);
	log_info("connect from %s", session_client(s));
	session_count(s, SMTPD_SESSIONS, 1);
	(void)session_greet(s);
	smtp_server_run(&s->server);
	log_end(s);
}
