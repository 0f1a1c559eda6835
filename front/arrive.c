/*
 * arrive - who a client is, and its TLS: PROXY, limits, handshakes.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/time.h"
#include "front/conn.h"
#include "front/handover.h"
#include "net/proxyhdr.h"

static void
tls_is_up(struct conn *conn)
{
	struct tls_facts facts;

	daemon_count(conn->front->daemon, FRONT_HANDSHAKES, 1);
	tls_get_facts(&facts, &conn->tls);
	log_debug("%s: %s with %s%s", conn->session, facts.version,
	    facts.cipher, facts.resumed ? ", resumed" : "");
	conn_want(&conn->write, false);
	if (conn->handover != NULL) {
		(void)event_del(&conn->timer);
		if (handover_send_tls(conn) < 0)
			conn_free(conn);
	} else if (conn->login != NULL) {
		conn_begin_again(conn);
	} else {
		conn_begin(conn);
	}
}

void
conn_handshake(struct conn *conn)
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
		conn_want(&conn->read, io == TLS_WANT_READ);
		conn_want(&conn->write, io == TLS_WANT_WRITE);
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
void
conn_start_tls(struct conn *conn)
{
	struct err err;
	int flushed;

	conn->state = CONN_HANDSHAKE;
	flushed = conn_flush(conn);
	if (flushed < 0) {
		conn_free(conn);
		return;
	}
	if (flushed == 0) {
		conn_want(&conn->read, false);
		return;
	}
	if (conn->front->tls == NULL ||
	    tls_accept(&conn->tls, conn->front->tls, conn->fd, &err) < 0) {
		log_error("%s: no TLS to offer", conn->service->name);
		conn_free(conn);
		return;
	}
	conn_handshake(conn);
}

/* May this client come in? Its place is counted if so. */
static bool
is_within_limits(struct conn *conn)
{
	struct front *front = conn->front;
	enum limits_class class = conn->service->class;

	if (addr_nets_have(front->exempt, front->exempts, &conn->client))
		return true;
	if (limits_enter(front->limits, class, &conn->client, &conn->limit) !=
	    LIMITS_OK)
		return false;
	/* Where TLS comes later smtpd asks. */
	return !conn->service->tls || class != LIMITS_SMTP ||
	    limits_count(front->limits, class, &conn->client, LIMITS_NEW_TLS);
}

void
conn_admit(struct conn *conn)
{
	struct front *front = conn->front;
	char ip[ADDR_IP_SIZE], text[120];

	if (!is_within_limits(conn)) {
		daemon_count(front->daemon, FRONT_REFUSED, 1);
		log_warn("%s: too many connections from %s",
		    conn->service->name, addr_format_ip(ip, &conn->client));
		(void)snprintf(text, sizeof(text),
		    "Too many connections from %s", ip);
		conn_bye(conn, text);
		return;
	}
	if (conn->service->tls)
		conn_start_tls(conn);
	else
		conn_begin(conn);
}

/* What stands behind a PROXY header's addresses; -1: the proxy went. */
static int
skip_proxy(struct conn *conn)
{
	struct front *front = conn->front;

	while (conn->proxy_rest > 0) {
		size_t want = conn->proxy_rest < FRONT_SCRATCH ?
		    conn->proxy_rest :
		    FRONT_SCRATCH;
		ssize_t n = recv(conn->fd, front->scratch, want, 0);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n <= 0)
			return -1;
		conn->proxy_rest -= (size_t)n;
	}
	return 1;
}

static void
finish_proxy(struct conn *conn)
{
	switch (skip_proxy(conn)) {
	case -1:
		conn_free(conn);
		break;
	case 1:
		conn_admit(conn);
		break;
	}
}

/* *hdr is known and len bytes of the socket's are its. */
static void
believe_proxy(struct conn *conn, const struct proxyhdr *hdr, size_t len)
{
	char bytes[PROXYHDR_MAX];

	(void)recv(conn->fd, bytes, len, 0);
	buf_clear(&conn->in);
	if (hdr->known) {
		conn->client = hdr->from;
		conn->local = hdr->to;
	}
	conn->proxy_rest = hdr->rest;
	conn->proxy_read = true;
	finish_proxy(conn);
}

/*
 * PROXY: take no byte more than the header's, for what follows may be TLS's.
 * Bytes that are surely part of it are taken, so that poll does not see them
 * again; the rest of a whole header is known by its length.
 */
void
conn_read_proxy(struct conn *conn)
{
	char bytes[PROXYHDR_MAX], from[ADDR_SIZE];
	size_t had = conn->in.len;
	struct proxyhdr hdr;
	struct str in;
	struct err err = { 0 };
	ssize_t n;

	if (conn->proxy_read) {
		finish_proxy(conn);
		return;
	}
	n = recv(conn->fd, bytes, sizeof(bytes) - had, MSG_PEEK);
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
		break;
	case PROXYHDR_BAD:
		log_warn("%s: %s, from %s", conn->service->name, err.text,
		    addr_format(from, &conn->client));
		conn_free(conn);
		break;
	case PROXYHDR_OK:
		believe_proxy(conn, &hdr, conn->in.len - in.len - had);
		break;
	}
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
	conn_set_up(conn, fd);
	conn->since = time_mono();
	conn_arm_login(conn);
	if (conn->front->tls == NULL) {
		(void)buf_addz(&conn->out,
		    "454 4.7.0 TLS not available due to local problem\r\n");
		conn_finish(conn);
		return;
	}
	(void)buf_addz(&conn->out, "220 2.0.0 Ready to start TLS\r\n");
	conn_start_tls(conn);
}
