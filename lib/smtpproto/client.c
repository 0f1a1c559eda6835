#include "smtpproto/client.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "smtpproto/dotstuff.h"

enum { READ_SIZE = 4096 };

void
smtp_client_init(struct smtp_client *client, int fd, int timeout_ms)
{
	*client = (struct smtp_client){ .fd = fd, .timeout_ms = timeout_ms };
	buf_init(&client->in, READ_SIZE);
	buf_init(&client->out, 0);
	smtp_reply_init(&client->reply);
}

void
smtp_client_clear(struct smtp_client *client)
{
	buf_clear(&client->in);
	buf_clear(&client->out);
	smtp_reply_clear(&client->reply);
}

static int queue_command(struct smtp_client *client, const char *fmt,
    va_list args, struct err *err) PRINTFLIKE(2, 0);

static int
queue_command(struct smtp_client *client, const char *fmt, va_list args,
    struct err *err)
{
	char line[SMTP_COMMAND_MAX];
	int len = vsnprintf(line, sizeof(line), fmt, args);

	if (len < 0 || (size_t)len >= sizeof(line))
		return err_set(err, ERR_LIMIT, "SMTP command too long");
	if (strpbrk(line, "\r\n") != NULL)
		return err_set(err, ERR_SYNTAX, "line end in SMTP command");
	(void)buf_add(&client->out, line, (size_t)len);
	(void)buf_addz(&client->out, "\r\n");
	return 0;
}

int
smtp_client_queue(struct smtp_client *client, struct err *err, const char *fmt,
    ...)
{
	va_list args;
	int ret;

	va_start(args, fmt);
	ret = queue_command(client, fmt, args, err);
	va_end(args);
	return ret;
}

int
smtp_client_queue_data(struct smtp_client *client, struct str message,
    struct err *err)
{
	struct dot_writer writer;

	dot_writer_init(&writer);
	if (dot_write(&writer, &client->out, message) < 0 ||
	    dot_write_end(&writer, &client->out) < 0)
		return err_set(err, ERR_LIMIT, "message too large");
	return 0;
}

static int
wait_for(struct smtp_client *client, short events, struct err *err)
{
	struct pollfd pollfd = { .fd = client->fd, .events = events };
	int ret;

	do
		ret = poll(&pollfd, 1, client->timeout_ms);
	while (ret < 0 && errno == EINTR);
	if (ret < 0)
		return err_sys(err, "poll");
	if (ret == 0)
		return err_set(err, ERR_TEMP, "SMTP server does not answer");
	return 0;
}

static int
flush_out(struct smtp_client *client, struct err *err)
{
	struct str rest = buf_str(&client->out);

	while (rest.len > 0) {
		ssize_t sent;

		if (wait_for(client, POLLOUT, err) < 0)
			return -1;
		sent = send(client->fd, rest.p, rest.len,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno != EINTR && errno != EAGAIN)
			return err_sys(err, "send to SMTP server");
		if (sent > 0)
			str_skip(&rest, (size_t)sent);
	}
	buf_reset(&client->out);
	return 0;
}

static int
fill_in(struct smtp_client *client, struct err *err)
{
	ssize_t got;

	buf_reset(&client->in);
	if (wait_for(client, POLLIN, err) < 0)
		return -1;
	do
		got = read(client->fd, buf_reserve(&client->in, READ_SIZE),
		    READ_SIZE);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_sys(err, "read from SMTP server");
	if (got == 0)
		return err_set(err, ERR_TEMP, "SMTP server closed");
	client->in.len = (size_t)got;
	return 0;
}

int
smtp_client_reply(struct smtp_client *client, struct err *err)
{
	if (flush_out(client, err) < 0)
		return -1;
	for (;;) {
		struct str in = buf_str(&client->in);
		int ret = smtp_reply_feed(&client->reply, &in, err);

		buf_consume(&client->in, client->in.len - in.len);
		if (ret < 0)
			return -1;
		if (ret == 1)
			return 0;
		if (fill_in(client, err) < 0)
			return -1;
	}
}

int
smtp_client_command(struct smtp_client *client, struct err *err,
    const char *fmt, ...)
{
	va_list args;
	int ret;

	va_start(args, fmt);
	ret = queue_command(client, fmt, args, err);
	va_end(args);
	if (ret < 0 || smtp_client_reply(client, err) < 0)
		return -1;
	return client->reply.code;
}
