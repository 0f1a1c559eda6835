#include "smtp/wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"
#include "net/wait.h"

void
wire_init(struct wire *wire)
{
	*wire = (struct wire){ .fd = -1 };
	buf_init(&wire->in, WIRE_IN);
	buf_init_secret(&wire->out, 0); /* there may be a password in it */
}

void
wire_clear(struct wire *wire)
{
	if (wire->tls.ssl != NULL)
		tls_clear(&wire->tls);
	if (wire->fd >= 0)
		(void)close(wire->fd);
	wire->fd = -1;
	buf_clear(&wire->in);
	buf_clear_secret(&wire->out);
}

void
wire_limit(struct wire *wire, int seconds)
{
	wire->limit = time_mono() + (int64_t)seconds * TIME_SECOND;
}

void
wire_limit_until(struct wire *wire, int seconds, int64_t until)
{
	wire_limit(wire, seconds);
	if (until > 0 && wire->limit > until)
		wire->limit = until;
}

static int
fail(struct wire *wire, enum wire_state state, const char *why)
{
	if (wire->state == WIRE_OK) {
		wire->state = state;
		(void)snprintf(wire->why, sizeof(wire->why), "%s", why);
	}
	return -1;
}

static int
wait_for(struct wire *wire, short events)
{
	int ready = wait_ready(wire->fd, events, wire->limit);

	if (ready > 0)
		return 0;
	return ready == 0 ? fail(wire, WIRE_TIMEOUT, "timed out") :
			    fail(wire, WIRE_LOST, strerror(errno));
}

static int
bind_to(struct wire *wire, const struct addr *from, struct err *err)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(&sa, from);
	int on = 1;

	if (from->family == ADDR_NONE)
		return 0;
	/* the port is chosen when the other end is known */
	(void)setsockopt(wire->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
	    sizeof(on));
	if (bind(wire->fd, (struct sockaddr *)&sa, len) < 0)
		return err_set(err, ERR_TEMP, "bind: %s", strerror(errno));
	return 0;
}

int
wire_connect(struct wire *wire, const struct addr *to, const struct addr *from,
    struct err *err)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(&sa, to), size = sizeof(int);
	int error = 0, on = 1;

	wire->fd =
	    socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (wire->fd < 0)
		return err_set(err, ERR_TEMP, "%s", strerror(errno));
	if (bind_to(wire, from, err) < 0)
		return -1;
	if (connect(wire->fd, (struct sockaddr *)&sa, len) < 0) {
		if (errno != EINPROGRESS)
			return err_set(err, ERR_TEMP, "%s", strerror(errno));
		if (wait_for(wire, POLLOUT) < 0)
			return err_set(err, ERR_TEMP, "%s",
			    strerror(ETIMEDOUT));
		(void)getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &error, &size);
		if (error != 0)
			return err_set(err, ERR_TEMP, "%s", strerror(error));
	}
	/* what we send is whole: nothing to wait for */
	(void)setsockopt(wire->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return 0;
}

/* After TLS_WANT_*: wait; -1 for the rest. */
static int
wait_tls(struct wire *wire, enum tls_io io, const char *why)
{
	switch (io) {
	case TLS_WANT_READ:
		return wait_for(wire, POLLIN);
	case TLS_WANT_WRITE:
		return wait_for(wire, POLLOUT);
	case TLS_EOF:
		return fail(wire, WIRE_LOST, "connection closed");
	default:
		return fail(wire, WIRE_LOST, why);
	}
}

int
wire_start_tls(struct wire *wire, struct tls_client *client, const char *name,
    const char *key, struct err *err)
{
	enum tls_io io;

	if (tls_connect(&wire->tls, client, wire->fd, name, key, err) < 0)
		return fail(wire, WIRE_LOST, err->text);
	err->text[0] = '\0';
	while ((io = tls_handshake(&wire->tls, err)) != TLS_OK) {
		if (wait_tls(wire, io, err->text) < 0)
			return err_set(err, ERR_TEMP, "%s", wire->why);
	}
	return 0;
}

/* At least one byte of *rest goes out. */
static int
send_some(struct wire *wire, struct str *rest)
{
	struct err err = { 0 };
	enum tls_io io;
	size_t done;
	ssize_t n;

	if (wire->tls.ssl != NULL) {
		while ((io = tls_write(&wire->tls, rest->p, rest->len, &done,
			    &err)) != TLS_OK) {
			if (wait_tls(wire, io, err.text) < 0)
				return -1;
		}
		str_skip(rest, done);
		return 0;
	}
	while ((n = send(wire->fd, rest->p, rest->len, MSG_NOSIGNAL)) < 0) {
		if (errno == EAGAIN) {
			if (wait_for(wire, POLLOUT) < 0)
				return -1;
		} else if (errno != EINTR) {
			return fail(wire, WIRE_LOST, strerror(errno));
		}
	}
	str_skip(rest, (size_t)n);
	return 0;
}

int
wire_flush(struct wire *wire)
{
	struct str rest = buf_str(&wire->out);
	int ret = 0;

	while (ret == 0 && rest.len > 0)
		ret = wire->state == WIRE_OK ? send_some(wire, &rest) : -1;
	buf_reset(&wire->out);
	return ret;
}

static int
fill_tls(struct wire *wire, char *room, size_t len)
{
	struct err err = { 0 };
	enum tls_io io;
	size_t done;

	while ((io = tls_read(&wire->tls, room, len, &done, &err)) != TLS_OK) {
		if (wait_tls(wire, io, err.text) < 0)
			return -1;
	}
	wire->in.len += done;
	return 0;
}

static int
fill(struct wire *wire)
{
	size_t len = WIRE_IN - wire->in.len;
	char *room = buf_reserve(&wire->in, len);
	ssize_t n;

	if (wire->tls.ssl != NULL)
		return fill_tls(wire, room, len);
	while ((n = recv(wire->fd, room, len, 0)) < 0) {
		if (errno == EAGAIN) {
			if (wait_for(wire, POLLIN) < 0)
				return -1;
		} else if (errno != EINTR) {
			return fail(wire, WIRE_LOST, strerror(errno));
		}
	}
	if (n == 0)
		return fail(wire, WIRE_LOST, "connection closed");
	wire->in.len += (size_t)n;
	return 0;
}

int
wire_reply(struct wire *wire, struct smtp_reply *reply)
{
	struct err err;

	/* What was said before the connection broke is still to be had. */
	(void)wire_flush(wire);
	for (;;) {
		struct str in = buf_str(&wire->in);
		int ret = smtp_reply_feed(reply, &in, &err);

		buf_consume(&wire->in, wire->in.len - in.len);
		if (ret == 1)
			return 0;
		if (ret < 0)
			return fail(wire, WIRE_GARBAGE, err.text);
		if (wire->fd < 0 || wire->state == WIRE_TIMEOUT ||
		    wire->state == WIRE_GARBAGE)
			return -1;
		if (fill(wire) < 0)
			return -1;
	}
}

bool
wire_is_readable(struct wire *wire)
{
	struct pollfd poller = { wire->fd, POLLIN, 0 };

	return wire->in.len > 0 || poll(&poller, 1, 0) > 0;
}
