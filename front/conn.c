/*
 * conn - a client's descriptor, its bytes, its timer, and its end.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/rand.h"
#include "base/time.h"
#include "front/conn.h"
#include "front/exchange.h"
#include "front/greet.h"
#include "front/handover.h"
#include "front/park.h"
#include "front/relay.h"

enum {
	LINGER_SECONDS = 5, /* for the peer to close behind our last words */
	OUT_MAX = LOGIN_OUTPUT_MAX,
};

static void
arm(struct conn *conn, int64_t microseconds)
{
	struct timeval tv = { microseconds / TIME_SECOND,
		microseconds % TIME_SECOND };

	(void)event_add(&conn->timer, &tv);
}

/* Until the client must have said something, or be logged in. */
void
conn_arm_login(struct conn *conn)
{
	const struct front_conf *conf = &conn->front->conf;
	int64_t idle = (int64_t)conf->login_idle * TIME_SECOND;
	int64_t left =
	    conn->since + (int64_t)conf->login_time * TIME_SECOND - time_mono();

	if (left < 0)
		left = 0;
	arm(conn, left < idle ? left : idle);
}

void
conn_want(struct event *event, bool yes)
{
	if (yes)
		(void)event_add(event, NULL);
	else
		(void)event_del(event);
}

static void
uncount_login(struct conn *conn)
{
	if (conn->counted)
		conn->front->before_login--;
	conn->counted = false;
}

void
conn_free(struct conn *conn)
{
	struct front *front = conn->front;

	exchange_drop(conn);
	park_free(conn->parked);
	park_unlock(conn);
	relay_free(conn->relay);
	handover_free(conn->handover);
	(void)event_del(&conn->timer);
	if (conn->fd >= 0) {
		(void)event_del(&conn->read);
		(void)event_del(&conn->write);
		tls_clear(&conn->tls);
		(void)close(conn->fd);
	}
	if (conn->login != NULL)
		login_clear(conn->login);
	free(conn->login);
	buf_clear(&conn->in);
	buf_clear(&conn->out);
	limits_leave(conn->limit);
	uncount_login(conn);
	list_remove(&conn->link);
	front->open--;
	daemon_count(front->daemon, FRONT_OPEN, -1);
	free(conn);
}

/* One read of what the client sent, into bytes. */
enum tls_io
conn_read(struct conn *conn, void *bytes, size_t size, size_t *done)
{
	struct err err;
	ssize_t n;

	if (conn->tls.ssl != NULL)
		return tls_read(&conn->tls, bytes, size, done, &err);
	do
		n = recv(conn->fd, bytes, size, 0);
	while (n < 0 && errno == EINTR);
	*done = n > 0 ? (size_t)n : 0;
	if (n > 0)
		return TLS_OK;
	if (n == 0)
		return TLS_EOF;
	return errno == EAGAIN ? TLS_WANT_READ : TLS_FAIL;
}

static enum tls_io
write_some(struct conn *conn, struct str bytes, size_t *done)
{
	struct err err;
	ssize_t n;

	if (conn->tls.ssl != NULL)
		return tls_write(&conn->tls, bytes.p, bytes.len, done, &err);
	do
		n = send(conn->fd, bytes.p, bytes.len, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	*done = n > 0 ? (size_t)n : 0;
	if (n >= 0)
		return TLS_OK;
	return errno == EAGAIN ? TLS_WANT_WRITE : TLS_FAIL;
}

/* Send what is in out. 1: all of it; 0: the socket is full; -1: it is gone. */
int
conn_flush(struct conn *conn)
{
	while (conn->out.len > 0) {
		size_t done;
		enum tls_io io = write_some(conn, buf_str(&conn->out), &done);

		if (io == TLS_FAIL || io == TLS_EOF)
			return -1;
		if (io != TLS_OK) {
			conn_want(&conn->write, io == TLS_WANT_WRITE);
			return 0;
		}
		buf_consume(&conn->out, done);
	}
	buf_clear(&conn->out);
	conn_want(&conn->write, false);
	return 1;
}

/* Last words are in out. */
void
conn_finish(struct conn *conn)
{
	if (conn->state != CONN_CLOSING)
		arm(conn, LINGER_SECONDS * (int64_t)TIME_SECOND);
	conn->state = CONN_CLOSING;
	uncount_login(conn); /* who was refused takes nobody's place */
	switch (conn_flush(conn)) {
	case -1:
		conn_free(conn);
		return;
	case 0:
		conn_want(&conn->read, false);
		return;
	}
	switch (conn->tls.ssl != NULL ? tls_shutdown(&conn->tls) : TLS_OK) {
	case TLS_FAIL:
		conn_free(conn);
		return;
	case TLS_WANT_WRITE: /* the socket is full of what was said before */
		conn_want(&conn->read, false);
		conn_want(&conn->write, true);
		return;
	default:
		break;
	}
	/* An unread byte at close() would make it a reset, our words lost. */
	(void)shutdown(conn->fd, SHUT_WR);
	conn_want(&conn->read, true);
}

/* CLOSING: whatever comes now is thrown away, up to the peer's end. */
static void
drain(struct conn *conn)
{
	ssize_t n = recv(conn->fd, conn->front->scratch, FRONT_SCRATCH, 0);

	explicit_bzero(conn->front->scratch, n > 0 ? (size_t)n : 0);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		conn_free(conn);
}

void
conn_bye(struct conn *conn, const char *text)
{
	const struct service *service = conn->service;
	struct login login;

	park_free(conn->parked);
	conn->parked = NULL;
	/* Nobody understands us where TLS is still to come. */
	if (conn->fd < 0 || conn->state == CONN_HANDSHAKE ||
	    (service->tls && conn->tls.ssl == NULL)) {
		conn_free(conn);
		return;
	}
	if (service->login == NULL) {
		(void)buf_addf(&conn->out, "421 4.3.2 %s %s\r\n",
		    conn->front->conf.hostname, text);
	} else {
		login_init(&login, &conn->front->rules, &conn->out);
		service->login->bye(&login, text);
		login_clear(&login);
	}
	conn_finish(conn);
}

static void
relay(struct conn *conn)
{
	relay_run(conn->relay);
}

/* What was said last in the clear is still on its way, or TLS has begun. */
static void
write_handshake(struct conn *conn)
{
	if (conn->tls.ssl == NULL)
		conn_start_tls(conn);
	else
		conn_handshake(conn);
}

static void
write_rest(struct conn *conn)
{
	if (conn_flush(conn) < 0)
		conn_free(conn);
}

static void
login_timed_out(struct conn *conn)
{
	front_log_login(conn, "Disconnected (timed out)");
	conn_bye(conn, "Timed out");
}

static void
retry_handover(struct conn *conn)
{
	if (conn->handover != NULL)
		handover_retry(conn);
	else
		conn_free(conn); /* it did not take our words */
}

/* What is done in each state; where nothing is named no event is wanted. */
static const struct {
	void (*read)(struct conn *conn);
	void (*write)(struct conn *conn);
	void (*timer)(struct conn *conn);
} states[] = {
	[CONN_PROXY] = { conn_read_proxy, NULL, conn_free },
	[CONN_HANDSHAKE] = { conn_handshake, write_handshake, conn_free },
	[CONN_GREET] = { greet_read, NULL, greet_passed },
	[CONN_LOGIN] = { conn_run, conn_run, login_timed_out },
	[CONN_ASKED] = { NULL, write_rest, conn_free },
	[CONN_HANDOVER] = { NULL, conn_leave, retry_handover },
	[CONN_SESSION] = { relay, relay, conn_free },
	[CONN_PARKED] = { park_readable, park_readable, park_timed_out },
	[CONN_WAKING] = { NULL, NULL, park_retry },
	[CONN_CLOSING] = { drain, conn_finish, conn_free },
};

static void
on_read(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;

	(void)fd;
	(void)what;
	if (states[conn->state].read != NULL)
		states[conn->state].read(conn);
}

static void
on_write(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;

	(void)fd;
	(void)what;
	if (states[conn->state].write != NULL)
		states[conn->state].write(conn);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;

	(void)fd;
	(void)what;
	states[conn->state].timer(conn);
}

/* 16 hexadecimal digits nobody can guess or meet again. */
static void
make_session(char out[FRONT_SESSION_SIZE])
{
	uint64_t number = rand_u64();

	hex_encode(out, &number, sizeof(number));
}

void
conn_set_up(struct conn *conn, int fd)
{
	int on = 1;

	conn->fd = fd;
	(void)event_assign(&conn->read, conn->front->base, fd,
	    EV_READ | EV_PERSIST, on_read, conn);
	(void)event_assign(&conn->write, conn->front->base, fd,
	    EV_WRITE | EV_PERSIST, on_write, conn);
	/* Peers vanish while they idle; answers are small and wanted now. */
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* Room in the process as a whole. */
static bool
is_full(const struct front *front)
{
	return front->open > (size_t)front->conf.max_connections ||
	    front->before_login > (size_t)front->conf.max_logins;
}

void
conn_new(struct front *front, const struct service *service, int fd,
    const struct addr *client, const struct addr *local)
{
	struct conn *conn = xcalloc(1, sizeof(*conn));

	conn->front = front;
	conn->service = service;
	conn->state = CONN_PROXY;
	conn->client = *client;
	conn->local = *local;
	conn->since = time_mono();
	conn->counted = true;
	make_session(conn->session);
	buf_init_secret(&conn->in, LOGIN_INPUT_MAX);
	buf_init(&conn->out, OUT_MAX);
	conn_set_up(conn, fd);
	(void)event_assign(&conn->timer, front->base, -1, 0, on_timer, conn);
	list_push(&front->conns, &conn->link);
	front->open++;
	front->before_login++;
	daemon_count(front->daemon, FRONT_CONNECTIONS, 1);
	daemon_count(front->daemon, FRONT_OPEN, 1);
	conn_arm_login(conn);
	if (is_full(front)) {
		daemon_count(front->daemon, FRONT_REFUSED, 1);
		log_warn("%s: full: %zu connections, %zu not logged in",
		    service->name, front->open, front->before_login);
		conn_bye(conn, "Too many connections");
	} else if (addr_nets_have(front->proxy, front->proxies, client)) {
		conn_want(&conn->read, true);
	} else {
		conn_admit(conn);
	}
}

void
conn_in_session(struct conn *conn)
{
	conn->state = CONN_SESSION;
	(void)event_del(&conn->timer);
	uncount_login(conn);
	if (conn->login != NULL)
		login_clear(conn->login);
	free(conn->login);
	conn->login = NULL;
	park_free(conn->parked);
	conn->parked = NULL;
	buf_clear(&conn->in);
	buf_clear(&conn->out);
}
