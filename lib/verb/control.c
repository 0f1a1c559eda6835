#include "verb/control.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/fdpass.h"

/*
 * DIR may be longer than a socket's name: the name goes by way of the open
 * directory.
 */
static int
connect_control(const struct verb_env *env, struct err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(err, "socket");
	(void)snprintf(addr.sun_path, sizeof(addr.sun_path),
	    "/proc/self/fd/%d/run/control", env->dirfd);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	if (errno == ENOENT || errno == ECONNREFUSED)
		err_set(err, ERR_NOENT, "the server in %s is not running",
		    env->dir);
	else
		err_sys(err, "connect to the server in %s", env->dir);
	(void)close(fd);
	return -1;
}

/* The whole answer; a descriptor comes with its first byte. */
static int
read_answer(int sock, struct buf *answer, int *got, struct err *err)
{
	int fds[FDPASS_MAX], count = 0;
	char chunk[8192];
	ssize_t len;

	while (
	    (len = fdpass_recv(sock, chunk, sizeof(chunk), fds, &count)) > 0) {
		for (int i = 0; i < count; i++) {
			if (*got < 0)
				*got = fds[i];
			else
				(void)close(fds[i]);
		}
		if (buf_add(answer, chunk, (size_t)len) < 0)
			return err_set(err, ERR_LIMIT,
			    "the answer is too long");
	}
	if (len < 0 && errno != ECONNRESET)
		return err_sys(err, "read from master");
	return 0;
}

static int
take_status(struct str *answer, struct err *err)
{
	struct str line;

	if (!str_split(answer, '\n', &line) || line.len == 0)
		return err_set(err, ERR_TEMP, "master gave no answer");
	if (str_eqz(line, "ok"))
		return 0;
	if (!str_take_str(&line, STR("error ")))
		return err_set(err, ERR_CORRUPT, "master's answer is odd");
	return err_set(err, ERR_DENIED, "%" STR_F, STR_A(line));
}

int
control_ask(const struct verb_env *env, const char *request, struct buf *out,
    int *fd, struct err *err)
{
	int sock = connect_control(env, err), got = -1, ret = -1;
	char line[CONTROL_REQUEST_MAX];
	struct buf answer;
	struct str rest;
	int len;

	if (sock < 0)
		return -1;
	buf_init(&answer, CONTROL_ANSWER_MAX);
	len = snprintf(line, sizeof(line), "%s\n", request);
	if (len >= (int)sizeof(line)) {
		err_set(err, ERR_LIMIT, "request too long");
		goto out;
	}
	/* One who is refused may be answered before the question is read. */
	(void)send(sock, line, (size_t)len, MSG_NOSIGNAL);
	if (read_answer(sock, &answer, &got, err) < 0)
		goto out;
	rest = buf_str(&answer);
	ret = take_status(&rest, err);
	if (ret == 0 && out != NULL)
		(void)buf_add_str(out, rest);
	if (ret == 0 && fd != NULL) {
		*fd = got;
		got = -1;
	}
out:
	if (got >= 0)
		(void)close(got);
	buf_clear(&answer);
	(void)close(sock);
	return ret;
}

int
verb_connect(struct verb_call *call, const char *service, struct err *err)
{
	char request[CONTROL_REQUEST_MAX];
	int fd = -1;

	(void)snprintf(request, sizeof(request), "connect %s", service);
	if (control_ask(call->env, request, NULL, &fd, err) < 0)
		return -1;
	if (fd < 0)
		return err_set(err, ERR_TEMP, "master passed no connection");
	return fd;
}
