#include "front/relay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/time.h"

enum {
	RECORD = 16384,  /* the most one TLS record carries */
	ROUNDS_MAX = 16, /* scratches full, before others have their turn */
};

struct relay {
	struct conn *conn;
	int fd; /* the session's side */
	struct event read, write;
	uint64_t sent;   /* bytes the session's side took */
	struct buf up;   /* from the client, not yet taken by the session */
	struct buf down; /* from the session, not yet taken by the client */
	bool client_ended, session_ended;
	bool up_closed; /* the session takes no more: thrown away */
	/* TLS's own needs: a read that must write first, and so on. */
	bool read_wants_write, write_wants_read;
	bool events[4]; /* client read, write, session read, write: added */
};

void
relay_free(struct relay *relay)
{
	if (relay == NULL)
		return;
	(void)event_del(&relay->read);
	(void)event_del(&relay->write);
	(void)close(relay->fd);
	buf_clear(&relay->up);
	buf_clear(&relay->down);
	free(relay);
}

/* Bytes to the session: how many it took; the rest must wait. */
static size_t
send_up(struct relay *relay, struct str bytes)
{
	size_t sent = 0;

	while (sent < bytes.len && !relay->up_closed) {
		ssize_t n = send(relay->fd, bytes.p + sent, bytes.len - sent,
		    MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			relay->up_closed = true; /* it closed: see pump_down */
		else
			sent += (size_t)n;
	}
	relay->sent += sent;
	return relay->up_closed ? bytes.len : sent;
}

/* Fill scratch from TLS. How much; *io is why it ended. */
static size_t
read_client(struct relay *relay, enum tls_io *io)
{
	struct conn *conn = relay->conn;
	size_t len = 0, done;
	struct err err;

	do {
		*io = tls_read(&conn->tls, conn->front->scratch + len,
		    FRONT_SCRATCH - len, &done, &err);
		len += done;
	} while (*io == TLS_OK && len + RECORD <= FRONT_SCRATCH);
	relay->read_wants_write = *io == TLS_WANT_WRITE;
	return len;
}

/* 1: bytes moved; 0: nothing to do now; -1: the client is gone. */
static int
pump_up(struct relay *relay)
{
	char *scratch = relay->conn->front->scratch;
	size_t len, sent;
	enum tls_io io;

	if (relay->up.len > 0) {
		buf_consume(&relay->up, send_up(relay, buf_str(&relay->up)));
		if (relay->up.len > 0)
			return 0;
		buf_clear(&relay->up);
	}
	if (relay->client_ended)
		return 0;
	len = read_client(relay, &io);
	sent = send_up(relay, str_make(scratch, len));
	(void)buf_add(&relay->up, scratch + sent, len - sent);
	explicit_bzero(scratch, len); /* SMTP's passwords pass here */
	if (io == TLS_FAIL)
		return -1;
	relay->client_ended = io == TLS_EOF;
	return io == TLS_OK;
}

/* A client that closed its half: so do we, once all of it went up. */
static void
end_up(struct relay *relay)
{
	if (!relay->client_ended || relay->up_closed || relay->up.len > 0)
		return;
	(void)shutdown(relay->fd, SHUT_WR);
	relay->up_closed = true;
}

/* Bytes to the client: how many TLS took. -1: it is gone. */
static ssize_t
send_down(struct relay *relay, struct str bytes)
{
	size_t sent = 0, done;
	struct err err;

	relay->write_wants_read = false;
	while (sent < bytes.len) {
		enum tls_io io = tls_write(&relay->conn->tls, bytes.p + sent,
		    bytes.len - sent, &done, &err);

		if (io == TLS_FAIL || io == TLS_EOF)
			return -1;
		if (io != TLS_OK) {
			relay->write_wants_read = io == TLS_WANT_READ;
			break;
		}
		sent += done;
	}
	return (ssize_t)sent;
}

/* As pump_up. */
static int
pump_down(struct relay *relay)
{
	char *scratch = relay->conn->front->scratch;
	ssize_t n, sent;

	if (relay->down.len > 0) {
		sent = send_down(relay, buf_str(&relay->down));
		if (sent < 0)
			return -1;
		buf_consume(&relay->down, (size_t)sent);
		if (relay->down.len > 0)
			return 0;
		buf_clear(&relay->down);
	}
	if (relay->session_ended)
		return 0;
	n = recv(relay->fd, scratch, FRONT_SCRATCH, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) { /* an unread byte of ours makes it a reset */
		relay->session_ended = true;
		return 0;
	}
	sent = send_down(relay, str_make(scratch, (size_t)n));
	if (sent < 0)
		return -1;
	(void)buf_add(&relay->down, scratch + sent, (size_t)(n - sent));
	return 1;
}

static void
want(struct event *event, bool *added, bool yes)
{
	if (*added == yes)
		return;
	*added = yes;
	if (yes)
		(void)event_add(event, NULL);
	else
		(void)event_del(event);
}

static void
set_events(struct relay *relay)
{
	struct conn *conn = relay->conn;
	bool read = !relay->client_ended && relay->up.len == 0;

	want(&conn->read, &relay->events[0], read || relay->write_wants_read);
	want(&conn->write, &relay->events[1],
	    relay->down.len > 0 || relay->read_wants_write);
	want(&relay->read, &relay->events[2],
	    !relay->session_ended && relay->down.len == 0);
	want(&relay->write, &relay->events[3], relay->up.len > 0);
}

/* The session is over and all it said is sent. */
static void
finish(struct relay *relay)
{
	struct conn *conn = relay->conn;

	conn->relay = NULL;
	relay_free(relay);
	conn_finish(conn);
}

void
relay_run(struct relay *relay)
{
	const struct timeval patience = { RELAY_FLUSH_SECONDS, 0 };
	struct conn *conn = relay->conn;
	int up = 1, down = 1;

	for (int round = 0; round < ROUNDS_MAX && (up > 0 || down > 0);
	     round++) {
		down = pump_down(relay);
		up = down < 0 ? down : pump_up(relay);
		if (up < 0) {
			conn_free(conn);
			return;
		}
	}
	end_up(relay);
	if (relay->session_ended && relay->down.len == 0) {
		finish(relay);
		return;
	}
	if (relay->session_ended)
		(void)event_add(&conn->timer, &patience);
	set_events(relay);
	if (up > 0 || down > 0) /* TLS may hold what poll does not see */
		event_active(&relay->read, EV_READ, 0);
}

int
relay_is_quiet(struct relay *relay, uint64_t received)
{
	int down;

	while ((down = pump_down(relay)) > 0)
		;
	if (down < 0)
		return -1;
	return !relay->client_ended && !relay->session_ended &&
	    relay->up.len == 0 && relay->down.len == 0 &&
	    !relay->read_wants_write && !relay->write_wants_read &&
	    relay->sent == received;
}

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	relay_run(arg);
}

void
relay_start(struct conn *conn, int fd)
{
	struct relay *relay = xcalloc(1, sizeof(*relay));

	relay->conn = conn;
	relay->fd = fd;
	buf_init_secret(&relay->up, FRONT_SCRATCH);
	buf_init(&relay->down, FRONT_SCRATCH);
	(void)event_assign(&relay->read, conn->front->base, fd,
	    EV_READ | EV_PERSIST, on_event, relay);
	(void)event_assign(&relay->write, conn->front->base, fd,
	    EV_WRITE | EV_PERSIST, on_event, relay);
	conn->relay = relay;
	relay_run(relay);
}
