#include "ipc/conn.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"
#include "net/connect.h"
#include "net/fdpass.h"
#include "net/wait.h"

/*
 * Most frames are short, and what is there when a session ends is wiped: a
 * buffer grows with the frames it gets.
 */
enum { READ_FIRST = 3072, KEEP = 65536 };

void
ipc_conn_init(struct ipc_conn *conn, int fd, int timeout_ms)
{
	*conn = (struct ipc_conn){ .fd = fd, .timeout = timeout_ms };
	buf_init(&conn->out, 0);
	buf_init(&conn->in, 0);
}

/* Everything half-done belongs to the old connection. */
static void
drop(struct ipc_conn *conn)
{
	if (conn->fd >= 0)
		(void)close(conn->fd);
	conn->fd = -1;
	ipc_fds_close(&conn->fds);
	buf_reset(&conn->out);
	buf_reset(&conn->in);
	conn->in_taken = 0;
}

void
ipc_conn_clear(struct ipc_conn *conn)
{
	drop(conn);
	buf_clear_secret(&conn->out);
	buf_clear_secret(&conn->in);
}

void
ipc_conn_notice_end(struct ipc_conn *conn)
{
	char byte;

	if (conn->fd >= 0 &&
	    recv(conn->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
		drop(conn);
}

int
ipc_conn_open(struct ipc_conn *conn, const char *path, struct err *err)
{
	if (conn->fd < 0)
		conn->fd = connect_unix(path, err);
	return conn->fd < 0 ? -1 : 0;
}

static int
lost(struct ipc_conn *conn, struct err *err, const char *what)
{
	err_sys(err, "ipc: %s", what);
	err->kind = ERR_TEMP;
	drop(conn);
	return -1;
}

static int
wait_for(struct ipc_conn *conn, short events, int64_t deadline, struct err *err)
{
	int ready = wait_ready(conn->fd, events, deadline);

	if (ready > 0)
		return 0;
	if (ready < 0)
		return lost(conn, err, "poll");
	drop(conn);
	return err_set(err, ERR_TEMP, "ipc: no answer in time");
}

static int64_t
deadline_of(const struct ipc_conn *conn)
{
	if (conn->timeout < 0)
		return -1;
	return time_mono() + (int64_t)conn->timeout * 1000;
}

static int
send_all(struct ipc_conn *conn, struct str bytes, const struct ipc_fds *fds,
    struct err *err)
{
	int64_t deadline = deadline_of(conn);
	int count = fds->count;

	while (bytes.len > 0) {
		ssize_t n =
		    fdpass_send(conn->fd, bytes.p, bytes.len, fds->fd, count);

		if (n > 0) {
			str_skip(&bytes, (size_t)n);
			count = 0; /* they went with the first byte */
		} else if (errno == EAGAIN) {
			if (wait_for(conn, POLLOUT, deadline, err) < 0)
				return -1;
		} else if (errno != EINTR) {
			return lost(conn, err, "send");
		}
	}
	return 0;
}

int
ipc_conn_send(struct ipc_conn *conn, const struct ipc_msg *msg, uint16_t tag,
    const void *in, struct err *err)
{
	struct ipc_fds fds = { .count = 0 };
	int ret;

	if (conn->fd < 0)
		return err_set(err, ERR_TEMP, "ipc: not connected");
	buf_reset(&conn->out);
	if (frame_write(&conn->out, &fds, msg, tag, in, err) < 0)
		return -1;
	ret = send_all(conn, buf_str(&conn->out), &fds, err);
	if (conn->out.cap > KEEP)
		buf_clear(&conn->out);
	return ret;
}

/* Read what is there once it is. 0, or -1 with the connection dropped. */
static int
read_more(struct ipc_conn *conn, int64_t deadline, struct err *err)
{
	struct str have = str_make(conn->in.p, conn->in.len);
	size_t want = frame_size(have);
	int fds[FDPASS_MAX], count;
	ssize_t n;
	char *room;

	want = want > have.len ? want - have.len : 0;
	if (want < READ_FIRST)
		want = READ_FIRST;
	room = buf_reserve(&conn->in, want);
	want = conn->in.cap - conn->in.len - 1; /* buf keeps one */
	do {
		if (wait_for(conn, POLLIN, deadline, err) < 0)
			return -1;
		n = fdpass_recv(conn->fd, room, want, fds, &count);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	if (n < 0)
		return lost(conn, err, "receive");
	if (n == 0) {
		bool between = have.len == 0;

		drop(conn);
		return err_set(err, between ? ERR_NOENT : ERR_TEMP,
		    "ipc: connection closed");
	}
	conn->in.len += (size_t)n;
	for (int i = 0; i < count; i++) {
		if (conn->fds.count < IPC_FDS_MAX)
			conn->fds.fd[conn->fds.count++] = fds[i];
		else
			(void)close(fds[i]);
	}
	return 0;
}

int
ipc_conn_recv(struct ipc_conn *conn, struct frame *frame, struct err *err)
{
	int64_t deadline = deadline_of(conn);

	if (conn->fd < 0)
		return err_set(err, ERR_TEMP, "ipc: not connected");
	buf_consume(&conn->in, conn->in_taken);
	conn->in_taken = 0;
	if (conn->in.len == 0 && conn->in.cap > 4 * KEEP)
		buf_clear(&conn->in);
	for (;;) {
		struct str in = buf_str(&conn->in);
		int got = frame_take(&in, frame, err);

		if (got < 0) {
			drop(conn);
			return -1;
		}
		if (got > 0) {
			conn->in_taken = conn->in.len - in.len;
			return 0;
		}
		if (read_more(conn, deadline, err) < 0)
			return -1;
	}
}

int
ipc_conn_call(struct ipc_conn *conn, const struct ipc_msg *req_msg,
    const void *req, const struct ipc_msg *resp_msg, void *resp,
    struct arena *arena, struct err *err)
{
	struct ipc_error error;
	struct frame frame;

	if (ipc_conn_send(conn, req_msg, ++conn->tag, req, err) < 0)
		return -1;
	if (ipc_conn_recv(conn, &frame, err) < 0) {
		if (err->kind == ERR_NOENT) /* no answer at all */
			err->kind = ERR_TEMP;
		return -1;
	}
	if (frame.tag != conn->tag) {
		drop(conn);
		return err_set(err, ERR_CORRUPT, "ipc: answer out of order");
	}
	if (frame.type == IPC_ERROR) {
		if (ipc_decode(&error, &ipc_error_msg, frame.payload,
			&conn->fds, arena, err) < 0)
			return -1;
		return ipc_error_to_err(&error, err);
	}
	if (frame.type != resp_msg->type) {
		drop(conn);
		return err_set(err, ERR_CORRUPT,
		    "ipc: %s: unexpected answer %u", req_msg->name, frame.type);
	}
	return ipc_decode(resp, resp_msg, frame.payload, &conn->fds, arena,
	    err);
}
