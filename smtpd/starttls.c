/*
 * STARTTLS: RFC 3207. front has the key: the connection goes back to it, and
 * one end of a socket pair with the plaintext comes in its place.
 */
#include "base/log.h"
#include "ipc/handover_msg.h"
#include "smtpd/command.h"
#include "smtpd/rate.h"

/* The session begins again, as if nothing had been said (section 4.2). */
static void
begin_again(struct session *s, const struct handover_tls *tls)
{
	session_reset(s);
	stream_free(s->server.stream);
	s->server.stream = stream_new(tls->fd, SESSION_IN_MAX);
	stream_set_timeout(s->server.stream, s->conf->timeout * 1000);
	s->facts.tls_version = arena_str(s->arena, tls->tls_version);
	s->facts.tls_cipher = arena_str(s->arena, tls->tls_cipher);
	s->facts.tls_binding = arena_str(s->arena, tls->tls_binding);
	s->facts.tls_unique = arena_str(s->arena, tls->tls_unique);
	s->facts.tls_client = arena_str(s->arena, tls->tls_client);
	s->helo = STR("");
	s->extended = false;
}

/* The only thing ever asked on this connection, so it needs no tag. */
static int
ask_front(struct session *s, struct handover_tls *answer, struct err *err)
{
	struct handover_starttls ask = { .fd = stream_fd(s->server.stream) };
	struct frame frame;

	if (ipc_conn_send(s->handover, &handover_starttls_msg, 0, &ask, err) <
		0 ||
	    ipc_conn_recv(s->handover, &frame, err) < 0)
		return -1;
	if (frame.type != HANDOVER_TLS)
		return err_set(err, ERR_CORRUPT, "unexpected answer %u",
		    frame.type);
	if (ipc_decode(answer, &handover_tls_msg, frame.payload,
		&s->handover->fds, NULL, err) < 0)
		return -1;
	if (answer->fd < 0)
		return err_set(err, ERR_CORRUPT, "no descriptor came along");
	return 0;
}

int
starttls_command(struct session *s, struct str args)
{
	struct handover_tls answer;
	struct err err;

	if (args.len > 0)
		return session_reply(s, 501, "5.5.4", "Syntax: STARTTLS");
	if (s->facts.tls_version.len > 0)
		return session_reply(s, 554, "5.5.1",
		    "Error: TLS already active");
	if (!session_offers_tls(s))
		return session_reply(s, 502, "5.5.1",
		    "Error: command not implemented");
	if (s->user.len > 0)
		return session_reply(s, 503, "5.5.1",
		    "Error: STARTTLS after AUTH");
	if (!rate_allows(s, HANDOVER_NEW_TLS))
		return session_reply(s, 454, "4.7.0",
		    "Error: too many new TLS sessions from %" STR_F,
		    STR_A(s->facts.client_addr));
	/* Plaintext behind STARTTLS must not end up inside the session. */
	if (stream_is_readable(s->server.stream)) {
		log_info("improper command pipelining after STARTTLS from %s",
		    session_client(s));
		s->server.closing = true;
		return session_reply(s, 554, "5.5.0",
		    "Error: SMTP protocol synchronization");
	}
	if (stream_flush(s->server.stream) < 0)
		return -1;
	if (ask_front(s, &answer, &err) < 0) {
		/* front closes where the handshake fails. */
		log_info("SSL_accept error from %s: %s", session_client(s),
		    err.text);
		s->server.closing = true;
		return -1;
	}
	begin_again(s, &answer);
	return 0;
}
