#include "smtpd/outside.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"
#include "net/connect.h"
#include "net/fdpass.h"
#include "net/wait.h"

enum { ANSWER_MAX = 300 /* "error " and master's text */ };

/* Wait until fd is ready for events. */
static int
wait_for(int fd, short events, int64_t deadline, struct err *err)
{
	int ready = wait_ready(fd, events, deadline);

	if (ready > 0)
		return 0;
	return ready == 0 ? err_set(err, ERR_TEMP, "no answer in time") :
			    err_sys(err, "poll");
}

/* master's line: "ok", with the descriptor, or what is in the way. */
static int
take_answer(struct outside *o, struct err *err)
{
	int fds[FDPASS_MAX], count = 0;
	char text[ANSWER_MAX];
	struct str line;
	ssize_t n;

	if (wait_for(o->holder, POLLIN, o->deadline, err) < 0)
		return -1;
	n = fdpass_recv(o->holder, text, sizeof(text), fds, &count);
	if (n <= 0)
		return n < 0 ? err_sys(err, "master") :
			       err_set(err, ERR_TEMP, "master closed");
	line = str_trim(str_make(text, (size_t)n));
	if (count == 1 && str_eqz(line, "ok")) {
		o->fd = fds[0];
		return 0;
	}
	while (count > 0)
		(void)close(fds[--count]);
	(void)str_take_str(&line, STR("error "));
	return err_set(err, ERR_TEMP, "%" STR_F, STR_A(line));
}

int
outside_open(struct outside *o, const char *service, int64_t deadline,
    struct err *err)
{
	char line[64];
	int len = snprintf(line, sizeof(line), "%s\n", service);

	*o = (struct outside){ .fd = -1, .deadline = deadline };
	o->holder = connect_unix("outside", err);
	if (o->holder < 0)
		return -1;
	if (send(o->holder, line, (size_t)len, MSG_NOSIGNAL) != len)
		err_sys(err, "master");
	else if (take_answer(o, err) == 0)
		return 0;
	err->kind = ERR_TEMP;
	outside_close(o);
	return -1;
}

void
outside_close(struct outside *o)
{
	if (o->fd >= 0)
		(void)close(o->fd);
	if (o->holder >= 0)
		(void)close(o->holder);
	o->fd = o->holder = -1;
}

int
outside_send(struct outside *o, struct str bytes, struct err *err)
{
	while (bytes.len > 0 && !o->cut) {
		ssize_t n = send(o->fd, bytes.p, bytes.len,
		    MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n >= 0) {
			str_skip(&bytes, (size_t)n);
		} else if (errno == EPIPE || errno == ECONNRESET) {
			o->cut = true;
		} else if (errno == EAGAIN) {
			if (wait_for(o->fd, POLLOUT, o->deadline, err) < 0)
				return -1;
		} else if (errno != EINTR) {
			return err_sys(err, "send");
		}
	}
	return 0;
}

void
outside_end(struct outside *o)
{
	(void)shutdown(o->fd, SHUT_WR);
}

int
outside_recv(struct outside *o, char *bytes, size_t size, size_t *done,
    struct err *err)
{
	for (;;) {
		ssize_t n = recv(o->fd, bytes, size, MSG_DONTWAIT);

		if (n >= 0) {
			*done = (size_t)n;
			return 0;
		}
		if (errno == EAGAIN) {
			if (wait_for(o->fd, POLLIN, o->deadline, err) < 0)
				return -1;
		} else if (errno != EINTR) {
			return err_sys(err, "receive");
		}
	}
}
