/*
 * conn - a client from accept until its session has it, and its end.
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
#include "front/exchange.h"
#include "front/front.h"
#include "front/handover.h"
#include "front/relay.h"
#include "net/proxyhdr.h"

enum {
	READ_CHUNK = 4096,
	ROUNDS_MAX = 32,    /* commands of one client before the next's turn */
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
static void
arm_login(struct conn *conn)
{
	const struct front_conf *conf = &conn->front->conf;
	int64_t idle = (int64_t)conf->login_idle * TIME_SECOND;
	int64_t left =
	    conn->since + (int64_t)conf->login_time * TIME_SECOND - time_mono();

	if (left < 0)
		left = 0;
	arm(conn, left < idle ? left : idle);
}

static void
want(struct event *event, bool yes)
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
static enum tls_io
read_some(struct conn *conn, void *bytes, size_t size, size_t *done)
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
static int
flush(struct conn *conn)
{
	while (conn->out.len > 0) {
		size_t done;
		enum tls_io io = write_some(conn, buf_str(&conn->out), &done);

		if (io == TLS_FAIL || io == TLS_EOF)
			return -1;
		if (io != TLS_OK) {
			want(&conn->write, io == TLS_WANT_WRITE);
			return 0;
		}
		buf_consume(&conn->out, done);
	}
	want(&conn->write, false);
	return 1;
}

/* Last words are in out. */
static void
close_politely(struct conn *conn)
{
	if (conn->state != CONN_CLOSING)
		arm(conn, LINGER_SECONDS * (int64_t)TIME_SECOND);
	conn->state = CONN_CLOSING;
	switch (flush(conn)) {
	case -1:
		conn_free(conn);
		return;
	case 0:
		want(&conn->read, false);
		return;
	}
	if (conn->tls.ssl != NULL && tls_shutdown(&conn->tls) == TLS_FAIL) {
		conn_free(conn);
		return;
	}
	/* An unread byte at close() would make it a reset, our words lost. */
	(void)shutdown(conn->fd, SHUT_WR);
	want(&conn->read, true);
}

void
conn_finish(struct conn *conn)
{
	close_politely(conn);
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
	close_politely(conn);
}

/*
 * Here an SMTP client that must first prove its patience would wait: a test
 * runs before handover_start() and ends in it, or in conn_bye().
 */
static void
greet_smtp(struct conn *conn)
{
	handover_start(conn);
}

static void
set_secure(struct conn *conn)
{
	const struct front *front = conn->front;
	struct login *login = conn->login;

	login->tls = conn->tls.ssl != NULL;
	login->can_starttls = !login->tls && front->tls != NULL;
	login->secure = login->tls || addr_is_loopback(&conn->client) ||
	    front->conf.allow_plaintext;
}

static void run(struct conn *conn);

/* The client may hear our first word now. */
static void
begin(struct conn *conn)
{
	if (conn->service->login == NULL) {
		greet_smtp(conn);
		return;
	}
	conn->login = xcalloc(1, sizeof(*conn->login));
	login_init(conn->login, &conn->front->rules, &conn->out);
	set_secure(conn);
	conn->state = CONN_LOGIN;
	conn->service->login->greet(conn->login);
	run(conn);
}

static void
tls_is_up(struct conn *conn)
{
	struct tls_facts facts;

	daemon_count(conn->front->daemon, FRONT_HANDSHAKES, 1);
	tls_get_facts(&facts, &conn->tls);
	log_debug("%s: %s with %s%s", conn->session, facts.version,
	    facts.cipher, facts.resumed ? ", resumed" : "");
	want(&conn->write, false);
	if (conn->handover != NULL) {
		(void)event_del(&conn->timer);
		if (handover_send_tls(conn) < 0)
			conn_free(conn);
	} else if (conn->login != NULL) {
		login_forget(conn->login);
		set_secure(conn);
		conn->state = CONN_LOGIN;
		arm_login(conn);
		run(conn);
	} else {
		begin(conn);
	}
}

static void
handshake(struct conn *conn)
{
	char from[ADDR_SIZE];
	struct err err;
	enum tls_io io = tls_handshake(&conn->tls, &err);

	switch (io) {
	case TLS_OK:
		tls_is_up(conn);
		return;
	case TLS_WANT_READ:
	case TLS_WANT_WRITE:
		want(&conn->read, io == TLS_WANT_READ);
		want(&conn->write, io == TLS_WANT_WRITE);
		return;
	case TLS_EOF:
		err_set(&err, ERR_TEMP, "TLS handshake: the client closed");
		break;
	case TLS_FAIL:
		break;
	}
	daemon_count(conn->front->daemon, FRONT_HANDSHAKE_FAILURES, 1);
	log_info("%s: %s from %s", conn->service->name, err.text,
	    addr_format(from, &conn->client));
	conn_free(conn);
}

/* The last words in the clear go out, then the handshake begins. */
static void
start_tls(struct conn *conn)
{
	struct err err;
	int flushed;

	conn->state = CONN_HANDSHAKE;
	flushed = flush(conn);
	if (flushed < 0) {
		conn_free(conn);
		return;
	}
	if (flushed == 0) {
		want(&conn->read, false);
		return;
	}
	if (conn->front->tls == NULL ||
	    tls_accept(&conn->tls, conn->front->tls, conn->fd, &err) < 0) {
		log_error("%s: no TLS to offer", conn->service->name);
		conn_free(conn);
		return;
	}
	handshake(conn);
}

/* What we said goes out before the session's words. */
static void
leave(struct conn *conn)
{
	int flushed = flush(conn);

	conn->state = CONN_HANDOVER;
	want(&conn->read, false);
	if (flushed < 0)
		conn_free(conn);
	else if (flushed > 0)
		handover_start(conn);
}

/* authd has a word to say; what we said meanwhile goes out. */
static void
ask(struct conn *conn, enum login_next next)
{
	conn->state = CONN_ASKED;
	want(&conn->read, false);
	(void)event_del(&conn->timer);
	if (flush(conn) < 0)
		conn_free(conn);
	else if (next == LOGIN_START)
		exchange_start(conn);
	else
		exchange_respond(conn);
}

void
conn_go_on(struct conn *conn, enum login_next next)
{
	switch (next) {
	case LOGIN_TLS:
		start_tls(conn);
		return;
	case LOGIN_START:
	case LOGIN_RESPOND:
		ask(conn, next);
		return;
	case LOGIN_CANCEL:
		exchange_drop(conn);
		break;
	case LOGIN_DONE:
		front_log_login(conn, "Login");
		arm_login(conn);
		leave(conn);
		return;
	case LOGIN_CLOSE:
		close_politely(conn);
		return;
	case LOGIN_WAIT:
	case LOGIN_AGAIN:
		break;
	}
	conn->state = CONN_LOGIN;
	arm_login(conn);
	run(conn);
}

/* 1: more is there to look at; 0: wait; -1: the client is gone. */
static int
fill(struct conn *conn)
{
	size_t room = LOGIN_INPUT_MAX - conn->in.len, done;
	enum tls_io io;
	char *to;

	if (room == 0)
		return 0;
	if (room > READ_CHUNK)
		room = READ_CHUNK;
	to = buf_reserve(&conn->in, room);
	io = read_some(conn, to, room, &done);
	if (io == TLS_OK) {
		conn->in.len += done;
		arm_login(conn);
		return 1;
	}
	if (io == TLS_EOF || io == TLS_FAIL)
		return -1;
	want(&conn->write, io == TLS_WANT_WRITE);
	return 0;
}

/* Take one command. */
static enum login_next
step(struct conn *conn)
{
	struct str in = buf_str(&conn->in);
	enum login_next next = conn->service->login->step(conn->login, &in);

	buf_consume(&conn->in, conn->in.len - in.len);
	return next;
}

/* LOGIN: run commands until there is nothing to do but wait. */
static void
run(struct conn *conn)
{
	for (int round = 0; round < ROUNDS_MAX; round++) {
		enum login_next next = step(conn);
		int filled;

		if (next == LOGIN_AGAIN && conn->out.len < LOGIN_OUTPUT_PAUSE)
			continue;
		if (next != LOGIN_AGAIN && next != LOGIN_WAIT) {
			conn_go_on(conn, next);
			return;
		}
		switch (flush(conn)) {
		case -1:
			conn_free(conn);
			return;
		case 0: /* it must read before it may say more */
			want(&conn->read, false);
			return;
		}
		if (next == LOGIN_AGAIN)
			continue;
		filled = fill(conn);
		if (filled < 0) {
			front_log_login(conn, "Disconnected");
			conn_free(conn);
			return;
		}
		if (filled == 0) {
			want(&conn->read, true);
			return;
		}
	}
	want(&conn->read, true);
	event_active(&conn->read, EV_READ, 0); /* others first */
}

static void
admit(struct conn *conn)
{
	struct front *front = conn->front;
	char ip[ADDR_IP_SIZE], text[120];

	if (!addr_nets_have(front->exempt, front->exempts, &conn->client) &&
	    limits_enter(front->limits, conn->service->class, &conn->client,
		&conn->limit) != LIMITS_OK) {
		daemon_count(front->daemon, FRONT_REFUSED, 1);
		log_warn("%s: too many connections from %s",
		    conn->service->name, addr_format_ip(ip, &conn->client));
		(void)snprintf(text, sizeof(text),
		    "Too many connections from %s", ip);
		conn_bye(conn, text);
		return;
	}
	if (conn->service->tls)
		start_tls(conn);
	else
		begin(conn);
}

/*
 * PROXY: take no byte more than the header's, for what follows may be TLS's.
 * Bytes that are surely part of it are taken, so that poll does not see them
 * again; the rest of a whole header is known by its length.
 */
static void
read_proxy(struct conn *conn)
{
	char bytes[PROXYHDR_MAX], from[ADDR_SIZE];
	size_t had = conn->in.len, len;
	struct proxyhdr hdr;
	struct str in;
	struct err err = { 0 };
	ssize_t n = recv(conn->fd, bytes, sizeof(bytes) - had, MSG_PEEK);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		conn_free(conn);
		return;
	}
	(void)buf_add(&conn->in, bytes, (size_t)n);
	in = buf_str(&conn->in);
	switch (proxyhdr_take(&hdr, &in, &err)) {
	case PROXYHDR_MORE:
		(void)recv(conn->fd, bytes, (size_t)n, 0);
		return;
	case PROXYHDR_BAD:
		log_warn("%s: %s, from %s", conn->service->name, err.text,
		    addr_format(from, &conn->client));
		conn_free(conn);
		return;
	case PROXYHDR_OK:
		break;
	}
	len = conn->in.len - in.len - had;
	(void)recv(conn->fd, bytes, len, 0);
	buf_clear(&conn->in);
	if (hdr.known) {
		conn->client = hdr.from;
		conn->local = hdr.to;
	}
	admit(conn);
}

static void
on_read(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;

	(void)fd;
	(void)what;
	switch (conn->state) {
	case CONN_PROXY:
		read_proxy(conn);
		break;
	case CONN_HANDSHAKE:
		handshake(conn);
		break;
	case CONN_LOGIN:
		run(conn);
		break;
	case CONN_SESSION:
		relay_run(conn->relay);
		break;
	case CONN_CLOSING:
		drain(conn);
		break;
	case CONN_ASKED:
	case CONN_HANDOVER:
		break;
	}
}

static void
on_write(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;

	(void)fd;
	(void)what;
	switch (conn->state) {
	case CONN_HANDSHAKE:
		if (conn->tls.ssl == NULL)
			start_tls(conn);
		else
			handshake(conn);
		break;
	case CONN_LOGIN:
		run(conn);
		break;
	case CONN_SESSION:
		relay_run(conn->relay);
		break;
	case CONN_CLOSING:
		close_politely(conn);
		break;
	case CONN_ASKED:
		if (flush(conn) < 0)
			conn_free(conn);
		break;
	case CONN_HANDOVER:
		leave(conn);
		break;
	case CONN_PROXY:
		break;
	}
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;

	(void)fd;
	(void)what;
	switch (conn->state) {
	case CONN_HANDOVER:
		if (conn->handover != NULL)
			handover_retry(conn);
		else
			conn_free(conn);
		break;
	case CONN_LOGIN:
		front_log_login(conn, "Disconnected (timed out)");
		conn_bye(conn, "Timed out");
		break;
	default:
		conn_free(conn);
	}
}

/* 15 hexadecimal digits nobody can guess or meet again. */
static void
make_session(char out[FRONT_SESSION_SIZE])
{
	uint64_t number = rand_u64();

	hex_encode(out, &number, sizeof(number));
}

static void
set_up_socket(struct conn *conn, int fd)
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
	set_up_socket(conn, fd);
	(void)event_assign(&conn->timer, front->base, -1, 0, on_timer, conn);
	list_push(&front->conns, &conn->link);
	front->open++;
	front->before_login++;
	daemon_count(front->daemon, FRONT_CONNECTIONS, 1);
	daemon_count(front->daemon, FRONT_OPEN, 1);
	arm_login(conn);
	if (is_full(front)) {
		daemon_count(front->daemon, FRONT_REFUSED, 1);
		log_warn("%s: full: %zu connections, %zu not logged in",
		    service->name, front->open, front->before_login);
		conn_bye(conn, "Too many connections");
	} else if (addr_nets_have(front->proxy, front->proxies, client)) {
		want(&conn->read, true);
	} else {
		admit(conn);
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
	buf_clear(&conn->in);
	buf_clear(&conn->out);
}

/* RFC 3207: the 220 is the last thing said in the clear. */
void
conn_starttls(struct conn *conn, int fd)
{
	if (conn->state != CONN_SESSION || conn->fd >= 0) {
		log_warn("%s: STARTTLS asked twice", conn->service->name);
		(void)close(fd);
		conn_free(conn);
		return;
	}
	(void)evutil_make_socket_nonblocking(fd);
	set_up_socket(conn, fd);
	conn->since = time_mono();
	arm_login(conn);
	if (conn->front->tls == NULL) {
		(void)buf_addz(&conn->out,
		    "454 4.7.0 TLS not available due to local problem\r\n");
		close_politely(conn);
		return;
	}
	(void)buf_addz(&conn->out, "220 2.0.0 Ready to start TLS\r\n");
	start_tls(conn);
}
