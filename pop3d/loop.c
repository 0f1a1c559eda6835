/*
 * loop - lines in, answers out, until there is nothing more to do here.
 */
#include <errno.h>
#include <poll.h>

#include "base/attr.h"
#include "base/time.h"
#include "net/line.h"
#include "pop3d/command.h"

enum wake { WAKE_CLIENT, WAKE_TIME, WAKE_STOP, WAKE_VOID, WAKE_TROUBLE };

/* What comes first: the client, that time, or an end. */
static enum wake
wait_until(struct command_session *session, int stop_fd, int64_t time)
{
	struct pollfd fds[] = {
		{ stream_fd(session->stream), POLLIN, 0 },
		{ stop_fd, POLLIN, 0 },
		{ session->front == NULL ? -1 : session->front->fd, POLLIN, 0 },
	};
	int ready;

	if (stream_flush(session->stream) < 0)
		return WAKE_TROUBLE;
	do
		ready = poll(fds, NELEMS(fds), time_left_ms(time));
	while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return WAKE_TROUBLE;
	if (fds[1].revents != 0)
		return WAKE_STOP;
	if (fds[2].revents != 0)
		return WAKE_VOID;
	return fds[0].revents != 0 ? WAKE_CLIENT : WAKE_TIME;
}

/* When the client is to have said something; after a wake-up, once, as set. */
static int64_t
take_deadline(struct command_session *session)
{
	int64_t deadline = session->deadline;

	session->deadline = 0;
	if (deadline != 0)
		return deadline;
	return time_mono() + (int64_t)session->conf->timeout * TIME_SECOND;
}

/* Bytes, in time; or false with the last word said, or the client given. */
static bool
wait_for_client(struct command_session *session, int stop_fd)
{
	const struct command_front *front = session->front;
	int64_t deadline = take_deadline(session);
	int64_t park =
	    time_mono() + (int64_t)session->conf->park_after * TIME_SECOND;
	enum wake wake = WAKE_TIME;

	if (front != NULL && park < deadline) {
		wake = wait_until(session, stop_fd, park);
		if (wake == WAKE_TIME &&
		    stream_peek(session->stream).len == 0 &&
		    front->park(front->ctx, deadline)) {
			session->parked = true;
			return false;
		}
	}
	if (wake == WAKE_TIME)
		wake = wait_until(session, stop_fd, deadline);
	switch (wake) {
	case WAKE_CLIENT:
		return true;
	case WAKE_TIME:
		stream_putz(session->stream, "-ERR " COMMAND_AUTOLOGOUT "\r\n");
		break;
	case WAKE_STOP:
		stream_putz(session->stream,
		    "-ERR [SYS/TEMP] Server is going down\r\n");
		break;
	case WAKE_VOID:
		stream_putz(session->stream,
		    "-ERR [AUTH] Login is no longer good\r\n");
		break;
	case WAKE_TROUBLE:
		break;
	}
	return false;
}

/* A line, or false: nothing more is to be read. *line dies with the next. */
static bool
next_line(struct command_session *session, int stop_fd, struct str *line)
{
	struct stream *stream = session->stream;

	for (;;) {
		struct str in = stream_peek(stream), left = in;
		enum line_result result =
		    line_take(&left, COMMAND_LINE_MAX, line);

		if (result == LINE_OK) {
			stream_skip(stream, in.len - left.len);
			return true;
		}
		if (result != LINE_MORE) {
			command_refuse(session,
			    result == LINE_LONG ? "Line too long" :
						  "Lines end with CRLF");
			return false;
		}
		if (!wait_for_client(session, stop_fd) ||
		    stream_fill(stream) < 0)
			return false;
	}
}

void
command_loop(struct command_session *session, int stop_fd)
{
	struct str line;

	while (next_line(session, stop_fd, &line)) {
		int before = session->errors;

		if (command_run(session, line) == COMMAND_QUIT)
			return;
		if (stream_state(session->stream) != STREAM_OK)
			return;
		if (session->errors == before)
			session->errors = 0;
		if (session->errors >= session->conf->max_errors) {
			stream_putz(session->stream,
			    "-ERR Too many wrong commands\r\n");
			return;
		}
	}
}
